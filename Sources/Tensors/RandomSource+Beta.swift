extension RandomSource {
  /// Beta(a, b) for whole a, b: the a-th smallest of a + b - 1 uniform numbers, all of which are drawn.
  public mutating func beta(_ a: Int, _ b: Int) -> Double {
    precondition(a > 0 && b > 0, "RandomSource.beta: \(a), \(b) are not positive")
    var numbers: [Double] = []
    for _ in 0..<a + b - 1 { numbers.append(uniform()) }
    return numbers.sorted()[a - 1]
  }
}
