import CKernels
import Tensors

/// What a normalisation, an addition or nothing is followed by.
public enum Activation: String, Sendable {
  case none
  case relu
  /// min(max(x, 0), 6): MobileNetV2 (Sandler et al., CVPR 2018).
  case relu6

  var code: Int32 {
    switch self {
    case .none: return Int32(jml_activation_none)
    case .relu: return Int32(jml_activation_relu)
    case .relu6: return Int32(jml_activation_relu6)
    }
  }
}

/// Batch normalisation over (B, H, W) of [B, C, H, W] (Ioffe and Szegedy, ICML 2015), followed by an activation.
public enum BatchNormalization {
  /// What the backward pass needs from a training forward pass.
  public struct Saved: Sendable {
    /// [C]
    public let mean: Tensor
    /// [C], biased (divided by n).
    public let variance: Tensor
  }

  /// - Parameters:
  ///   - x: [B, C, H, W].
  ///   - scale: [C].
  ///   - shift: [C].
  /// - Returns: y [B, C, H, W] and the batch statistics.
  public static func forward(
    _ x: Tensor, scale: Tensor, shift: Tensor, epsilon: Float, activation: Activation
  ) -> (y: Tensor, saved: Saved) {
    check("batch norm", x, scale)
    var map = x.map
    let y = Tensor(uninitialized: x.shape, layout: x.layout)
    let mean = Tensor(uninitialized: scale.shape)
    let variance = Tensor(uninitialized: scale.shape)
    KernelRuntime.run("batch norm forward", "batch norm of \(x.shape)") {
      jml_norm_forward(
        &map, epsilon, activation.code, x.pointer, scale.pointer, shift.pointer, mean.pointer,
        variance.pointer,
        y.pointer)
    }
    return (y, Saved(mean: mean, variance: variance))
  }

  /// Evaluation: normalises by the running statistics.
  public static func inference(
    _ x: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, epsilon: Float,
    activation: Activation
  ) -> Tensor {
    check("batch norm inference", x, scale)
    var map = x.map
    let y = Tensor(uninitialized: x.shape, layout: x.layout)
    KernelRuntime.run("batch norm forward", "batch norm inference of \(x.shape)") {
      jml_norm_inference(
        &map, epsilon, activation.code, x.pointer, scale.pointer, shift.pointer, mean.pointer,
        variance.pointer,
        y.pointer)
    }
    return y
  }

  /// - Returns: gradients by x [B, C, H, W], scale [C] and shift [C].
  public static func backward(
    _ gradient: Tensor, x: Tensor, scale: Tensor, shift: Tensor, saved: Saved, epsilon: Float,
    activation: Activation
  ) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    precondition(gradient.shape == x.shape, "batch norm backward: \(gradient.shape) is not \(x.shape)")
    var map = x.map
    let dx = Tensor(uninitialized: x.shape, layout: x.layout)
    let dscale = Tensor(uninitialized: scale.shape)
    let dshift = Tensor(uninitialized: scale.shape)
    KernelRuntime.run("batch norm backward", "batch norm backward of \(x.shape)") {
      jml_norm_backward(
        &map, epsilon, activation.code, x.pointer, scale.pointer, shift.pointer,
        saved.mean.pointer, saved.variance.pointer, gradient.pointer, dx.pointer,
        dscale.pointer, dshift.pointer)
    }
    return (dx, dscale, dshift)
  }

  static func check(_ operation: String, _ x: Tensor, _ scale: Tensor) {
    precondition(
      x.shape.rank == 4 && scale.shape == [x.shape[1]] && x.layout.block > 0,
      "\(operation): scale \(scale.shape) does not fit input \(x.shape) (\(x.layout))")
  }
}
