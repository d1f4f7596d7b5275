import COpenBLAS
import Tensors

/// What the machine can do at most, measured, so that a kernel's speed can be read as a share of it.
public enum MachinePeak {
  /// Single-precision floating-point operations a second of a large matrix product on `threads` threads, the best of
  /// several tries: what the multiply-add units give to a kernel that never waits for memory.
  ///
  /// Two products are tried, one that fits the caches of two cores and one that fills those of sixteen.
  public static func singlePrecision(threads: Int) -> Double {
    precondition(threads > 0, "MachinePeak: \(threads) threads")
    openblas_set_num_threads(Int32(threads))
    defer { openblas_set_num_threads(1) }
    return max(rate(of: 1024, tries: 8), rate(of: 1536, tries: 5))
  }

  /// - Parameter size: rows and columns of the square factors.
  private static func rate(of size: Int, tries: Int) -> Double {
    let a = Tensor(repeating: 0.5, shape: [size, size])
    let b = Tensor(repeating: 0.25, shape: [size, size])
    let c = Tensor(uninitialized: [size, size])
    let side = Int32(size)
    var best = Double.infinity
    for _ in 0..<tries {
      let start = ContinuousClock.now
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, side, side, side, 1, a.pointer, side, b.pointer, side, 0,
        c.pointer, side)
      let elapsed = start.duration(to: .now).components
      best = min(best, Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
    withExtendedLifetime((a, b, c)) {}
    let cube = Double(size) * Double(size) * Double(size)
    return 2 * cube / best
  }
}
