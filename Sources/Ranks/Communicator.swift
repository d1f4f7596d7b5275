import Tensors

/// What the ranks of one run say to one another. A rank is a process, or a thread in tests, with a share of each batch; all
/// ranks do the same in the same order, so that every call here is made by all of them.
///
/// Whatever is added up is gathered first and then added by each rank in rank order: equal numbers of ranks give equal
/// bits, on every rank. Called from one thread of a rank alone.
///
/// Nothing here throws, since a layer in the middle of a network has nowhere to throw to. When a rank is lost, its companions
/// get zeros at once and `failure` says why; who can throw asks for it before the numbers are used.
public protocol Communicator: AnyObject, Sendable {
  /// From 0.
  var rank: Int { get }
  /// At least 1.
  var size: Int { get }

  /// Why nothing can be trusted that came since; nil as long as all ranks are there.
  var failure: RanksError? { get }

  /// Every rank's bytes, in rank order.
  ///
  /// - Parameters:
  ///   - own: `lengths[rank]` bytes.
  ///   - lengths: bytes of each rank; equal on all of them.
  ///   - all: room for their sum.
  func gather(_ own: UnsafeRawBufferPointer, lengths: [Int], into all: UnsafeMutableRawBufferPointer)

  /// Starts the sum over ranks of each element of a plain tensor, of one shape on all ranks. Several may be on their way;
  /// they are waited for in the order in which they were started.
  ///
  /// - Parameter own: handed over: nobody else may read or write it.
  func startSum(_ own: Tensor) -> any PendingSum

  /// Lets what has been started go on, where nobody else does.
  func progress()
}

/// A sum that has been started.
public protocol PendingSum: AnyObject {
  /// v_0 + v_1 + ... in rank order, element by element. Called once.
  func wait() -> Tensor
}

extension Communicator {
  /// Every rank's numbers, in rank order.
  /// - Parameter lengths: numbers of each rank; equal on all of them.
  public func gather<Number: AdditiveArithmetic & BitwiseCopyable>(_ own: [Number], lengths: [Int])
    -> [Number]
  {
    precondition(
      lengths.count == size && own.count == lengths[rank],
      "gather: \(own.count) numbers of rank \(rank), lengths \(lengths)")
    var all = [Number](repeating: .zero, count: lengths.reduce(0, +))
    own.withUnsafeBytes { source in
      all.withUnsafeMutableBytes { target in
        gather(source, lengths: lengths.map { $0 * MemoryLayout<Number>.stride }, into: target)
      }
    }
    return all
  }

  /// Every rank's numbers, as many of each: one array a rank.
  public func gather(_ own: [Double]) -> [[Double]] {
    let all = gather(own, lengths: [Int](repeating: own.count, count: size))
    return (0..<size).map { Array(all[$0 * own.count..<($0 + 1) * own.count]) }
  }

  /// Every rank's whole numbers, as many as each has: one array a rank.
  public func gather<Number: FixedWidthInteger & BitwiseCopyable>(_ own: [Number]) -> [[Number]] {
    let lengths = gather([Double(own.count)]).map { Int($0[0]) }
    // After a failure the lengths are not to be trusted.
    let all =
      lengths[rank] == own.count
      ? gather(own, lengths: lengths) : [Number](repeating: .zero, count: lengths.reduce(0, +))
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return Array(all[start..<start + length])
    }
  }

  /// Sums over ranks, in rank order.
  public func sum(_ own: [Double]) -> [Double] {
    gather(own).reduce([Double](repeating: 0, count: own.count)) { sum, next in
      zip(sum, next).map { $0 + $1 }
    }
  }

  /// What rank 0 says.
  /// - Parameter own: read on rank 0 alone.
  public func broadcast(_ own: [UInt8]) -> [UInt8] {
    let count = Int(gather([rank == 0 ? Double(own.count) : 0])[0][0])
    var said: [UInt8] = []
    said.reserveCapacity(count)
    // A library may count bytes in 32 bits.
    for start in stride(from: 0, to: count, by: 1 << 28) {
      let end = min(start + 1 << 28, count)
      said += gather(rank == 0 ? Array(own[start..<end]) : [])[0]
    }
    return said
  }

  /// Returns when every rank has called it.
  public func barrier() { _ = gather([0.0]) }

  /// - Throws: `failure`, if there is one.
  public func check() throws(RanksError) {
    if let failure { throw failure }
  }
}
