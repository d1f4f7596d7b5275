import CKernels
import Tensors

/// Kernels on tokens [B, N, C], plain, where N = H * W runs over the pixels of a map row by row.
public enum Tokens {
  /// [B, C, H, W] in any layout to [B, H * W, C].
  public static func from(map x: Tensor) -> Tensor {
    var map = x.map
    let y = Tensor(uninitialized: [x.shape[0], x.shape[2] * x.shape[3], x.shape[1]])
    Profiler.measure("layout") { jml_tokens_from_map(&map, x.pointer, y.pointer) }
    return y
  }

  /// [B, H * W, C] to [B, C, H, W] in `layout`.
  public static func map(_ x: Tensor, height: Int, width: Int, layout: Layout) -> Tensor {
    precondition(
      x.shape.rank == 3 && x.shape[1] == height * width, "tokens: \(x.shape) are not \(height) x \(width)")
    let y = Tensor(uninitialized: [x.shape[0], x.shape[2], height, width], layout: layout)
    var map = y.map
    Profiler.measure("layout") { jml_map_from_tokens(&map, x.pointer, y.pointer) }
    return y
  }

  /// a + factors[image] * b, or factors[image] * b. Equal shapes [B, ...].
  public static func addScaled(_ a: Tensor?, _ b: Tensor, factors: [Float]) -> Tensor {
    precondition(
      factors.count == b.shape[0] && (a == nil || a?.shape == b.shape),
      "add scaled: \(factors.count) factors, \(a?.shape.description ?? "nothing") and \(b.shape)")
    let y = Tensor(uninitialized: b.shape)
    Profiler.measure("add") {
      jml_add_scaled(
        b.shape[0], b.shape.count / b.shape[0], a?.pointer, b.pointer, factors, y.pointer)
    }
    return y
  }

  // MARK: GELU

  /// x * Phi(x), with the normal distribution function Phi (Hendrycks and Gimpel, 2016).
  public static func gelu(_ x: Tensor) -> Tensor {
    let y = Tensor(uninitialized: x.shape)
    Profiler.measure("gelu") { jml_gelu_forward(x.shape.count, x.pointer, y.pointer) }
    return y
  }

  /// dL/dx from the input of GELU.
  public static func geluBackward(_ gradient: Tensor, input: Tensor) -> Tensor {
    let dx = Tensor(uninitialized: input.shape)
    Profiler.measure("gelu") {
      jml_gelu_backward(input.shape.count, input.pointer, gradient.pointer, dx.pointer)
    }
    return dx
  }

  // MARK: Depthwise convolution

  /// Depthwise 3x3 with padding 1.
  ///
  /// - Parameters:
  ///   - x: [B, H * W, C].
  ///   - weight: [C, 1, 3, 3], plain.
  ///   - bias: [C].
  public static func depthwise(_ x: Tensor, height: Int, width: Int, weight: Tensor, bias: Tensor) -> Tensor {
    var m = tokenMap(x, height, width)
    let y = Tensor(uninitialized: x.shape)
    countDepthwise(x.shape)
    Profiler.measure("token depthwise") {
      jml_token_depthwise_forward(&m, x.pointer, weight.pointer, bias.pointer, y.pointer)
    }
    return y
  }

  /// dL/dx.
  public static func depthwiseBackwardData(_ gradient: Tensor, height: Int, width: Int, weight: Tensor)
    -> Tensor
  {
    var m = tokenMap(gradient, height, width)
    let dx = Tensor(uninitialized: gradient.shape)
    countDepthwise(gradient.shape)
    Profiler.measure("token depthwise") {
      jml_token_depthwise_backward_data(&m, gradient.pointer, weight.pointer, dx.pointer)
    }
    return dx
  }

  /// dL/dweight [C, 1, 3, 3] and dL/dbias [C].
  public static func depthwiseBackwardWeights(_ x: Tensor, _ gradient: Tensor, height: Int, width: Int) -> (
    weight: Tensor, bias: Tensor
  ) {
    var m = tokenMap(x, height, width)
    let dw = Tensor(uninitialized: [x.shape[2], 1, 3, 3])
    let db = Tensor(uninitialized: [x.shape[2]])
    countDepthwise(x.shape)
    Profiler.measure("token depthwise") {
      jml_token_depthwise_backward_weights(&m, x.pointer, gradient.pointer, dw.pointer, db.pointer)
    }
    return (dw, db)
  }

  /// One direction for the profiler: nine products an element; weights are too few to count.
  private static func countDepthwise(_ shape: Shape) {
    Profiler.count(multiplyAdds: 9 * shape.count, numbers: 2 * shape.count)
  }

  // MARK: Patches

  /// Non-overlapping size x size patches: [B, H * W, C] to [B, (H / size) * (W / size), size * size * C]. Pixels that
  /// fill no patch are dropped, as by a convolution without padding.
  public static func patches(_ x: Tensor, height: Int, width: Int, size: Int) -> Tensor {
    var m = tokenMap(x, height, width)
    let y = Tensor(
      uninitialized: [x.shape[0], (height / size) * (width / size), size * size * x.shape[2]])
    Profiler.measure("layout") { jml_token_patches(&m, size, x.pointer, y.pointer) }
    return y
  }

  /// dL/dx [B, H * W, C].
  public static func patchesBackward(_ gradient: Tensor, height: Int, width: Int, size: Int) -> Tensor {
    let dx = Tensor(
      uninitialized: [gradient.shape[0], height * width, gradient.shape[2] / (size * size)])
    var m = tokenMap(dx, height, width)
    Profiler.measure("layout") { jml_token_patches_backward(&m, size, gradient.pointer, dx.pointer) }
    return dx
  }

  private static func tokenMap(_ x: Tensor, _ height: Int, _ width: Int) -> jml_token_map {
    precondition(
      x.layout == .plain && x.shape.rank == 3 && x.shape[1] == height * width,
      "tokens: \(x.shape) are not \(height) x \(width)")
    return jml_token_map(batch: x.shape[0], height: height, width: width, channels: x.shape[2])
  }
}
