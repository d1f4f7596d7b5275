import COpenBLAS
import Tensors

/// What the machine can do at most, measured, so that a kernel's speed can be read as a share of it.
public enum MachinePeak {
  /// Single-precision floating-point operations a second of a large matrix product on `threads` threads, the best of
  /// several tries: what the multiply-add units give to a kernel that never waits for memory.
  ///
  /// Two products of the library are tried, one that fits the caches of two cores and one that fills those of
  /// sixteen, and one of the kernels here: the library may not know the CPU and fall back to an older one's code.
  public static func singlePrecision(threads: Int) -> Double {
    precondition(threads > 0, "MachinePeak: \(threads) threads")
    openblas_set_num_threads(Int32(threads))
    defer { openblas_set_num_threads(1) }
    return max(
      libraryRate(of: 1024, tries: 8), libraryRate(of: 1536, tries: 5),
      ownRate(.float32, threads: threads, tries: 8))
  }

  /// The same of products of bfloat16 numbers summed in float32, operands rounded on the way: of the kernel here, since the
  /// library has none. nil where the CPU lacks the instructions.
  public static func bfloat16(threads: Int) -> Double? {
    precondition(threads > 0, "MachinePeak: \(threads) threads")
    return Precision.bfloat16.isAvailable ? ownRate(.bfloat16, threads: threads, tries: 12) : nil
  }

  /// - Parameter size: rows and columns of the square factors.
  private static func libraryRate(of size: Int, tries: Int) -> Double {
    let a = Tensor(repeating: 0.5, shape: [size, size])
    let b = Tensor(repeating: 0.25, shape: [size, size])
    let c = Tensor(uninitialized: [size, size])
    let side = Int32(size)
    let seconds = shortest(of: tries) {
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, side, side, side, 1, a.pointer, side, b.pointer, side, 0,
        c.pointer, side)
    }
    withExtendedLifetime((a, b, c)) {}
    return 2 * Double(size * size * size) / seconds
  }

  /// A 1x1 convolution of an image for each thread.
  private static func ownRate(_ precision: Precision, threads: Int, tries: Int) -> Double {
    let (channels, side) = (512, 64)
    let geometry = ConvolutionGeometry(
      inChannels: channels, outChannels: channels, kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1)
    let before = KernelRuntime.threads
    KernelRuntime.threads = threads
    defer { KernelRuntime.threads = before }
    let x = Tensor(uninitialized: [threads, channels, side, side], layout: KernelRuntime.preferredLayout)
    let weight = Tensor(uninitialized: geometry.weightShape, layout: geometry.weightLayout)
    x.pointer.update(repeating: 0.5, count: x.shape.count)
    weight.pointer.update(repeating: 0.25, count: weight.shape.count)
    let convolution = Convolution(geometry, precision: precision)
    let seconds = shortest(of: tries) { _ = convolution.forward(x, weight: weight, bias: nil) }
    return 2 * Double(threads * side * side * channels * channels) / seconds
  }

  static func shortest(of tries: Int, _ work: () -> Void) -> Double {
    var best = Double.infinity
    for _ in 0..<tries {
      let start = ContinuousClock.now
      work()
      let elapsed = start.duration(to: .now).components
      best = min(best, Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
    return best
  }
}
