/// What a reliability diagram draws: accuracy against confidence, bin by bin, pooled over images.
public struct ReliabilityDiagram: Equatable, Sendable {
  public struct Bin: Equatable, Sendable {
    /// Edges of confidence, 0...1; the upper one belongs to the next bin, except 1.
    public let lower: Double
    public let upper: Double
    public let pixels: Int64
    /// Means over the bin's pixels, 0...1; nil without pixels.
    public let confidence: Double?
    public let accuracy: Double?
  }

  public let bins: [Bin]

  public init(_ calibration: CalibrationBins) {
    let width = CalibrationBins.bins
    bins = (0..<width).map { bin in
      var (count, correct): (Int64, Int64) = (0, 0)
      var confidence = 0.0
      for index in stride(from: bin, to: calibration.images * width, by: width) {
        count += calibration.count[index]
        correct += calibration.correct[index]
        confidence += calibration.confidence[index]
      }
      return Bin(
        lower: Double(bin) / Double(width), upper: Double(bin + 1) / Double(width), pixels: count,
        confidence: count > 0 ? confidence / Double(count) : nil,
        accuracy: count > 0 ? Double(correct) / Double(count) : nil)
    }
  }
}
