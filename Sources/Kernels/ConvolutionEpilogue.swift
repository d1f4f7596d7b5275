import CKernels
import Tensors

/// What a convolution does to its own output while that is in the cache: batch norm by stored statistics, its activation and,
/// where a residual block ends, the sum with the shortcut.
///
/// The bits are those of `BatchNormalization.inference` and `Elementwise.add` after the convolution.
public struct ConvolutionEpilogue: Sendable {
  /// What is added behind the norm's activation.
  public struct Residual: Sendable {
    /// In the shape and layout of the output, [B, out, H', W'].
    public let map: Tensor
    /// Of the sum.
    public let activation: Activation

    public init(_ map: Tensor, activation: Activation) {
      self.map = map
      self.activation = activation
    }
  }

  /// [out]
  public let scale: Tensor
  /// [out]
  public let shift: Tensor
  /// [out]
  public let mean: Tensor
  /// [out]
  public let variance: Tensor
  public let epsilon: Float
  /// Of the norm.
  public let activation: Activation
  public let residual: Residual?

  public init(
    scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: Float, activation: Activation,
    residual: Residual? = nil
  ) {
    self.scale = scale
    self.shift = shift
    self.mean = mean
    self.variance = variance
    self.epsilon = epsilon
    self.activation = activation
    self.residual = residual
  }

  func check(_ y: Tensor) {
    for statistic in [scale, shift, mean, variance] {
      precondition(
        statistic.shape == [y.shape[1]] && statistic.layout == .plain,
        "ConvolutionEpilogue: \(statistic.shape) (\(statistic.layout)) does not fit the output \(y.shape)")
    }
    if let map = residual?.map {
      precondition(
        map.shape == y.shape && map.layout == y.layout,
        "ConvolutionEpilogue: \(map.shape) (\(map.layout)) cannot be added to \(y.shape) (\(y.layout))")
    }
  }
}

extension Optional<ConvolutionEpilogue> {
  /// Calls `body` with the epilogue for C; null for nil.
  func withDescriptor<Result>(_ body: (UnsafePointer<jml_epilogue>?) -> Result) -> Result {
    guard let self else { return body(nil) }
    return withExtendedLifetime(self) {
      var descriptor = jml_epilogue()
      descriptor.scale = UnsafePointer(self.scale.pointer)
      descriptor.shift = UnsafePointer(self.shift.pointer)
      descriptor.mean = UnsafePointer(self.mean.pointer)
      descriptor.variance = UnsafePointer(self.variance.pointer)
      descriptor.epsilon = self.epsilon
      descriptor.activation = self.activation.code
      if let residual = self.residual {
        descriptor.residual = UnsafePointer(residual.map.pointer)
        descriptor.residual_activation = residual.activation.code
      }
      return withUnsafePointer(to: descriptor, body)
    }
  }
}
