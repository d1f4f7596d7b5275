/// The ranks that share the batches of a training step, and which share is whose.
///
/// Rank r of R has the slots [r B / R, (r + 1) B / R) of a batch of B samples, so that shares one after another are the
/// whole batch, and their sizes differ by one at most.
public final class RankGroup: Sendable {
  public let communicator: any Communicator
  /// Samples of the whole batch.
  public let batch: Int

  /// - Parameter batch: at least one sample a rank.
  public init(_ communicator: any Communicator, batch: Int) {
    precondition(
      batch >= communicator.size, "RankGroup: a batch of \(batch) for \(communicator.size) ranks")
    self.communicator = communicator
    self.batch = batch
  }

  public var rank: Int { communicator.rank }
  public var size: Int { communicator.size }

  /// The slots of this rank.
  public var slots: Range<Int> { slots(of: rank) }

  public func slots(of rank: Int) -> Range<Int> { RankGroup.slots(of: batch, rank: rank, size: size) }

  public static func slots(of batch: Int, rank: Int, size: Int) -> Range<Int> {
    rank * batch / size..<(rank + 1) * batch / size
  }

  /// Numbers of each sample, of all ranks in the order of the batch.
  ///
  /// - Parameters:
  ///   - own: of this rank's samples, one after another.
  ///   - count: numbers of one sample.
  public func gatherSamples(_ own: [Double], each count: Int) -> [Double] {
    communicator.gather(own, lengths: (0..<size).map { slots(of: $0).count * count })
  }

  /// Traps for a tensor that is not this rank's share.
  public func check(images: Int, _ operation: @autoclosure () -> String) {
    precondition(
      images == slots.count,
      "\(operation()): \(images) images on rank \(rank) of \(size), whose share of \(batch) is \(slots)")
  }

  /// Whether all ranks have taken part so far: what was added up since may be used.
  public var isWhole: Bool { communicator.failure == nil }
}
