import JSON
import Losses
import Methods
import Models
import Schemas
import Tensors

/// Semi-supervised steps with the keys of their experiment files, and thresholds that a new network passes.
extension StepTests {
  static func augSeg(
    _ model: SegmentationModel, _ changes: [String: JSONValue] = [:],
    loss: SegmentationLoss.Configuration? = nil
  ) -> AugSegStep {
    let values: [String: JSONValue] = [
      "decay": .number(0.9), "epochs": .int(4), "threshold": .number(sureFrom),
      "maximum_operations": .int(3), "labelled_weight": .number(1), "unlabelled_weight": .number(1),
      "labelled_region": .bool(false), "unlabelled_region": .bool(false),
      "unlabelled_smoothing": .bool(false), "normalisation": .string("all"), "borders": .string("whole"),
    ]
    return AugSegStep(
      Parameters(kind: "augseg", values: values.merging(changes) { $1 }),
      SemiSupervisedSetup(student: model, optimizer: Small.sgd, loss: loss ?? Small.loss(), seed: 3))
  }

  /// 0.25 (CE_S + CE_U) / 2 + 0.75 (JML_S + JML_U) / 2, borders smoothed.
  static func jmlSSL(_ model: SegmentationModel, _ changes: [String: JSONValue] = [:]) -> AugSegStep {
    let values: [String: JSONValue] = [
      "labelled_weight": .number(0.5), "unlabelled_weight": .number(0.5), "labelled_region": .bool(true),
      "unlabelled_region": .bool(true), "unlabelled_smoothing": .bool(true),
    ]
    return augSeg(model, values.merging(changes) { $1 }, loss: smoothed)
  }

  static func imas(_ model: SegmentationModel, _ changes: [String: JSONValue] = [:]) -> IMASStep {
    let values: [String: JSONValue] = [
      "decay": .number(0.9), "epochs": .int(4), "threshold": .number(sureFrom), "operations": .int(2),
      "unlabelled_weight": .number(3),
    ]
    return IMASStep(Parameters(kind: "imas", values: values.merging(changes) { $1 }), setup(model))
  }

  /// Of five classes.
  static let sureFrom = 0.22

  static var smoothed: SegmentationLoss.Configuration {
    var loss = Small.loss()
    loss.smoothing = BoundaryLabelSmoothing(kernel: 3, epsilon: 0.5, classes: Small.classes)
    return loss
  }
}
