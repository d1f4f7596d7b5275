import Tensors

extension MachinePeak {
  /// Numbers of each of the triad's arrays: 128 MB, so that the three are many times a last-level cache.
  private static let arrayCount = 1 << 25

  /// Bytes a second between memory and the cores on `threads` threads, the best of several tries: STREAM's triad a = b + s c
  /// (McCalpin, 1995) on float32, two arrays read and one written. As STREAM does, it does not count that a processor
  /// reads what it is about to overwrite.
  public static func bandwidth(threads: Int) -> Double {
    precondition(threads > 0, "MachinePeak: \(threads) threads")
    let before = KernelRuntime.threads
    KernelRuntime.threads = threads
    defer { KernelRuntime.threads = before }
    let b = Tensor(repeating: 0.5, shape: [1, arrayCount])
    let c = Tensor(repeating: 0.25, shape: [1, arrayCount])
    // The first try is the one in which the system hands out the pages of a.
    let seconds = shortest(of: 8) { _ = Tokens.addScaled(b, c, factors: [3]) }
    return Double(3 * arrayCount * MemoryLayout<Float>.stride) / seconds
  }
}
