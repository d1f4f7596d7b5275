/// The batches of one iteration, one a stream, in a fixed order.
public struct TrainingBatch: Sendable {
  public let streams: [(name: String, batch: Batch)]

  public init(_ streams: [(name: String, batch: Batch)]) { self.streams = streams }

  public subscript(name: String) -> Batch? { streams.first { $0.name == name }?.batch }

  /// The stream that every run has.
  public var labelled: Batch {
    guard let batch = self["labelled"] else {
      preconditionFailure("TrainingBatch: no stream labelled among \(streams.map(\.name))")
    }
    return batch
  }
}
