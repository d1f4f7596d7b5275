import Kernels
import Ranks
import Tensors

/// The region terms that the fused head does not know, by their definition: logits are up-sampled, the loss
/// is taken at full resolution, and its gradient goes through the transpose of the up-sampling.
extension SegmentationLoss {
  /// Whether both region terms are functions of what the fused head sums up.
  var isFused: Bool {
    guard configuration.region?.loss.fusible != nil else { return false }
    guard let jaccard = configuration.distillation?.jaccard?.loss else { return true }
    // The head has no argmax of the teacher.
    return jaccard.form == .jml1 && jaccard.active != .present
  }

  /// The second line of the formula, weights included; its gradient is added to `gradient`, [B, C, h, w].
  func regionTerm(
    _ region: Region, _ logits: Tensor, _ teacher: Tensor?, _ batch: SeenBatch, addingTo gradient: Tensor
  ) throws(LossError) -> RegionValues {
    let configuration = configuration
    let labels = batch.labels
    let full = Resize.forward(logits, height: labels.height, width: labels.width)
    let hard = try SoftLabels(labels, classes: configuration.classes, ignoreIndex: configuration.ignoreIndex)
    let target = try configuration.smoothing?.softLabels(labels, boundary: batch.boundary) ?? hard
    let labelWeight = region.weight * (configuration.distillation?.regionLabelWeight ?? 1)
    let byLabel = try value(of: region.loss, full, target, batch.ranks)
    var values: RegionValues = (labelWeight * byLabel.value, 0)
    let sum = Tensor(repeating: 0, shape: full.shape)
    add(byLabel.gradient, times: labelWeight, to: sum)
    if let teacher, let term = configuration.distillation?.jaccard {
      let teacherWeight = region.weight * term.weight
      let soft = SoftLabels(
        distilling: Resize.forward(teacher, height: labels.height, width: labels.width), temperature: 1,
        keep: hard.keep)
      let byTeacher = term.loss.evaluate(full, soft, ranks: batch.ranks)
      values.teacher = teacherWeight * byTeacher.value
      add(byTeacher.gradient, times: teacherWeight, to: sum)
    }
    add(Resize.backward(sum, shape: logits.shape), times: 1, to: gradient)
    return values
  }

  private func value(
    of loss: RegionLoss, _ logits: Tensor, _ target: SoftLabels, _ ranks: RankGroup?
  ) throws(LossError) -> LossValue {
    switch loss {
    case .jaccard(let loss): return loss.evaluate(logits, target, ranks: ranks)
    case .lovasz(let loss):
      // Its errors are sorted, over all images together.
      guard (ranks?.size ?? 1) == 1 else { throw .needsWholeBatch(loss: "Lovasz-Softmax") }
      return try loss(logits: logits, target: target)
    }
  }

  private func add(_ term: Tensor, times weight: Double, to sum: Tensor) {
    let factor = Float(weight)
    withExtendedLifetime((term, sum)) {
      for index in 0..<sum.shape.count { sum.pointer[index] += factor * term.pointer[index] }
    }
  }
}
