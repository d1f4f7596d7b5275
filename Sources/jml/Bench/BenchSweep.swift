import ArgumentParser
import Benchmarks
import Experiments
import Foundation
import Runner
import Synchronization

/// The same benchmark with several values of one option: how it scales with batch, size or threads.
struct BenchSweep {
  let option: String
  let values: [String]

  /// - Parameter text: `batch=2,4,8`.
  init(_ text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    values = parts.count == 2 ? parts[1].split(separator: ",").map(String.init) : []
    option = parts[0]
    guard !option.isEmpty, !values.isEmpty, !["sweep", "json"].contains(option) else {
      throw ValidationError("--sweep \(text): an option and its values, such as batch=2,4,8")
    }
  }

  /// Runs this program once for each value, so that no point finds the caches or the memory of another.
  func run(json: Bool) throws {
    var points: [(value: String, result: [String: Any])] = []
    for value in values {
      Console.say("\(option) \(value)")
      let lines = Mutex<[String]>([])
      let child = try Subprocess(
        [ProjectLocation.executable.path] + arguments(value),
        onOutput: { line in
          lines.withLock { $0.append(line) }
        }, onError: { Console.raw($0 + "\n") }, endsWithParent: true)
      let end = child.wait()
      let output = Data(lines.withLock { $0.joined(separator: "\n") }.utf8)
      guard end == .exited(0), let result = try JSONSerialization.jsonObject(with: output) as? [String: Any]
      else {
        throw ExitCode(end.exitCode)
      }
      points.append((value, result))
    }
    if json {
      let document: [String: Any] = [
        "sweep": option, "points": points.map { ["value": $0.value, "result": $0.result] as [String: Any] },
      ]
      let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let data = try JSONSerialization.data(withJSONObject: document, options: options)
      Console.out(String(decoding: data, as: UTF8.self) + "\n")
    } else {
      Console.out(Console.columns([[option, "time", "of the first", "GFLOP/s", "memory"]] + points.map(row)))
    }

    func row(_ point: (value: String, result: [String: Any])) -> [String] {
      let seconds = point.result["seconds_per_step"] as? Double ?? .nan
      let first = points[0].result["seconds_per_step"] as? Double ?? .nan
      let rate = (point.result["gflops"] as? Double).map { String(Int($0.rounded())) } ?? "-"
      let memory = point.result["peak_memory_bytes"] as? Int ?? 0
      return [
        point.value, BenchOptions.text(seconds), String(format: "%.2f", seconds / first), rate,
        "\(memory >> 20) MiB",
      ]
    }
  }

  /// This process's arguments with the option replaced.
  private func arguments(_ value: String) -> [String] {
    var kept: [String] = []
    var skipsNext = false
    for argument in CommandLine.arguments.dropFirst() {
      if skipsNext {
        skipsNext = false
      } else if ["--sweep", "--\(option)"].contains(argument) {
        skipsNext = true
      } else if argument != "--json", !argument.hasPrefix("--sweep="), !argument.hasPrefix("--\(option)=") {
        kept.append(argument)
      }
    }
    return kept + ["--\(option)=\(value)", "--json"]
  }
}
