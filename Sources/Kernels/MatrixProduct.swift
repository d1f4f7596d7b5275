import COpenBLAS
import Tensors

/// Dense row-major matrix products through OpenBLAS.
public enum MatrixProduct {
  /// a * b, with either operand transposed on request.
  ///
  /// - Parameters:
  ///   - a: [M, K], or [K, M] when `transposeA`.
  ///   - b: [K, N], or [N, K] when `transposeB`.
  /// - Returns: [M, N].
  public static func multiply(
    _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false
  ) -> Tensor {
    precondition(
      a.shape.rank == 2 && b.shape.rank == 2, "multiply: \(a.shape) and \(b.shape) are not matrices")
    let (m, k) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (inner, n) = transposeB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    precondition(k == inner, "multiply: inner extents of \(a.shape) and \(b.shape) differ")
    let c = Tensor(uninitialized: [m, n])
    // One thread: the bits of a product must not depend on how the library splits it.
    openblas_set_num_threads(1)
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), 1, a.pointer, Int32(a.shape[1]), b.pointer, Int32(b.shape[1]), 0,
      c.pointer,
      Int32(n))
    return c
  }
}
