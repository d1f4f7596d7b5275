/// A limit of time as Slurm takes and prints it: whole minutes.
public struct SlurmTime: Comparable, Hashable, Sendable, CustomStringConvertible {
  public var minutes: Int

  /// - Parameter minutes: at least 1.
  public init(minutes: Int) {
    precondition(minutes > 0, "SlurmTime: \(minutes) minutes")
    self.minutes = minutes
  }

  /// `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`, `days-hours:minutes` or
  /// `days-hours:minutes:seconds`; seconds count up to the next minute. nil for anything else, for no time at all, and for more
  /// than a thousand days.
  public init?(_ text: String) {
    func numbers(_ text: Substring) -> [Int]? {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      let values = parts.compactMap { part in
        part.allSatisfy { ("0"..."9").contains($0) } && part.count <= 7 ? Int(part) : nil
      }
      return values.count == parts.count ? values : nil
    }
    let halves = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = halves.first, let last = halves.last, let clock = numbers(last) else { return nil }
    let seconds: Int
    if halves.count == 2 {
      guard let days = numbers(first), days.count == 1, clock.count <= 3 else { return nil }
      seconds = days[0] * 86400 + zip(clock, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
    } else {
      switch clock.count {
      case 1: seconds = clock[0] * 60
      case 2: seconds = clock[0] * 60 + clock[1]
      case 3: seconds = clock[0] * 3600 + clock[1] * 60 + clock[2]
      default: return nil
      }
    }
    guard seconds > 0, seconds <= 1000 * 86400 else { return nil }
    minutes = (seconds + 59) / 60
  }

  public static func < (first: SlurmTime, second: SlurmTime) -> Bool { first.minutes < second.minutes }

  /// `days-hh:mm:00`, without days where there are none.
  public var description: String {
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (days, rest) = minutes.quotientAndRemainder(dividingBy: 1440)
    let clock = "\(two(rest / 60)):\(two(rest % 60)):00"
    return days > 0 ? "\(days)-\(clock)" : clock
  }
}
