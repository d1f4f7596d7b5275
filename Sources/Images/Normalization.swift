/// Shifts and scales 8-bit colours: (value - mean) / std, per channel.
public struct Normalization: Equatable, Sendable {
  /// Red, green, blue, on the 0...255 scale.
  public let mean: SIMD3<Float>
  /// Red, green, blue, on the 0...255 scale.
  public let std: SIMD3<Float>

  public init(mean: SIMD3<Float>, std: SIMD3<Float>) {
    precondition(std.min() > 0, "Normalization: std \(std) is not positive")
    self.mean = mean
    self.std = std
  }
}
