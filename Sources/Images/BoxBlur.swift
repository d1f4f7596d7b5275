import CImageCodec

/// The box whose average, taken three times, comes near a Gaussian: Gwosdek et al., "Theoretical foundations of
/// Gaussian convolution by extended box filtering" (2011), in the precisions in which Pillow computes it.
enum BoxBlur {
  /// - Parameter sigma: pixels, above 0.
  static func box(sigma: Float) -> jml_box {
    let variance = sigma * sigma / 3
    let length = Float((12 * Double(variance) + 1).squareRoot())
    let whole = Float(((Double(length) - 1) / 2).rounded(.down))
    var fraction = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
    fraction /= 6 * (variance - (whole + 1) * (whole + 1))
    let radius = whole + fraction
    let cells = Int32(radius)
    let weight = UInt32(Float(1 << 24) / (radius * 2 + 1))
    let rest = UInt32(1 << 24) - UInt32(2 * cells + 1) * weight
    return jml_box(radius: cells, whole: weight, fraction: rest / 2)
  }
}
