import CKernels
import Tensors

/// The Lovász-Softmax loss (Berman, Rannen Triki and Blaschko, "The Lovász-Softmax Loss", CVPR 2018), LSL
/// in Table 10: per class the Lovász extension of the Jaccard loss at the errors |y - p|, averaged over active
/// classes. Hard labels only.
///
/// Sums are over the kept pixels of the whole batch, as in the table; the order of the errors is taken as
/// constant in the gradient. A batch without kept pixels has value 0 and gradient 0.
public struct LovaszSoftmax: Hashable, Sendable {
  /// The paper's runs use the classes present. A class that is active and absent costs its largest
  /// probability.
  public var active: ActiveClasses

  public init(active: ActiveClasses) { self.active = active }

  /// The loss of full-resolution logits, and its gradient by them.
  /// - logits: [B, C, H, W], plain.
  /// - target: one-hot labels of the same shape.
  /// - Throws: `LossError.needsHardLabels`.
  public func callAsFunction(logits: Tensor, target: SoftLabels) throws(LossError) -> LossValue {
    target.checkMatches(logits, "LovaszSoftmax")
    if let pixel = target.firstSoftPixel { throw .needsHardLabels(loss: "Lovasz-Softmax", pixel: pixel) }
    let (batch, classes, pixels) = (logits.shape[0], logits.shape[1], logits.shape[2] * logits.shape[3])
    precondition(batch * pixels < 1 << 32, "LovaszSoftmax: \(batch * pixels) pixels are 2^32 or more")
    let probabilities = Tensor(uninitialized: logits.shape)
    jml_plain_softmax(logits.pointer, batch, classes, pixels, 1, probabilities.pointer)
    let totals = JaccardTotals(probabilities, target).summed
    let chosen = (0..<classes).filter { totals.isActive($0, active) }
    var weights = [Double](repeating: 0, count: classes)
    for c in chosen { weights[c] = 1 / Double(chosen.count) }

    let slopes = Tensor(uninitialized: logits.shape)
    let gradient = Tensor(uninitialized: logits.shape)
    let value = jml_plain_lovasz(
      probabilities.pointer, target.values.pointer, target.keep.values, batch, classes, pixels, weights,
      slopes.pointer)
    jml_plain_chain(
      probabilities.pointer, slopes.pointer, target.keep.values, batch, classes, pixels, gradient.pointer)
    withExtendedLifetime((logits, target.values, probabilities, slopes)) {}
    return LossValue(value: value, gradient: gradient)
  }
}
