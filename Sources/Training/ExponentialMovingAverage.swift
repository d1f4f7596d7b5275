import Autograd
import Models
import Optimizers
import Tensors

/// A network whose parameters follow another's: e = decay * e + (1 - decay) * s, running statistics too unless said
/// otherwise.
///
/// Source: Tarvainen and Valpola, "Mean teachers are better role models", NeurIPS 2017.
public final class ExponentialMovingAverage: Stateful {
  public let model: SegmentationModel
  private let averagesStatistics: Bool

  /// Begins as an equal of `student`.
  ///
  /// - Parameters:
  ///   - model: of the student's architecture; overwritten.
  ///   - averagesStatistics: whether running statistics follow as well (AugSeg, iMAS) or stay as they are (U2PL, where
  ///     the average's own passes make them).
  public init(
    _ model: SegmentationModel, following student: SegmentationModel, averagesStatistics: Bool = true
  ) {
    precondition(
      model.architecture == student.architecture && model.classes == student.classes,
      "ExponentialMovingAverage: \(model.architecture) cannot follow \(student.architecture)")
    self.model = model
    self.averagesStatistics = averagesStatistics
    model.assign(student.state)
  }

  /// - Parameter decay: 0 makes the average an equal of the student.
  public func update(from student: SegmentationModel, decay: Double) {
    precondition((0...1).contains(decay), "ExponentialMovingAverage: decay \(decay) is not in 0...1")
    ExponentialMovingAverage.update(model.parameters, from: student.parameters, decay: decay)
    guard averagesStatistics else { return }
    for (mine, other) in zip(model.buffers, student.buffers) {
      MovingAverage.update(mine.value, from: other.value, decay: Float(decay))
    }
  }

  /// The same for parameters outside a network, such as those of a head that a method adds: one by one, in order.
  public static func update(_ parameters: [Parameter], from others: [Parameter], decay: Double) {
    precondition(
      parameters.map(\.name) == others.map(\.name),
      "ExponentialMovingAverage: \(parameters.map(\.name)) cannot follow \(others.map(\.name))")
    for (mine, other) in zip(parameters, others) {
      MovingAverage.update(mine.value, from: other.value, decay: Float(decay))
    }
  }

  public var state: StateDict { model.state }

  public func restore(_ state: StateDict) throws(StateError) { try model.restore(state) }
}
