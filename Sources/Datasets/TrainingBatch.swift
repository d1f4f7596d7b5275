/// What one iteration trains on: a batch of each stream.
public struct TrainingBatch: Sendable {
  /// In the order of the source's streams; names are distinct.
  public let streams: [(name: String, batch: Batch)]

  public init(_ streams: [(name: String, batch: Batch)]) {
    precondition(
      !streams.isEmpty && Set(streams.map(\.name)).count == streams.count,
      "TrainingBatch: streams \(streams.map(\.name)) are to be distinct, and at least one")
    self.streams = streams
  }

  /// The batch of a stream that is there; a stream of another name is a programmer's mistake.
  public subscript(name: String) -> Batch {
    guard let found = streams.first(where: { $0.name == name }) else {
      preconditionFailure("TrainingBatch: no stream '\(name)' among \(streams.map(\.name))")
    }
    return found.batch
  }

  /// The ordinary supervised batch.
  public var labelled: Batch { self[BatchLoader.labelledStream] }
}

/// Training batches as a function of the iteration.
public protocol BatchSource: Sendable {
  /// - Parameter iteration: counted from 0.
  /// - Throws: `DatasetError`, naming the file.
  func batches(at iteration: Int) throws -> TrainingBatch
}

extension BatchLoader: BatchSource {
  public func batches(at iteration: Int) throws -> TrainingBatch {
    TrainingBatch([(stream, try batch(at: iteration))])
  }
}

/// Several streams side by side. Each has epochs of its own: a stream with fewer samples begins its next one sooner.
public struct StreamLoader: BatchSource {
  /// Names of their streams are distinct.
  public let loaders: [BatchLoader]

  public init(_ loaders: [BatchLoader]) {
    precondition(
      !loaders.isEmpty && Set(loaders.map(\.stream)).count == loaders.count,
      "StreamLoader: streams \(loaders.map(\.stream)) are to be distinct, and at least one")
    self.loaders = loaders
  }

  public func batches(at iteration: Int) throws -> TrainingBatch {
    TrainingBatch(try loaders.map { ($0.stream, try $0.batch(at: iteration)) })
  }
}
