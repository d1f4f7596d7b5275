import JSON

/// An interval of numbers, with its own wording for errors.
public struct NumberRange: Sendable, Equatable {
  public let lower: Double
  public let upper: Double
  public let lowerIncluded: Bool
  public let upperIncluded: Bool

  /// lower <= x <= upper
  public static func closed(_ lower: Double, _ upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, lowerIncluded: true, upperIncluded: true)
  }

  /// lower < x <= upper
  public static func above(_ lower: Double, upTo upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, lowerIncluded: false, upperIncluded: true)
  }

  /// lower <= x < upper
  public static func from(_ lower: Double, below upper: Double) -> NumberRange {
    NumberRange(lower: lower, upper: upper, lowerIncluded: true, upperIncluded: false)
  }

  public func contains(_ value: Double) -> Bool {
    (lowerIncluded ? value >= lower : value > lower) && (upperIncluded ? value <= upper : value < upper)
  }

  public var text: String {
    let low = "\(CanonicalNumber.text(lower)) \(lowerIncluded ? "<=" : "<")"
    return "a number, \(low) x \(upperIncluded ? "<=" : "<") \(CanonicalNumber.text(upper))"
  }
}
