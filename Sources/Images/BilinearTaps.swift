/// One axis of a bilinear resize: for each wanted target index, two source indices and the weight of the
/// second.
///
/// Half-pixel centres and no antialiasing, as OpenCV's INTER_LINEAR: target index t lies at
/// (t + 0.5) * step - 0.5, clamped to the image.
struct BilinearTaps {
  private(set) var low: [Int] = []
  private(set) var high: [Int] = []
  private(set) var weight: [Float] = []

  /// - Parameters:
  ///   - source: extent of the image, pixels.
  ///   - step: source pixels for each target pixel.
  init(source: Int, step: Double, indices: some Sequence<Int>) {
    for index in indices {
      let position = min(max((Double(index) + 0.5) * step - 0.5, 0), Double(source - 1))
      let first = Int(position)
      low.append(first)
      high.append(min(first + 1, source - 1))
      weight.append(Float(position - Double(first)))
    }
  }
}
