import CKernels
import Ranks
import Tensors

/// The region losses of "Jaccard Metric Losses", in the Tversky form of the authors' code: JML1 (equation 7),
/// JML2 (equation 8), and the soft Jaccard losses SJL-L1 and SJL-L2 that they are compared with (Table 10).
///
/// For each class, with p the probabilities and y the labels of the kept pixels, every form has an overlap
/// `tp` and what prediction and label have beyond it, `fp` and `fn` (sums over pixels):
///
///     form     tp            fp               fn
///     JML1     min(p, y)     max(p - y, 0)    max(y - p, 0)
///     JML2     p y           max(p - y, 0)    max(y - p, 0)
///     SJL-L1   p y           p - p y          y - p y
///     SJL-L2   p y           p p - p y        y y - p y
///
///     ratio = (tp + smooth) / (tp + alpha fp + beta fn + smooth)
///     loss  = 1 - ratio,   or -log(ratio),   to the power gamma, times the class's weight
///
/// averaged over active classes. alpha = beta = 1 gives the Jaccard, alpha = beta = 1/2 the Dice loss; other
/// values the Tversky loss. On hard labels JML1, JML2 and SJL-L1 are one function (Theorem 2.3), and JML1 is
/// never above JML2, since min(p, y) >= p y (Theorem H.2). At p = y the derivative of |p - y| is taken as 0,
/// as automatic differentiation does.
///
/// A class for which the ratio is 0/0 (only possible with smooth = 0) has loss 0 and no gradient.
public struct JaccardMetricLoss: Hashable, Sendable {
  public enum Form: String, CaseIterable, Hashable, Sendable {
    case jml1, jml2
    case sjlL1 = "sjl-l1"
    case sjlL2 = "sjl-l2"
  }

  /// Weights of the three ways to take the sums. The paper trains with `perDataset` alone.
  public struct Averaging: Hashable, Sendable {
    /// Sums over the batch, then a mean over active classes.
    public var perDataset: Double
    /// A mean over the active classes of each image, then over the images that have any.
    public var perImage: Double
    /// A mean over the images in which a class is active, then over the classes active in any.
    public var perClass: Double

    public init(perDataset: Double, perImage: Double, perClass: Double) {
      self.perDataset = perDataset
      self.perImage = perImage
      self.perClass = perClass
    }

    /// Sums over the batch only (mIoU^D).
    public static let dataset = Averaging(perDataset: 1, perImage: 0, perClass: 0)
  }

  public var form: Form
  /// Weight of false positives.
  public var alpha: Double
  /// Weight of false negatives.
  public var beta: Double
  /// Added to numerator and denominator, in pixels. The paper's runs use 1; the authors' later default is
  /// 1e-3.
  public var smooth: Double
  public var averaging: Averaging
  public var active: ActiveClasses
  /// -log(ratio) in place of 1 - ratio. With smooth = 0 it is infinite without overlap.
  public var isLogarithmic: Bool
  /// At least 1; above, classes with a large loss count more.
  public var gamma: Double
  /// [C], a factor on each class's loss before the mean over active classes, which they do not normalise; nil
  /// for 1.
  public var classWeights: [Double]?

  public init(
    form: Form = .jml1, alpha: Double, beta: Double, smooth: Double, averaging: Averaging,
    active: ActiveClasses, isLogarithmic: Bool = false, gamma: Double = 1, classWeights: [Double]? = nil
  ) {
    precondition(
      alpha >= 0 && beta >= 0 && smooth >= 0,
      "JaccardMetricLoss: alpha \(alpha), beta \(beta) and smooth \(smooth) must not be negative")
    precondition(gamma >= 1, "JaccardMetricLoss: gamma \(gamma) is below 1")
    precondition(
      classWeights?.allSatisfy { $0 >= 0 && $0.isFinite } ?? true,
      "JaccardMetricLoss: class weights \(classWeights ?? []) must be finite and not negative")
    self.form = form
    self.alpha = alpha
    self.beta = beta
    self.smooth = smooth
    self.averaging = averaging
    self.active = active
    self.isLogarithmic = isLogarithmic
    self.gamma = gamma
    self.classWeights = classWeights
  }

  /// The loss of full-resolution logits, and its gradient by them.
  /// - logits: [B, C, H, W], plain.
  /// - target: soft labels of the same shape; its mask says which pixels are kept.
  public func callAsFunction(logits: Tensor, target: SoftLabels) -> LossValue {
    evaluate(logits, target, ranks: nil)
  }

  /// - Parameter ranks: who has the other images of the batch: the value is that of the whole, the gradient that of this
  ///   rank's share.
  func evaluate(_ logits: Tensor, _ target: SoftLabels, ranks: RankGroup?) -> LossValue {
    target.checkMatches(logits, "JaccardMetricLoss")
    let batch = logits.shape[0]
    let classes = logits.shape[1]
    let pixels = logits.shape[2] * logits.shape[3]
    let probabilities = Tensor(uninitialized: logits.shape)
    let gradient = Tensor(uninitialized: logits.shape)
    jml_plain_softmax(logits.pointer, batch, classes, pixels, 1, probabilities.pointer)
    let slopes = self.slopes(JaccardTotals(probabilities, target).ofWholeBatch(ranks))
    let first = (ranks?.slots.lowerBound ?? 0) * classes
    let coefficients = (first..<first + batch * classes).flatMap {
      [slopes.byProbability[$0], slopes.byDistance[$0], slopes.byProduct[$0], slopes.bySquare[$0]]
    }
    jml_plain_gradient(
      probabilities.pointer, target.values.pointer, target.keep.values, batch, classes, pixels, coefficients,
      gradient.pointer)
    withExtendedLifetime((logits, target.values, probabilities)) {}
    return LossValue(value: slopes.value, gradient: gradient)
  }

  /// The loss of one class as a function of two vectors, in double precision: what the paper's theorems and
  /// figures are about.
  /// - prediction, label: [pixels], 0...1.
  /// - Returns: the value, and its gradient by the prediction, [pixels].
  public func ofClass(prediction: [Double], label: [Double]) -> (value: Double, gradient: [Double]) {
    precondition(
      prediction.count == label.count,
      "JaccardMetricLoss.ofClass: \(prediction.count) predictions, \(label.count) labels")
    var totals = JaccardTotals(batch: 1, classes: 1)
    for (x, y) in zip(prediction, label) {
      totals.probability[0] += x
      totals.label[0] += y
      totals.distance[0] += abs(x - y)
      totals.product[0] += x * y
      totals.square[0] += x * x
      totals.labelSquare[0] += y * y
    }
    let term = self.term(totals, 0)
    let gradient = zip(prediction, label).map { x, y in
      let sign: Double = x > y ? 1 : x < y ? -1 : 0
      return term.byProbability + term.byDistance * sign + term.byProduct * y + term.bySquare * 2 * x
    }
    return (term.value, gradient)
  }
}
