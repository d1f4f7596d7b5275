import Autograd
import Datasets
import Experiments
import Foundation
import Metrics
import Models
import Regression
import Runner
import Tensors
import TestSupport
import Testing
import Training

/// A step whose running statistics move twice as fast: from r_old + 0.1 (batch - r_old) to r_old + 0.2 (batch - r_old).
private final class FasterStatistics: TrainingStep {
  let inner: any TrainingStep
  let model: SegmentationModel

  init(_ inner: any TrainingStep, of model: SegmentationModel) { (self.inner, self.model) = (inner, model) }

  var networks: [NamedNetwork] { inner.networks }
  var parts: [StatePart] { inner.parts }

  func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let before = model.runningStatistics
    let computed = try inner.compute(batch, at: moment)
    let doubled = model.runningStatistics.tensors.map { entry -> (String, Tensor) in
      let old = before[entry.path]?.values ?? []
      return (
        entry.path, Tensor(zip(entry.tensor.values, old).map { 2 * $0 - $1 }, shape: entry.tensor.shape)
      )
    }
    model.assign(StateDict(doubled))
    return computed
  }
}

/// Batch norm momentum 0.2 in place of 0.1: weights and losses are those of before, and what is evaluated is not. A night
/// sees it.
@Suite struct MomentumTests {
  private static let classes = 19

  private static let batch: Batch = {
    var random = RandomSource(seed: 4, purpose: "momentum")
    let shape: Shape = [2, 3, 32, 64]
    return Batch(
      images: Tensor((0..<shape.count).map { _ in Float(random.uniform(-2, 2)) }, shape: shape),
      labels: LabelBatch(
        count: 2, height: 32, width: 64, values: (0..<4096).map { UInt8(($0 / 97) % classes) }),
      ids: ["a", "b"])
  }()

  /// Trains for three iterations and evaluates; the counts in full.
  private func cell(
    _ spec: RunSpec, _ change: (any TrainingStep, SegmentationModel) -> any TrainingStep
  ) throws -> (cell: CellResult, losses: [Double]) {
    let model = SegmentationModel(Assembly.architecture(spec.model), classes: Self.classes, seed: 3)
    let step = change(try Assembly.step(spec, model: model, teacher: nil), model)
    let trainer = Assembly.trainer(spec, step: step)
    let losses = try (0..<3).map { _ in try trainer.advance(TrainingBatch([("labelled", Self.batch)])).loss }
    let scores = model(Variable(constant: Self.batch.images), .evaluation()).main.value
    let (height, width) = (scores.shape.dimensions[2], scores.shape.dimensions[3])
    var evaluation = Evaluation(classes: Self.classes)
    let plane = Self.classes * height * width
    for image in 0..<2 {
      try evaluation.add(
        scores: Tensor(
          Array(scores.values[image * plane..<(image + 1) * plane]), shape: [Self.classes, height, width]),
        label: LabelMap(
          height: height, width: width, values: (0..<height * width).map { UInt8($0 % Self.classes) }))
    }
    let counts = "\(evaluation.confusion) \(evaluation.calibration)"
    let value = evaluation.confusion.meanIoUD()?.percent ?? 0
    return (
      CellResult(
        place: CellPlace(table: "fake", row: ["MB2"], column: "CE"), metric: "miou", point: "last",
        replicates: [Replicate(seed: 0, fold: nil, run: spec.id.text, value: value, counts: counts)]), losses
    )
  }

  private func night(_ cell: CellResult) -> Night {
    Night(
      name: "smoke", tier: "smoke", profile: "smoke", date: "2026-11-29", ended: "", seconds: 0, commit: "",
      dirty: false, numerics: RunSpec.currentNumerics,
      machine: MachineClass(cpu: Machine.cpu, processor: Machine.processor, threads: 1, versions: nil),
      overrides: [], data: [:], cells: [cell])
  }

  @Test func anotherMomentumIsOtherBits() throws {
    try withTemporaryDirectory { folder in
      let plan = try FakeRuns.plan(in: folder)
      let run = plan.runs.first {
        $0.spec.inputs.all.isEmpty && $0.spec.model.name == "deeplabv3_mobilenetv2_100"
      }
      let spec = try #require(run).spec
      let (good, losses) = try cell(spec) { step, _ in step }
      let reference = Reference.Accepted(night(good), reason: "first", date: "2026-11-29")
      let again = NightJudge.report(
        night(try cell(spec) { step, _ in step }.cell), reference: reference, test: nil)
      #expect(again.verdict == .passed && again.cells.map(\.state) == [.same], "\(again.lines)")
      let (bad, same) = try cell(spec) { FasterStatistics($0, of: $1) }
      #expect(same == losses)
      let report = NightJudge.report(night(bad), reference: reference, test: nil)
      #expect(report.verdict == .regressed && report.lines.count == 1, "\(report.lines)")
    }
  }
}
