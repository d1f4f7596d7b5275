import Foundation
import HDF5
import Losses
import Tensors
import TestSupport
import Testing

/// losses.h5 and labels.h5: computed with PyTorch and the authors' classes; the ignore index is the class
/// count, 7.
@Suite(.serialized)
struct OracleTests {
  static let ignore: UInt8 = 7

  struct Case: CustomTestStringConvertible, Sendable {
    let target: String
    let smooth: String
    let averaging: String
    let alphaBeta: String
    let active: String
    var group: String { "jml1/\(target)/smooth\(smooth)/\(averaging)/alphabeta\(alphaBeta)/\(active)" }
    var testDescription: String { group }

    var loss: JaccardMetricLoss {
      JaccardMetricLoss(
        alpha: alphaBeta == "1" ? 1 : 0.5, beta: alphaBeta == "1" ? 1 : 0.5, smooth: smooth == "1" ? 1 : 1e-3,
        averaging: averaging == "D1_I0_C0"
          ? .dataset : JaccardMetricLoss.Averaging(perDataset: 0, perImage: 0.5, perClass: 0.5),
        // The oracle's PRESENT has the threshold of the authors' later code.
        active: active == "ALL" ? .all : .label(threshold: 0.01))
    }
  }

  static let cases: [Case] = ["hard", "soft"].flatMap { target in
    ["0.001", "1"].flatMap { smooth in
      ["D1_I0_C0", "D0_I0.5_C0.5"].flatMap { averaging in
        ["0.5", "1"].flatMap { alphaBeta in
          ["ALL", "PRESENT"].map {
            Case(target: target, smooth: smooth, averaging: averaging, alphaBeta: alphaBeta, active: $0)
          }
        }
      }
    }
  }

  struct Batch {
    let file: HDF5File
    let logits: Tensor
    let labels: LabelBatch
    let soft: SoftLabels

    init() throws {
      file = try Fixture.hdf5("losses.h5", in: .module)
      let shape = Shape(try file.shape("logits"))
      logits = Tensor(try file.floats("logits"), shape: shape)
      labels = LabelBatch(count: shape[0], height: shape[2], width: shape[3], values: try file.bytes("label"))
      soft = SoftLabels(
        values: Tensor(try file.floats("soft"), shape: shape),
        keep: PixelMask(count: shape[0], height: shape[2], width: shape[3], values: try file.bytes("keep")))
    }

    func compare(_ loss: LossValue, _ group: String) throws {
      let value = try file.attribute(double: "value", at: group)
      let gradient = try file.floats(group + "/grad")
      // The oracle's sums are float32: 1e-7 in the value. Gradients are below 1e-3, with float32's last bits.
      expectClose(loss.value, value, tolerance: 1e-6, group)
      expectClose(actual: loss.gradient.values, expected: gradient, tolerance: 2e-9, group)
    }
  }

  @Test(arguments: cases)
  func jaccard(_ sample: Case) throws {
    let batch = try Batch()
    let target =
      sample.target == "hard"
      ? try SoftLabels(batch.labels, classes: 7, ignoreIndex: Self.ignore) : batch.soft
    try batch.compare(sample.loss(logits: batch.logits, target: target), sample.group)
  }

  @Test func crossEntropy() throws {
    let batch = try Batch()
    try batch.compare(
      CrossEntropy.hard(logits: batch.logits, labels: batch.labels, ignoreIndex: Self.ignore), "ce/hard")
    try batch.compare(CrossEntropy.soft(logits: batch.logits, target: batch.soft), "ce/soft")
    try batch.compare(
      CrossEntropy.divergence(logits: batch.logits, target: batch.soft, temperature: 1), "kl/soft")
  }

  /// The fused head at the labels' own resolution is the plain loss.
  @Test(arguments: cases.filter { $0.target == "hard" })
  func fusedJaccard(_ sample: Case) throws {
    let batch = try Batch()
    let fused = SegmentationLoss(
      SegmentationLoss.Configuration(
        classes: 7, ignoreIndex: Self.ignore, crossEntropyWeight: 0, mainWeight: 1, auxiliaryWeight: 0,
        region: SegmentationLoss.Region(weight: 1, loss: .jaccard(sample.loss)), smoothing: nil,
        distillation: nil))
    let result = try fused(main: batch.logits, auxiliary: nil, labels: batch.labels, teacher: nil)
    try batch.compare(LossValue(value: result.total, gradient: result.mainGradient), sample.group)
  }

  @Test(arguments: [3, 5, 7])
  func boundaryLabelSmoothing(_ kernel: Int) throws {
    let file = try Fixture.hdf5("labels.h5", in: .module)
    let shape = try file.shape("label")
    let labels = LabelBatch(
      count: shape[0], height: shape[1], width: shape[2], values: try file.bytes("label"))
    for epsilon in ["0.1", "0.5"] {
      let smoothing = BoundaryLabelSmoothing(
        kernel: kernel, epsilon: epsilon == "0.1" ? 0.1 : 0.5, classes: 7, ignoreIndex: Self.ignore)
      #expect(smoothing.boundary(labels).values == (try file.bytes("k\(kernel)/boundary")))
      let soft = try smoothing.softLabels(labels)
      let expected = try file.floats("k\(kernel)/eps\(epsilon)/soft")
      #expect(soft.values.values == expected)
    }
  }
}
