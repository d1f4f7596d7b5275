import CKernels
import Tensors

/// Pixel-wise losses of full-resolution logits: means over the kept pixels of the whole batch.
///
/// A batch without kept pixels has value 0 and gradient 0. Differs from the authors' code, where the mean of
/// an empty set makes it NaN.
public enum CrossEntropy {
  /// -log p of the label's class.
  /// - logits: [B, C, H, W], plain.
  /// - Throws: `LossError.labelOutsideClasses`.
  public static func hard(
    logits: Tensor, labels: LabelBatch, ignoreIndex: UInt8
  ) throws(LossError) -> LossValue {
    soft(
      logits: logits, target: try SoftLabels(labels, classes: logits.shape[1], ignoreIndex: ignoreIndex))
  }

  /// -sum over classes of y log p.
  public static func soft(logits: Tensor, target: SoftLabels) -> LossValue {
    evaluate(logits, target, temperature: 1, entropy: false, "CrossEntropy.soft")
  }

  /// T^2 KL(y || p) with p = softmax(logits / T), where y is given and 0 log 0 = 0: what the authors' code
  /// takes as cross entropy for soft labels. At T = 1 it has the gradient of `soft` and another value.
  public static func divergence(logits: Tensor, target: SoftLabels, temperature: Double) -> LossValue {
    precondition(temperature > 0, "CrossEntropy.divergence: temperature \(temperature) is not positive")
    return evaluate(logits, target, temperature: temperature, entropy: true, "CrossEntropy.divergence")
  }

  private static func evaluate(
    _ logits: Tensor, _ target: SoftLabels, temperature: Double, entropy: Bool, _ operation: String
  ) -> LossValue {
    target.checkMatches(logits, operation)
    let gradient = Tensor(uninitialized: logits.shape)
    let kept = target.keep.values.count { $0 != 0 }
    let scale = temperature * temperature / Double(max(kept, 1))
    let sum = jml_plain_cross_entropy(
      logits.pointer, target.values.pointer, target.keep.values, logits.shape[0], logits.shape[1],
      logits.shape[2] * logits.shape[3], Float(temperature), entropy ? 1 : 0, scale, gradient.pointer)
    withExtendedLifetime((logits, target.values)) {}
    return LossValue(value: scale * sum, gradient: gradient)
  }
}
