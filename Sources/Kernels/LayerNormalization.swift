import CKernels
import Tensors

/// Layer normalisation over the last axis (Ba et al., 2016).
public enum LayerNormalization {
  /// What the backward pass needs.
  public struct Saved: Sendable {
    let mean: Tensor
    let inverse: Tensor
  }

  /// - Parameters:
  ///   - x: [..., C].
  ///   - scale: [C].
  ///   - shift: [C].
  public static func forward(_ x: Tensor, scale: Tensor, shift: Tensor, epsilon: Float) -> (
    y: Tensor, saved: Saved
  ) {
    precondition(
      x.layout == .plain && scale.shape == [x.shape[x.shape.rank - 1]],
      "layer norm: scale \(scale.shape) does not fit input \(x.shape)")
    let rows = x.shape.count / scale.shape.count
    let y = Tensor(uninitialized: x.shape)
    let saved = Saved(mean: Tensor(uninitialized: [rows]), inverse: Tensor(uninitialized: [rows]))
    Profiler.measure("layer norm forward") {
      jml_layer_norm_forward(
        rows, scale.shape.count, epsilon, x.pointer, scale.pointer, shift.pointer, saved.mean.pointer,
        saved.inverse.pointer, y.pointer)
    }
    return (y, saved)
  }

  /// - Returns: gradients by x, scale and shift.
  public static func backward(_ gradient: Tensor, x: Tensor, scale: Tensor, saved: Saved) -> (
    x: Tensor, scale: Tensor, shift: Tensor
  ) {
    let dx = Tensor(uninitialized: x.shape)
    let dscale = Tensor(uninitialized: scale.shape)
    let dshift = Tensor(uninitialized: scale.shape)
    Profiler.measure("layer norm backward") {
      jml_layer_norm_backward(
        x.shape.count / scale.shape.count, scale.shape.count, x.pointer, scale.pointer, saved.mean.pointer,
        saved.inverse.pointer, gradient.pointer, dx.pointer, dscale.pointer, dshift.pointer)
    }
    return (dx, dscale, dshift)
  }
}
