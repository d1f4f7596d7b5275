import Foundation

/// Numbers as tables print them.
public enum NumberText {
  /// Two decimals, as the paper prints. `String(format:)` without a locale always writes a point.
  public static func fixed(_ value: Double) -> String { String(format: "%.2f", value) }

  public static func signed(_ value: Double) -> String { String(format: "%+.2f", value) }

  /// `1 run`, `2 runs`.
  public static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// Mean, deviation and n of a cell; the deviation of one value is not shown.
  public static func text(
    _ aggregate: Aggregate, planned: Int, signed isSigned: Bool = false, mark: (String) -> String = { $0 }
  )
    -> String
  {
    let n = aggregate.count == planned ? "n=\(planned)" : "n=\(aggregate.count) of \(planned)"
    let deviation = aggregate.count > 1 ? " ± \(fixed(aggregate.std))" : ""
    return mark(isSigned ? signed(aggregate.mean) : fixed(aggregate.mean)) + deviation + " (\(n))"
  }
}

/// `value` in units of `unit`, cut after two decimals as the paper cuts.
public func truncated(_ value: Int, unit: Int) -> String {
  let hundredths = value / (unit / 100)
  let rest = hundredths % 100
  return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
}
