import Autograd
import Losses
import Models
import Ranks
import Schemas
import Tensors
import Training

/// T^2 KL(softmax(t / T) || softmax(s / T)), the pixel-wise term of "Distilling the Knowledge in a Neural Network" (Hinton et
/// al., 2015) that most segmentation methods share.
///
/// At `labels`, logits are up-sampled to the labels and kept pixels are averaged; each head has the weights that its
/// cross entropy has in the loss: lambda_CE * w_h * weight, the paper's equation (12). At `logits`, the term is a mean
/// over all pixels of the low-resolution logits, ignored ones too, times the weight alone (SKD, IFVD, CD, CIRKD).
public final class PixelWiseTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "pixel_wise",
    parameters: [
      ParameterSchema("temperature", .number(.above(0, upTo: 100))),
      ParameterSchema("at", .choice(["labels", "logits"])),
      ParameterSchema("heads", .choices(["main", "auxiliary"])),
    ], roles: ["teacher"])

  private let weight: Double
  private let temperature: Double
  private let isAtLabels: Bool
  private let heads: Set<String>
  private let loss: SegmentationLoss.Configuration
  private let hasAuxiliary: Bool

  public static let isShared = true
  public var splitting: TermSplitting { isAtLabels ? .exact : .meanOverImages }

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    temperature = parameters.number("temperature")
    isAtLabels = parameters.word("at") == "labels"
    heads = Set(parameters.words("heads"))
    loss = setup.loss
    hasAuxiliary = setup.student.architecture.auxiliaryChannels != nil
  }

  /// The loss head computes one divergence for all heads that the network has.
  public func fuse(into loss: inout SegmentationLoss.Distillation) -> Bool {
    guard isAtLabels, loss.crossEntropyTeacherWeight == 0, heads.contains("main"),
      heads.contains("auxiliary") || !hasAuxiliary
    else { return false }
    loss.crossEntropyTeacherWeight = weight
    loss.temperature = temperature
    return true
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    var value = 0.0
    var gradients: [(Variable, Tensor)] = []
    for head in HeadLogits.allCases where heads.contains(head.rawValue) {
      guard let (student, teacher) = head.of(input) else { continue }
      let part: LossValue
      if isAtLabels {
        part = try atLabels(
          student.value, teacher, input.labels, isMain: head == .main, input.moment.ranks)
      } else {
        try HeadLogits.requireOneSize(head, student, teacher, term: Self.schema.kind)
        part = atLogits(student.value, teacher)
      }
      value += part.value
      gradients.append((student, part.gradient))
    }
    return TermOutput(value: value, gradients: gradients)
  }

  /// One head at full resolution, by the loss head with every other weight at 0.
  private func atLabels(
    _ student: Tensor, _ teacher: Tensor, _ labels: LabelBatch, isMain: Bool, _ ranks: RankGroup?
  ) throws -> LossValue {
    let only = SegmentationLoss(
      SegmentationLoss.Configuration(
        classes: loss.classes, ignoreIndex: loss.ignoreIndex, crossEntropyWeight: loss.crossEntropyWeight,
        mainWeight: isMain ? loss.mainWeight : loss.auxiliaryWeight, auxiliaryWeight: 0, region: nil,
        smoothing: nil,
        distillation: SegmentationLoss.Distillation(
          crossEntropyLabelWeight: 0, crossEntropyTeacherWeight: weight, regionLabelWeight: 0,
          temperature: temperature, jaccard: nil)))
    let result = try only(
      main: student, auxiliary: nil, labels: labels,
      teacher: SegmentationLoss.TeacherLogits(main: teacher, auxiliary: nil), ranks: ranks)
    return LossValue(value: result.total, gradient: result.mainGradient)
  }

  /// - Parameters: `student`, `teacher`: [B, C, h, w] of one size, plain.
  package func atLogits(_ student: Tensor, _ teacher: Tensor) -> LossValue {
    precondition(
      student.shape == teacher.shape,
      "PixelWiseTerm: logits \(student.shape) of the student, \(teacher.shape) of the teacher")
    let shape = student.shape
    let all = PixelMask(
      count: shape[0], height: shape[2], width: shape[3],
      values: [UInt8](repeating: 1, count: shape[0] * shape[2] * shape[3]))
    let target = SoftLabels(distilling: teacher, temperature: temperature, keep: all)
    let term = CrossEntropy.divergence(logits: student, target: target, temperature: temperature)
    let factor = Float(weight)
    let gradient = Tensor(uninitialized: shape)
    withExtendedLifetime((term, gradient)) {
      for index in 0..<shape.count { gradient.pointer[index] = factor * term.gradient.pointer[index] }
    }
    return LossValue(value: weight * term.value, gradient: gradient)
  }
}
