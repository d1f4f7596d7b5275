import Foundation
import JSON
import Synchronization

/// When this process came how far on its way to the first training step, for `jml bench start`. Always noted, since reading
/// a clock costs nothing beside any of them; said when somebody asks.
public enum StartMoments {
  public enum Moment: String, CaseIterable, Sendable {
    /// Program and libraries are loaded.
    case main
    /// What is to be trained is known, and on which data.
    case data
    /// Network and optimiser are there, and a checkpoint was looked for.
    case network
    /// The first batch is there.
    case batch
    /// The first step is done.
    case step
  }

  private static let noted = Mutex<[Moment: Double]>([:])

  /// Seconds of the system's clock that nobody sets: the same for all its processes.
  public static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Of each moment, the first time counts.
  public static func note(_ moment: Moment) {
    noted.withLock { noted in
      if noted[moment] == nil { noted[moment] = now }
    }
  }

  private static let key = "moments"

  /// What has been noted, a JSON object in one line.
  public static var line: String {
    let members = noted.withLock { $0 }.map { ($0.key.rawValue, JSONValue.number($0.value)) }
    return JSONValue.object([key: .object(Dictionary(uniqueKeysWithValues: members))]).canonical
  }

  /// What another process has noted, from its `line`; nil for any other line.
  public static func read(_ line: String) -> [Moment: Double]? {
    guard let members = (try? JSONValue(parsing: line))?[key] else { return nil }
    var moments: [Moment: Double] = [:]
    for moment in Moment.allCases { moments[moment] = members[moment.rawValue]?.double }
    return moments
  }
}
