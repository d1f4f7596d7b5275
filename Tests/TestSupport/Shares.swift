import Ranks
import Tensors

/// What each rank of `size` threads makes, in rank order.
/// - Throws: the first rank's error.
public func onRanks<Value: Sendable>(
  _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Value
) throws -> [Value] {
  try ThreadCommunicator.run(size, body).map { try $0.get() }
}

/// What one process makes without ranks, on a thread of its own, whose kernels may be told of other threads.
public func alone<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
  try onRanks(1) { _ in try body() }[0]
}

extension LabelBatch {
  /// The labels of some images.
  public func images(_ slots: Range<Int>) -> LabelBatch {
    let area = height * width
    return LabelBatch(
      count: slots.count, height: height, width: width,
      values: Array(values[slots.lowerBound * area..<slots.upperBound * area]))
  }
}
