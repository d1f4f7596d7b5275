/// Mean and deviation of one number over the runs of a cell.
///
/// The deviation is the population one (divided by n): the paper does not name it, and it is the one that
/// reproduces the deviations which Table 14 prints beside the five values they belong to.
public struct Aggregate: Equatable, Sendable {
  public let mean: Double
  public let std: Double
  public let values: [Double]

  public var count: Int { values.count }

  /// - Parameter values: finite, in the order of the runs.
  /// - Returns: nil for no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    self.mean = mean
    self.std = variance.squareRoot()
    self.values = values
  }
}
