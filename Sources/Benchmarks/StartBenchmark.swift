import Experiments
import Foundation
import JSON
import Methods
import Runner
import Synchronization

/// Times what a user waits for after typing `jml train`: from the start of the process to the end of its first step. Each
/// repeat is a process of its own that begins the run anew, on data that has been checked before.
public struct StartBenchmark: Sendable {
  /// What is trained: needs no other run.
  public let spec: RunSpec
  /// Program and arguments but for the run, the results and the threads: `jml train --profile mini`.
  public let command: [String]
  /// Empty, or made by this benchmark.
  public let folder: URL

  /// - Parameters:
  ///   - spec: a run of a plan. Where it starts from a trained backbone, it starts from random values instead.
  ///   - folder: for the frozen run and results; removed by the caller.
  /// - Throws: `RegistryError`.
  public init(_ spec: RunSpec, command: [String], folder: URL) throws {
    self.spec = try StartBenchmark.fromRandomValues(spec)
    self.command = command
    self.folder = folder
  }

  private static func fromRandomValues(_ spec: RunSpec) throws -> RunSpec {
    guard case .object(var members) = spec.json, case .object(var model) = members["model"] else {
      return spec
    }
    model["weights"] = .string(ModelSpec.InitialWeights.random.rawValue)
    (members["model"], members["inputs"]) = (.object(model), .object([:]))
    return try RunSpec(
      json: JSONValue.object(members).canonical, source: spec.id.text, methods: MethodTypes.all.catalogue)
  }

  /// - Throws: `BenchmarkError.noFirstStep`, `RunnerError.cannotStart`; what freezing the run throws.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let frozen = try FrozenSpec.write(spec, to: folder.appendingPathComponent("specs"))
    var phases: [StartPhases] = []
    var peak = 0
    for index in 0..<repeats.warmUp + repeats.count {
      let (found, memory) = try process(frozen, threads: repeats.threads)
      repeats.progress(index + 1, found.seconds)
      guard index >= repeats.warmUp else { continue }
      phases.append(found)
      peak = max(peak, memory)
    }
    return BenchmarkReport(
      "start",
      settings: [
        ("run", .string(spec.id.text)), ("model", .string(spec.model.name)),
        ("profile", .string(spec.scale.profile)), ("batch", .int(spec.scale.batch)),
        ("crop", .string("\(spec.scale.cropHeight)x\(spec.scale.cropWidth)")),
      ], times: Measurement(seconds: phases.map(\.seconds)),
      work: WorkByKind(seconds: StartPhases.means(phases)),
      threads: repeats.threads, peakMemoryBytes: peak)
  }

  /// One process, from its start to its end, which comes soon after the first step.
  private func process(_ frozen: URL, threads: Int) throws -> (phases: StartPhases, memory: Int) {
    let results = folder.appendingPathComponent("results")
    // The checks of the data stay, and the run begins anew.
    let runs = results.appendingPathComponent("\(spec.scale.profile)/runs")
    if FileManager.default.fileExists(atPath: runs.path) { try FileManager.default.removeItem(at: runs) }
    let arguments =
      command + [
        "--spec", frozen.path, "--results", results.path, "--threads", String(threads), "--json", "--moments",
      ]
    let moments = Mutex<[StartMoments.Moment: Double]?>(nil)
    let complaint = Mutex<String?>(nil)
    let start = StartMoments.now
    let child = try Subprocess(
      arguments,
      onOutput: { line in
        if let read = StartMoments.read(line) { moments.withLock { $0 = read } }
      },
      onError: { line in
        if !line.isEmpty { complaint.withLock { $0 = line } }
      }, endsWithParent: true)
    let end = child.wait()
    guard let moments = moments.withLock({ $0 }), let phases = StartPhases(start: start, moments: moments)
    else {
      throw BenchmarkError.noFirstStep(
        command: arguments.joined(separator: " "), reason: complaint.withLock { $0 } ?? "\(end)")
    }
    return (phases, child.peakMemoryBytes)
  }
}
