import Foundation
import Platform

/// Prepares batches ahead of the training loop on threads of its own.
///
/// Batches come out in order and are the same for any number of workers, since a `BatchSource` is a function of
/// the iteration. Where no thread can be started, `next()` prepares them.
public final class Prefetcher: Sendable {
  private let shared: Shared

  /// Starts the threads.
  /// - Parameters:
  ///   - source: one loader, or several streams.
  ///   - range: the iterations to deliver; begins elsewhere than 0 in a resumed run.
  ///   - depth: the most batches that are ready or in work.
  ///   - workers: threads; each makes whole batches.
  public init(source: any BatchSource, range: Range<Int>, depth: Int, workers: Int) {
    precondition(depth > 0 && workers > 0, "Prefetcher: depth \(depth), workers \(workers)")
    shared = Shared(source: source, range: range, depth: depth, workers: workers)
    for _ in 0..<workers where !BackgroundThread.start({ [shared] in shared.work() }) { shared.lost() }
  }

  deinit { shared.stop(wait: false) }

  /// The next batch, waiting for it if need be.
  /// - Throws: what reading that batch threw (`DatasetError`); the same again if called again.
  public func next() throws -> TrainingBatch { try shared.next() }

  /// Stops the threads and waits for them; batches not yet asked for are dropped.
  public func stop() { shared.stop(wait: true) }

  /// What the consumer and the workers share. Every property below `condition` is read and written under its
  /// lock.
  private final class Shared: @unchecked Sendable {
    private let source: any BatchSource
    private let end: Int
    private let depth: Int
    private let condition = NSCondition()
    private var ready: [Int: Result<TrainingBatch, any Error>] = [:]
    private var delivered: Int
    private var started: Int
    private var running: Int
    private var stopped = false

    init(source: any BatchSource, range: Range<Int>, depth: Int, workers: Int) {
      self.source = source
      self.depth = depth
      end = range.upperBound
      delivered = range.lowerBound
      started = range.lowerBound
      running = workers
    }

    func work() {
      while let iteration = claim() {
        let result = Result { try source.batches(at: iteration) }
        condition.withLock {
          ready[iteration] = result
          condition.broadcast()
        }
      }
      condition.withLock {
        running -= 1
        condition.broadcast()
      }
    }

    /// A worker that could not be started.
    func lost() { condition.withLock { running -= 1 } }

    /// The next iteration to prepare, or nil when there is nothing left to do.
    private func claim() -> Int? {
      condition.withLock {
        while !stopped && started < end && started >= delivered + depth { condition.wait() }
        guard !stopped && started < end else { return nil }
        started += 1
        return started - 1
      }
    }

    func next() throws -> TrainingBatch {
      try condition.withLock {
        precondition(!stopped, "Prefetcher.next: already stopped")
        precondition(delivered < end, "Prefetcher.next: past the last iteration \(end - 1)")
        while true {
          if let result = ready[delivered] {
            let batch = try result.get()
            ready[delivered] = nil
            delivered += 1
            condition.broadcast()
            return batch
          }
          guard running > 0 else { return try prepareHere() }
          condition.wait()
        }
      }
    }

    /// The next batch by the consumer itself; called under the lock, with no worker.
    private func prepareHere() throws -> TrainingBatch {
      let batch = try source.batches(at: delivered)
      delivered += 1
      started = max(started, delivered)
      return batch
    }

    func stop(wait: Bool) {
      condition.withLock {
        stopped = true
        condition.broadcast()
        while wait && running > 0 { condition.wait() }
        ready.removeAll()
      }
    }
  }
}
