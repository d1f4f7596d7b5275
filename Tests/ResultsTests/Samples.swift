import Experiments
import Foundation
import JSON
import Metrics
import Results
import Tensors

enum Samples {
  static let spec: JSONValue = .object([
    "model": .string("deeplabv3_resnet18d"), "iterations": .int(40),
    "crop": .array([.int(64), .int(128)]),
    "learning_rate": .number(0.01), "teacher": .null, "half": .bool(true), "smooth": .number(1),
  ])

  static func record(_ runID: String, _ state: RunOutcome = .done, error: String? = nil) -> RunRecord {
    RunRecord(
      runID: runID, state: state, spec: spec, seed: .max, commit: "0123abc", dirty: true,
      versions: ["swift": "6.3", "dnnl": "2.6.3", "hdf5": "1.10.8", "openblas": "0.3.21 / Zen"], threads: 2,
      cpu: "Some CPU", wallSeconds: 12.25, peakMemoryBytes: 1 << 33, iterations: 40,
      metrics: ["miou": 28.5, "accuracy": 0.1 + 0.2, "ece": 3, "iou.10": 1, "iou.9": 2],
      dataFingerprint: "feed",
      error: error)
  }

  /// With ignored pixels, and a class that no label has.
  static func evaluation(images: Int = 3, classes: Int = 5, seed: UInt64 = 3) throws -> StoredEvaluation {
    var random = RandomSource(seed: seed, purpose: "sample evaluation")
    var evaluation = Evaluation(classes: classes)
    for _ in 0..<images {
      let scores = (0..<classes * 7 * 11).map { _ in Float(random.uniform(-3, 3)) }
      let label = LabelMap(
        height: 7, width: 11,
        values: (0..<77).map { _ in random.below(9) == 0 ? LabelMap.ignore : UInt8(random.below(classes - 1))
        })
      let boundary = (0..<77).map { _ in UInt8(random.below(2)) }
      try evaluation.add(scores: Tensor(scores, shape: [classes, 7, 11]), label: label, boundary: boundary)
    }
    return StoredEvaluation(
      imageIDs: (0..<images).map { "city/frame_\($0)" }, classNames: (0..<classes).map { "class \($0)" },
      evaluation: evaluation)
  }

  static func tensor(_ name: String, _ shape: Shape, _ value: Float) -> NamedTensor {
    NamedTensor(name: name, tensor: Tensor((0..<shape.count).map { value + Float($0) }, shape: shape))
  }

  static let model = StoredModel(
    weights: [
      tensor("head.1.weight", [5, 4, 1, 1], 0.5), tensor("backbone.conv1.0.weight", [4, 3, 3, 3], -1),
    ],
    buffers: [tensor("backbone.bn1.running_mean", [4], 2)])

  /// - Parameter more: with a second point and a second network.
  static func tensors(_ runID: String, more: Bool = false) throws -> RunTensors {
    let last = EvaluationPoint(point: "last", iteration: 40, evaluation: try evaluation())
    let best = EvaluationPoint(point: "best", iteration: 30, evaluation: try evaluation(seed: 8))
    let teacher = StoredModel(weights: [tensor("head.1.weight", [2, 3], 9)], buffers: [])
    return RunTensors(
      runID: runID, spec: spec, model: model, networks: more ? [(name: "mean_teacher", model: teacher)] : [],
      evaluations: more ? [last, best] : [last],
      curves: Curves(iteration: [0, 10, 20], loss: [3, 2.5, 2], learningRate: [1e-6, 0.01, 0.005]))
  }

  /// An id as the planner makes them: it ends in the hash of `spec`.
  static let runID = "cityscapes-net-ce-s0-" + SHA256.hexDigest(of: spec.canonical).prefix(16)

  private static func queue(_ iteration: Int) -> StateDict {
    var queue = StateDict()
    queue.add("written", iteration)
    return queue
  }

  /// A checkpoint whose every value follows from the iteration.
  static func checkpoint(_ runID: String, _ iteration: Int, elements: Int = 60) -> Checkpoint {
    let shape: Shape = [elements / 12, 3, 4]
    return Checkpoint(
      runID: runID, iteration: iteration, wallSeconds: Double(iteration) / 4,
      parts: [
        (
          "student",
          StateDict([
            ("b.weight", tensor("b.weight", shape, Float(iteration)).tensor),
            ("a.weight", tensor("a", [3], 1).tensor),
            ("a.running_var", tensor("a", [2], 7).tensor),
          ])
        ),
        (
          "optimizer.student",
          StateDict([("velocity.b.weight", tensor("b", shape, -Float(iteration)).tensor)])
        ),
        ("queue.pixel", queue(iteration)),
      ],
      curves: Curves(
        iteration: Array(0..<iteration), loss: [Double](repeating: 1, count: iteration),
        learningRate: [Double](repeating: 0.1, count: iteration)))
  }
}

extension ClaimResult {
  var claim: RunClaim? {
    if case .claimed(let claim) = self { return claim }
    return nil
  }
}

struct NotClaimed: Error {}

extension ResultStore {
  /// A claim that the test knows to be free.
  func take(_ runID: String) throws -> RunClaim {
    guard let claim = try claim(runID).claim else { throw NotClaimed() }
    return claim
  }
}
