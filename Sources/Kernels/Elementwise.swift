import CKernels
import Tensors

/// Element-wise kernels on [B, C, H, W] activations.
public enum Elementwise {
  /// y = activation(x).
  public static func activate(_ x: Tensor, _ activation: Activation) -> Tensor {
    guard activation != .none else { return x }
    var map = x.map
    let y = Tensor(uninitialized: x.shape, layout: x.layout)
    KernelRuntime.run("activation", "activation of \(x.shape)") {
      jml_activation_forward(&map, activation.code, x.pointer, y.pointer)
    }
    return y
  }

  /// dL/dx from the activation's output y and dL/dy: passed where y is not clamped.
  public static func activateBackward(_ gradient: Tensor, output: Tensor, _ activation: Activation) -> Tensor
  {
    guard activation != .none else { return gradient }
    var map = output.map
    let dx = Tensor(uninitialized: output.shape, layout: output.layout)
    KernelRuntime.run("activation", "activation backward of \(output.shape)") {
      jml_activation_backward(&map, activation.code, output.pointer, gradient.pointer, dx.pointer)
    }
    return dx
  }

  /// activation(a + b) for equal shapes.
  public static func add(_ a: Tensor, _ b: Tensor, activation: Activation) -> Tensor {
    precondition(a.shape == b.shape && a.layout == b.layout, "add: \(a.shape) and \(b.shape) differ")
    var map = a.shape.rank == 4 ? a.map : a.flatMap
    let y = Tensor(uninitialized: a.shape, layout: a.layout)
    KernelRuntime.run("add", "add of \(a.shape)") {
      jml_add(&map, activation.code, a.pointer, b.pointer, y.pointer)
    }
    return y
  }

  /// a + b, all that is stored, of equal shapes in one layout of any kind: gradients of a weight.
  public static func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
    precondition(
      a.shape == b.shape && a.layout == b.layout,
      "sum: \(a.shape) (\(a.layout)) and \(b.shape) (\(b.layout)) differ")
    let y = Tensor(uninitialized: a.shape, layout: a.layout)
    Profiler.measure("add") {
      withExtendedLifetime((a, b)) { jml_sum(a.pointer, b.pointer, y.pointer, y.elementCount) }
    }
    return y
  }

  /// Every channel plane times its own factor, [B, C] row-major.
  public static func scaleChannels(_ x: Tensor, factors: [Float]) -> Tensor {
    precondition(
      factors.count == x.shape[0] * x.shape[1], "scaleChannels: \(factors.count) factors for \(x.shape)")
    var map = x.map
    let y = Tensor(uninitialized: x.shape, layout: x.layout)
    KernelRuntime.run("dropout", "scaleChannels of \(x.shape)") {
      jml_scale_channels(&map, factors, x.pointer, y.pointer)
    }
    return y
  }

  /// Softmax over the channels of [B, C, H, W].
  public static func softmax(_ x: Tensor) -> Tensor {
    var map = x.map
    let y = Tensor(uninitialized: x.shape, layout: x.layout)
    KernelRuntime.run("softmax", "softmax of \(x.shape)") {
      jml_softmax_forward(&map, x.pointer, y.pointer)
    }
    return y
  }

  /// dL/dx of softmax from its output.
  public static func softmaxBackward(_ gradient: Tensor, output: Tensor) -> Tensor {
    var map = output.map
    let dx = Tensor(uninitialized: output.shape, layout: output.layout)
    KernelRuntime.run("softmax", "softmax backward of \(output.shape)") {
      jml_softmax_backward(&map, output.pointer, gradient.pointer, dx.pointer)
    }
    return dx
  }
}

extension Elementwise {
  /// y = x > 0 ? x : slope * x, in any layout; slope > 0.
  public static func leaky(_ x: Tensor, slope: Float) -> Tensor {
    let y = Tensor(uninitialized: x.shape, layout: x.layout)
    Profiler.measure("activation") { jml_leaky_forward(x.elementCount, slope, x.pointer, y.pointer) }
    return y
  }

  /// dL/dx from the output, which has the input's sign.
  public static func leakyBackward(_ gradient: Tensor, output: Tensor, slope: Float) -> Tensor {
    let dx = Tensor(uninitialized: output.shape, layout: output.layout)
    Profiler.measure("activation") {
      jml_leaky_backward(output.elementCount, slope, output.pointer, gradient.pointer, dx.pointer)
    }
    return dx
  }
}
