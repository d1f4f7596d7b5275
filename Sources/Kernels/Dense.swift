import CKernels
import Tensors

/// Dense layers on tokens: y = x * weight^T + bias over the last axis of x.
///
/// A convolution whose stride equals its window is the same product on patches, so that weights of shape
/// [out, in, k, k] in the `hwio` layout count as [out, k * k * in].
///
/// `precision` is one that this CPU has; in bfloat16 the operands of all three products are rounded where both numbers of
/// channels are multiples of 16.
public enum Dense {
  /// - Parameters:
  ///   - x: [..., in].
  ///   - weight: [out, in], or [out, in', k, k] (hwio) with in = k * k * in'.
  ///   - bias: [out].
  /// - Returns: [..., out].
  public static func forward(
    _ x: Tensor, weight: Tensor, bias: Tensor?, precision: Precision = .float32
  ) -> Tensor {
    var d = descriptor(x, weight, precision)
    let y = Tensor(uninitialized: outputShape(x.shape, weight: weight.shape))
    count(x.shape, weight, d)
    Profiler.measure("dense forward") {
      jml_dense_forward(&d, x.pointer, weight.pointer, bias?.pointer, y.pointer)
    }
    return y
  }

  /// - Returns: dL/dx of `shape` from dL/dy [..., out].
  public static func backwardData(
    _ gradient: Tensor, weight: Tensor, shape: Shape, precision: Precision = .float32
  ) -> Tensor {
    let dx = Tensor(uninitialized: shape)
    var d = descriptor(dx, weight, precision)
    count(shape, weight, d)
    Profiler.measure("dense backward data") {
      jml_dense_backward_data(&d, gradient.pointer, weight.pointer, dx.pointer)
    }
    return dx
  }

  /// - Returns: dL/dweight in the layout of `weight`, and dL/dbias [out].
  public static func backwardWeights(
    _ x: Tensor, _ gradient: Tensor, weight: Tensor, precision: Precision = .float32
  ) -> (weight: Tensor, bias: Tensor) {
    var d = descriptor(x, weight, precision)
    count(x.shape, weight, d)
    let dw = Tensor(uninitialized: weight.shape, layout: weight.layout)
    let db = Tensor(uninitialized: [weight.shape[0]])
    Profiler.measure("dense backward weights") {
      jml_dense_backward_weights(&d, x.pointer, gradient.pointer, dw.pointer, db.pointer)
    }
    return (dw, db)
  }

  public static func outputShape(_ shape: Shape, weight: Shape) -> Shape {
    Shape(shape.dimensions.dropLast() + [weight[0]])
  }

  /// One direction for the profiler: the product of rows and weights, or one with a gradient in the place of either.
  private static func count(_ x: Shape, _ weight: Tensor, _ d: jml_dense) {
    var d = d
    let outputs = outputShape(x, weight: weight.shape).count
    Profiler.count(
      multiplyAdds: x.count * weight.shape[0], in: jml_dense_rounds(&d) != 0 ? .bfloat16 : .float32,
      numbers: x.count + weight.shape.count + outputs)
  }

  private static func descriptor(_ x: Tensor, _ weight: Tensor, _ precision: Precision) -> jml_dense {
    precondition(precision.isAvailable, "dense: this CPU has no products in \(precision)")
    let inputs = weight.shape.dimensions.dropFirst().reduce(1, *)
    precondition(
      x.layout == .plain && x.shape.rank > 1 && x.shape[x.shape.rank - 1] == inputs,
      "dense: input \(x.shape) does not fit weights \(weight.shape)")
    precondition(
      weight.layout == (weight.shape.rank == 2 ? .plain : .hwio),
      "dense: weights \(weight.shape) lie as \(weight.layout)")
    return jml_dense(
      rows: x.shape.count / inputs, in: inputs, out: weight.shape[0],
      in_first: weight.layout == .hwio ? 1 : 0, short_products: precision == .bfloat16 ? 1 : 0)
  }
}
