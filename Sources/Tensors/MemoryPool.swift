import Foundation
import Platform
import Synchronization

/// Recycles aligned buffers between training steps, and counts what is live.
///
/// A step allocates and frees the same few hundred sizes in the same order. Handing those pages back to the
/// system would cost a page fault per 4 KiB on each step, which is slower than most kernels.
public enum MemoryPool {
  private struct State: ~Copyable {
    /// Free blocks by capacity in bytes; looked up by key only, so order never matters.
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var liveBytes = 0
    var peakBytes = 0
    var heldBytes = 0
  }

  private static let state = Mutex(State())

  /// Alignment of every block, in bytes: one cache line, and one AVX-512 register.
  public static let alignment = 64

  static func capacity(forBytes bytes: Int) -> Int {
    // Blocks above 64 KiB share 1/8-octave size classes, so that near sizes can reuse each other's memory.
    let minimum = max(bytes, 64)
    guard minimum > 65_536 else { return (minimum + 63) & ~63 }
    let step = (1 << (Int.bitWidth - 1 - minimum.leadingZeroBitCount)) >> 3
    return (minimum + step - 1) / step * step
  }

  static func allocate(capacity: Int) -> UnsafeMutableRawPointer {
    let recycled: UnsafeMutableRawPointer? = state.withLock { state in
      state.liveBytes += capacity
      state.peakBytes = max(state.peakBytes, state.liveBytes)
      guard let block = state.free[capacity]?.popLast() else { return nil }
      state.heldBytes -= capacity
      return UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: block))
    }
    if let recycled { return recycled }
    if let block = new(capacity) { return block }
    // What is kept for sizes that nobody wants now is memory too.
    trim()
    guard let block = new(capacity) else { OutOfMemory.end(bytes: capacity, "a tensor") }
    return block
  }

  private static func new(_ capacity: Int) -> UnsafeMutableRawPointer? {
    var block: UnsafeMutableRawPointer?
    // What malloc notes of a block lies before it: were that in the block's first huge page, it would be none.
    let alignment = capacity < HugePages.bytes ? alignment : HugePages.bytes
    guard posix_memalign(&block, alignment, capacity) == 0, let block else { return nil }
    HugePages.prefer(for: block, bytes: capacity)
    return block
  }

  static func recycle(_ block: UnsafeMutableRawPointer, capacity: Int) {
    let address = UInt(bitPattern: block)
    state.withLock { state in
      state.liveBytes -= capacity
      state.heldBytes += capacity
      guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else { return }
      state.free[capacity, default: []].append(pointer)
    }
  }

  /// Bytes in tensors now.
  public static var liveBytes: Int { state.withLock { $0.liveBytes } }

  /// The most bytes that were in tensors at once since the last `resetPeak()`.
  public static var peakBytes: Int { state.withLock { $0.peakBytes } }

  public static func resetPeak() { state.withLock { $0.peakBytes = $0.liveBytes } }

  /// Returns recycled blocks to the system, for instance between training and evaluation, whose shapes differ.
  public static func trim() {
    state.withLock { state in
      for block in state.free.values.joined() { free(block) }
      state.free.removeAll(keepingCapacity: true)
      state.heldBytes = 0
    }
  }
}
