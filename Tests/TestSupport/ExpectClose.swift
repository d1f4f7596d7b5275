import Testing

/// Passes when |actual - expected| <= absolute + relative * |expected| everywhere and no value is NaN.
/// A failure names the worst index with both values.
public func expectClose(
  actual: [Float], expected: [Float], tolerance absolute: Float, relative: Float = 0, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    actual: actual.map(Double.init), expected: expected.map(Double.init), tolerance: Double(absolute),
    relative: Double(relative), what, sourceLocation: sourceLocation)
}

public func expectClose(
  actual: [Double], expected: [Double], tolerance absolute: Double, relative: Double = 0, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(what): \(actual.count) values, expected \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  var worst: (index: Int, excess: Double)?
  var outside = 0
  for index in actual.indices where actual[index] != expected[index] {
    let excess = abs(actual[index] - expected[index]) - (absolute + relative * abs(expected[index]))
    guard !(excess <= 0) else { continue }
    outside += 1
    // A NaN beats every number.
    let severity = excess.isNaN ? Double.infinity : excess
    if severity > (worst?.excess ?? -1) { worst = (index, severity) }
  }
  guard let worst else { return }
  Issue.record(
    """
    \(what): \(outside) of \(actual.count) values outside \(absolute) + \(relative) * |expected|; worst at \
    \(worst.index): \(actual[worst.index]), expected \(expected[worst.index])
    """, sourceLocation: sourceLocation)
}

/// The scalar form.
public func expectClose(
  _ actual: Double, _ expected: Double, tolerance absolute: Double, relative: Double = 0, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    actual: [actual], expected: [expected], tolerance: absolute, relative: relative, what,
    sourceLocation: sourceLocation)
}

/// The largest |actual - expected|, for reports.
public func worstDeviation(actual: [Float], expected: [Float]) -> Float {
  precondition(actual.count == expected.count, "worstDeviation: \(actual.count) against \(expected.count) values")
  return zip(actual, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
