import Foundation

/// Linear warm-up, then polynomial decay to zero over the remaining iterations.
///
/// Differs from the paper (Section 5), which gives (1 - it / total)^power and no warm-up: this is the authors' code.
public struct PolySchedule: Sendable, Hashable {
  public let baseRate: Double
  public let iterations: Int
  /// Warm-up iterations as a fraction of all.
  public let warmUpRatio: Double
  /// Learning rate of the backbone at iteration 0.
  public let warmUpFloor: Double
  public let power: Double

  public init(baseRate: Double, iterations: Int, warmUpRatio: Double, warmUpFloor: Double, power: Double) {
    self.baseRate = baseRate
    self.iterations = iterations
    self.warmUpRatio = warmUpRatio
    self.warmUpFloor = warmUpFloor
    self.power = power
  }

  /// The backbone's learning rate in step `iteration`, counted from 0. Other groups multiply it, in warm-up too.
  public func rate(at iteration: Int) -> Double {
    let warmUp = warmUpRatio * Double(iterations)
    let position = Double(iteration)
    if position < warmUp { return baseRate * max(warmUpFloor / baseRate, position / warmUp) }
    let remaining = Double(iterations) - warmUp
    guard remaining > 0 else { return baseRate }
    return baseRate * pow(max(0, 1 - (position - warmUp) / remaining), power)
  }
}
