import JSON
import Schemas
import Tensors
import TestSupport
import Testing

import Methods

/// semi_supervised_steps.h5: three steps of each method against PyTorch in double precision, by formulas alone. In the second the
/// average no longer equals the student, from which the third differs.
@Suite(.serialized) struct SemiSupervisedOracleTests {
  /// About ten times what is seen, but of gradients: one ReLU that rounding switches changes a part's by up to 6e-3.
  static let bounds = SemiSupervisedOracle.Bounds(terms: 1e-5, gradient: 2e-2, moved: 1e-2, state: 2e-6)

  /// JML-SSL: smoothed before unsure pixels are left out, or after; divided by all pixels, or by the kept ones; hard labels.
  @Test(arguments: ["augseg", "jml_ssl_smoothed_labels", "jml_ssl_kept", "jml_ssl_hard"])
  func augSeg(_ name: String) throws {
    let oracle = try SemiSupervisedOracle(name)
    let isPlain = name == "augseg"
    let isKept = name == "jml_ssl_kept"
    let weight = isPlain ? 1 : 0.5
    let step = AugSegStep(
      Parameters(
        kind: "augseg",
        values: [
          "decay": .number(0.999), "epochs": .int(3), "threshold": try oracle.threshold(),
          "maximum_operations": .int(3), "labelled_weight": .number(weight),
          "unlabelled_weight": .number(weight), "labelled_region": .bool(true),
          "unlabelled_region": .bool(true), "unlabelled_smoothing": .bool(true),
          "normalisation": .string(isKept ? "kept" : "all"), "borders": .string(isKept ? "kept" : "whole"),
        ]),
      try oracle.setup(
        isPlain
          ? SemiSupervisedOracle.loss()
          : SemiSupervisedOracle.loss(
            crossEntropyWeight: 0.25, regionWeight: 0.75, epsilon: name == "jml_ssl_hard" ? nil : 0.5)))
    try oracle.follow(step, bounds: Self.bounds) { try oracle.batches($0) }
  }

  @Test func imas() throws {
    let oracle = try SemiSupervisedOracle("imas")
    let step = IMASStep(
      Parameters(
        kind: "imas",
        values: [
          "decay": .number(0.999), "epochs": .int(3), "threshold": try oracle.threshold(),
          "operations": .int(2), "unlabelled_weight": .number(3),
        ]), try oracle.setup(SemiSupervisedOracle.loss()))
    try oracle.follow(step, bounds: Self.bounds) { try oracle.batches($0) }
  }

  /// Padding, of either stream, is where the recorder has it.
  @Test(arguments: ["unimatch", "unimatch_dropped"]) func uniMatch(_ name: String) throws {
    let oracle = try SemiSupervisedOracle(name)
    let step = UniMatchStep(
      Parameters(
        kind: "unimatch",
        values: [
          "threshold": try oracle.threshold(),
          "feature_dropout": .number(try oracle.file.attribute(double: "dropout", at: "\(name)/0")),
          "view_weight": .number(0.25), "feature_weight": .number(0.5), "box_probability": .number(0.5),
        ]), try oracle.setup(SemiSupervisedOracle.loss()))
    let views = ["strong_1", "strong_2"]
    try oracle.follow(step, bounds: Self.bounds) {
      try oracle.batches(
        $0,
        [
          .init(views: views) { !($0 == 2 && $2 >= 61 || $0 == 1 && $1 >= 40) },
          .init(name: UniMatchStep.pasteStream, suffix: "_paste", views: views) {
            !($0 == 0 && $1 >= 33 || $0 == 1 && $2 >= 50)
          },
        ])
    }
  }

  /// The paper's L_C. The first step is of labels alone; in the last one queues overflow.
  @Test func u2pl() throws {
    let oracle = try SemiSupervisedOracle("u2pl")
    let step = U2PLStep(
      Parameters(
        kind: "u2pl",
        values: [
          "decay": .number(0.99), "epochs": .int(3),
          "drop_percent": .number(try oracle.file.attribute(double: "percent", at: "u2pl/0")),
          "unlabelled_weight": .number(1), "contrast_weight": .number(0.1), "temperature": .number(0.5),
          "anchors": .int(32), "negatives": .int(10), "queue_length": .int(250),
          "background_queue_length": .int(300), "low_rank": .int(2), "high_rank": .int(4),
          "positive_threshold": .number(0.3), "mix_probability": .number(0.5),
        ]), try oracle.setup(SemiSupervisedOracle.loss()))
    for part in step.parts where part.name.hasSuffix("representation") {
      let state = part.content.state.tensors.map { entry in
        (entry.path, Tensor(FillRule.values(entry.path, entry.tensor.shape), shape: entry.tensor.shape))
      }
      try part.content.restore(StateDict(state))
    }
    try oracle.follow(step, bounds: Self.bounds, queues: 1e-4) { try oracle.batches($0) }
  }
}
