/// A number of the paper: its value, and its text with trailing zeros as printed.
public struct PrintedNumber: Equatable, Sendable {
  public let text: String
  public let value: Double
}
