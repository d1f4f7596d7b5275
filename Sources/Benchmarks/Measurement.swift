import Foundation
import Kernels

/// Wall times of the repeats of one piece of work.
public struct Measurement: Sendable {
  /// In the order of the repeats, the warm-up left out.
  public let seconds: [Double]

  /// - Parameter seconds: at least one.
  public init(seconds: [Double]) {
    precondition(!seconds.isEmpty, "Measurement: no repeats")
    self.seconds = seconds
  }

  public var median: Double {
    let sorted = seconds.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  public var mean: Double { seconds.reduce(0, +) / Double(seconds.count) }
  public var least: Double { seconds.reduce(.infinity, min) }
  public var most: Double { seconds.reduce(0, max) }
}

/// How a benchmark repeats its work.
public struct Repeats: Sendable {
  /// Repeats before those that count: caches, memory pools and compiled kernels fill.
  public let warmUp: Int
  /// Repeats that count.
  public let count: Int
  public let threads: Int
  /// Repeats done, warm-up included, and the seconds of the last.
  public let progress: @Sendable (Int, Double) -> Void

  public init(
    warmUp: Int, count: Int, threads: Int, progress: @escaping @Sendable (Int, Double) -> Void = { _, _ in }
  ) {
    precondition(
      warmUp >= 0 && count > 0 && threads > 0,
      "Repeats: \(warmUp) before \(count), on \(threads) threads")
    self.warmUp = warmUp
    self.count = count
    self.threads = threads
    self.progress = progress
  }

  /// Runs `body` again and again; kinds of work are counted for the repeats that count.
  /// - Parameter body: gets the repeat's number, from 0, warm-up included.
  /// - Throws: what `body` throws.
  public func measure(_ body: (Int) throws -> Void) rethrows -> (times: Measurement, work: WorkByKind) {
    KernelRuntime.threads = threads
    var seconds: [Double] = []
    defer { Profiler.set(on: false) }
    for index in 0..<warmUp + count {
      if index == warmUp { Profiler.set(on: true) }
      let start = ContinuousClock.now
      try body(index)
      let elapsed = start.duration(to: .now).seconds
      progress(index + 1, elapsed)
      if index >= warmUp { seconds.append(elapsed) }
    }
    return (Measurement(seconds: seconds), WorkByKind(repeats: count))
  }
}

/// Where the time of the timed repeats went.
public struct WorkByKind: Sendable {
  /// Mean seconds of a repeat, the largest first.
  public let seconds: [(kind: String, seconds: Double)]
  /// What the products of a repeat need; nothing where nobody counts them.
  let demand: Roofline.Demand
  /// Floating-point operations of a repeat by the definition of its products.
  public var operations: Double { demand.operations }

  /// What `Profiler` has counted since it was set on.
  init(repeats: Int) {
    seconds = Profiler.report.map { ($0.kind, $0.seconds / Double(repeats)) }
    let share = 1 / Double(repeats)
    demand = Roofline.Demand(
      operations: Profiler.operations * share, float32: Profiler.done(in: .float32) * share,
      bfloat16: Profiler.done(in: .bfloat16) * share, bytes: Profiler.bytes * share)
  }

  /// Of what is timed otherwise.
  init(seconds: [(kind: String, seconds: Double)]) {
    self.seconds = seconds
    demand = Roofline.Demand(operations: 0, bytes: 0)
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
