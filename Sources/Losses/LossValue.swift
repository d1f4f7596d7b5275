import Tensors

/// A loss of full-resolution logits.
public struct LossValue: Sendable {
  public let value: Double
  /// By the logits, [B, C, H, W], plain.
  public let gradient: Tensor

  public init(value: Double, gradient: Tensor) {
    self.value = value
    self.gradient = gradient
  }
}
