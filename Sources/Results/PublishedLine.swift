import Experiments
import Foundation

/// A line of `runs.jsonl`: a run's JSON whose first member is the checksum of all the other bytes.
enum PublishedLine {
  private static let head = Data("{\"checksum\":\"".utf8)
  private static let tail = Data("\",".utf8)
  /// Hexadecimal digits of a checksum.
  private static let digits = 16

  /// - Parameter json: a run's, with members, on one line.
  static func sealed(_ json: Data) -> Data {
    head + Data(checksum(json).utf8) + tail + json.dropFirst()
  }

  /// - Throws: `ResultsError.unreadableJSON`, `.damaged`; `place` is for their messages.
  static func run(_ line: Data, place: String, unsealed: Bool) throws -> PublishedRuns.Run {
    let line = Data(line)
    func damaged(_ reason: String) -> ResultsError { .damaged(path: place, reason: reason) }
    if line.starts(with: head), line.count > head.count + digits + tail.count {
      let stored = String(decoding: line.dropFirst(head.count).prefix(digits), as: UTF8.self)
      let json = Data("{".utf8) + line.dropFirst(head.count + digits + tail.count)
      let found = checksum(json)
      guard found == stored else {
        throw damaged("its values have the checksum \(found), and it says \(stored): it was changed")
      }
    } else if !unsealed {
      throw damaged("it has no checksum of its own; where its run lies, 'jml publish' writes one")
    }
    let run = try StoredJSON.decode(PublishedRuns.Run.self, from: line, name: place)
    if let reason = run.contradiction { throw damaged(reason) }
    return run
  }

  private static func checksum(_ json: Data) -> String {
    var sum = Checksum()
    json.withUnsafeBytes { sum.add($0) }
    return sum.text
  }
}

extension PublishedRuns.Run {
  /// A value that no run can have, in words.
  var contradiction: String? {
    let units = Dictionary(uniqueKeysWithValues: Metric.all.map { ($0.name, $0.unit) })
    for (point, values) in metrics.sorted(by: { $0.key < $1.key }) {
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        let most = units[name] == .perMille ? 1000.0 : 100.0
        guard (0...most).contains(value) else {
          return "\(point): \(name) is \(value); allowed: 0 to \(Int(most))"
        }
      }
    }
    let longest = StoredJSON.longestSeconds
    guard (0...longest).contains(seconds) else { return "seconds is \(seconds); allowed: 0 to \(longest)" }
    guard peakMemoryBytes >= 0 else { return "peak_memory_bytes is \(peakMemoryBytes); allowed: 0 or more" }
    guard threads >= 1 else { return "threads is \(threads); allowed: 1 or more" }
    return nil
  }
}
