import Foundation
import HDF5
import Losses
import Tensors
import TestSupport
import Testing

/// forms.h5 (Tests/Oracles/record_forms.py): every region loss by its definition, with automatic
/// differentiation in double precision.
@Suite(.serialized)
struct FormOracleTests {
  static let classWeights = [0.5, 2.0, 1.0, 1.5, 0.7]
  static let cases = ["plain", "dice", "tversky", "log", "gamma", "log_gamma"]

  static func loss(_ form: JaccardMetricLoss.Form, _ name: String, _ active: ActiveClasses)
    -> JaccardMetricLoss
  {
    var loss = JaccardMetricLoss(
      form: form, alpha: 1, beta: 1, smooth: 1, averaging: .dataset, active: active)
    switch name {
    case "dice": (loss.alpha, loss.beta) = (0.5, 0.5)
    case "tversky":
      (loss.alpha, loss.beta, loss.smooth) = (0.3, 0.7, 1e-3)
      loss.averaging = .init(perDataset: 0, perImage: 0.5, perClass: 0.5)
    case "log":
      loss.isLogarithmic = true
      loss.averaging = .init(perDataset: 0.4, perImage: 0.4, perClass: 0.2)
    case "gamma":
      (loss.gamma, loss.alpha, loss.beta, loss.classWeights) = (1.5, 0.7, 1.2, classWeights)
    case "log_gamma":
      (loss.isLogarithmic, loss.gamma, loss.classWeights) = (true, 2, classWeights)
      loss.averaging = .init(perDataset: 0, perImage: 1, perClass: 0)
    default: break
    }
    return loss
  }

  @Test(arguments: JaccardMetricLoss.Form.allCases, cases)
  func regionLosses(_ form: JaccardMetricLoss.Form, _ name: String) throws {
    let batch = try RecordedBatch()
    for (target, labels) in [("hard", batch.hard), ("soft", batch.soft)] {
      for (mode, active) in [("all", ActiveClasses.all), ("present", .present)] {
        let loss = FullResolutionLoss.jaccard(Self.loss(form, name, active))
        try batch.compare(
          try loss(logits: batch.logits, target: labels), "\(form.rawValue)/\(target)/\(name)/\(mode)")
      }
    }
  }

  @Test func lovasz() throws {
    let batch = try RecordedBatch()
    for (mode, active) in [("all", ActiveClasses.all), ("present", .present)] {
      let loss = FullResolutionLoss.lovasz(LovaszSoftmax(active: active))
      try batch.compare(try loss(logits: batch.logits, target: batch.hard), "lovasz/hard/\(mode)")
    }
    #expect(throws: LossError.self) {
      try LovaszSoftmax(active: .present)(logits: batch.logits, target: batch.soft)
    }
  }
}

/// The batch of forms.h5: 2 images of 5 classes, 6 x 7 pixels, some ignored.
struct RecordedBatch {
  let file: HDF5File
  let logits: Tensor
  let hard: SoftLabels
  let soft: SoftLabels

  init() throws {
    file = try Fixture.hdf5("forms.h5", in: .module)
    let shape = Shape(try file.shape("logits"))
    logits = Tensor(try file.floats("logits"), shape: shape)
    let labels = LabelBatch(
      count: shape[0], height: shape[2], width: shape[3], values: try file.bytes("label"))
    hard = try SoftLabels(labels, classes: shape[1], ignoreIndex: 255)
    soft = SoftLabels(
      values: Tensor(try file.floats("soft"), shape: shape),
      keep: PixelMask(count: shape[0], height: shape[2], width: shape[3], values: try file.bytes("keep")))
  }

  func compare(_ loss: LossValue, _ group: String) throws {
    // Softmax is float32 here: 1e-7 of a probability; measured 3e-8 in values and 8e-9 in gradients.
    expectClose(loss.value, try file.attribute(double: "value", at: group), tolerance: 3e-7, group)
    expectClose(
      actual: loss.gradient.values, expected: try file.floats(group + "/grad"), tolerance: 3e-8, group)
  }
}
