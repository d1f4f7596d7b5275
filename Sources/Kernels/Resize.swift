import CKernels
import Tensors

/// Bilinear resize of [B, C, H, W] with half-pixel centres (align_corners = false).
public enum Resize {
  public static func forward(_ x: Tensor, height: Int, width: Int) -> Tensor {
    if x.shape[2] == height && x.shape[3] == width { return x }
    let y = Tensor(uninitialized: [x.shape[0], x.shape[1], height, width], layout: x.layout)
    var from = x.map
    var to = y.map
    Profiler.measure("resize") { jml_resize_forward(&from, &to, x.pointer, y.pointer) }
    return y
  }

  /// y += x, resized to the size of y, with the bits of `forward` and `Elementwise.add`. Both blocked alike.
  public static func add(_ x: Tensor, to y: Tensor) {
    precondition(
      x.layout == y.layout && x.layout.block > 0 && x.shape[0] == y.shape[0] && x.shape[1] == y.shape[1],
      "resize of \(x.shape) (\(x.layout)) is not added to \(y.shape) (\(y.layout))")
    var from = x.map
    var to = y.map
    Profiler.measure("resize") { jml_resize_add(&from, &to, x.pointer, y.pointer) }
  }

  /// dL/dx for x of `shape`: the transpose of the interpolation.
  public static func backward(_ gradient: Tensor, shape: Shape) -> Tensor {
    if gradient.shape == shape { return gradient }
    let dx = Tensor(uninitialized: shape, layout: gradient.layout)
    var from = dx.map
    var to = gradient.map
    Profiler.measure("resize") { jml_resize_backward(&from, &to, gradient.pointer, dx.pointer) }
    return dx
  }
}
