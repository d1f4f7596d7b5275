import CKernels
import Tensors

/// Products of row-major matrices of any size.
public enum MatrixProduct {
  /// a [m, k] times b [k, n].
  public static func plain(_ a: Tensor, _ b: Tensor) -> Tensor {
    check(a, b, a.shape[1] == b.shape[0], "times")
    return run(jml_product_nn, a.shape[0], b.shape[1], a.shape[1], a, b)
  }

  /// a [m, k] times the transpose of b [n, k].
  public static func transposingSecond(_ a: Tensor, _ b: Tensor) -> Tensor {
    check(a, b, a.shape[1] == b.shape[1], "times the transpose of")
    return run(jml_product_nt, a.shape[0], b.shape[0], a.shape[1], a, b)
  }

  /// The transpose of a [k, m] times b [k, n].
  public static func transposingFirst(_ a: Tensor, _ b: Tensor) -> Tensor {
    check(a, b, a.shape[0] == b.shape[0], "transposed, times")
    return run(jml_product_tn, a.shape[1], b.shape[1], a.shape[0], a, b)
  }

  private static func run(
    _ kind: Int, _ m: Int, _ n: Int, _ k: Int, _ a: Tensor, _ b: Tensor
  ) -> Tensor {
    let c = Tensor(uninitialized: [m, n])
    Profiler.count(multiplyAdds: m * n * k, numbers: m * k + k * n + m * n)
    Profiler.measure("matrix product") {
      jml_matrix_product(Int32(kind), m, n, k, a.pointer, b.pointer, c.pointer)
    }
    return c
  }

  private static func check(_ a: Tensor, _ b: Tensor, _ fits: Bool, _ what: String) {
    precondition(
      a.layout == .plain && b.layout == .plain && a.shape.rank == 2 && b.shape.rank == 2 && fits,
      "MatrixProduct: \(a.shape) \(what) \(b.shape)")
  }
}
