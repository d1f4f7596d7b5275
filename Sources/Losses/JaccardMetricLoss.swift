import CKernels
import Tensors

/// The Jaccard metric loss JML1 ("Jaccard Metric Losses", equation 7), in the Tversky form of the authors'
/// code.
///
/// With S_p and S_y the sums of probabilities and labels over kept pixels and D the sum of |p - y|, for each
/// class
///
///     tp = (S_p + S_y - D) / 2,   fp = S_p - tp,   fn = S_y - tp
///     loss = 1 - (tp + smooth) / (tp + alpha fp + beta fn + smooth)
///
/// averaged over active classes. alpha = beta = 1 gives the Jaccard, alpha = beta = 1/2 the Dice loss. At p =
/// y the derivative of |p - y| is taken as 0, as automatic differentiation does.
///
/// A class for which the ratio is 0/0 (only possible with smooth = 0) has loss 0 and no gradient.
public struct JaccardMetricLoss: Hashable, Sendable {
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

  /// Weight of false positives.
  public var alpha: Double
  /// Weight of false negatives.
  public var beta: Double
  /// Added to numerator and denominator, in pixels. The paper's runs use 1; the authors' later default is
  /// 1e-3.
  public var smooth: Double
  public var averaging: Averaging
  public var active: ActiveClasses

  public init(alpha: Double, beta: Double, smooth: Double, averaging: Averaging, active: ActiveClasses) {
    precondition(
      alpha >= 0 && beta >= 0 && smooth >= 0,
      "JaccardMetricLoss: alpha \(alpha), beta \(beta) and smooth \(smooth) must not be negative")
    self.alpha = alpha
    self.beta = beta
    self.smooth = smooth
    self.averaging = averaging
    self.active = active
  }

  /// The loss of full-resolution logits, and its gradient by them.
  /// - logits: [B, C, H, W], plain.
  /// - target: soft labels of the same shape; its mask says which pixels are kept.
  public func callAsFunction(logits: Tensor, target: SoftLabels) -> LossValue {
    target.checkMatches(logits, "JaccardMetricLoss")
    let batch = logits.shape[0]
    let classes = logits.shape[1]
    let pixels = logits.shape[2] * logits.shape[3]
    let probabilities = Tensor(uninitialized: logits.shape)
    let gradient = Tensor(uninitialized: logits.shape)
    let width = Int(jml_plain_total_count.rawValue)
    var raw = [Double](repeating: 0, count: batch * classes * width)
    jml_plain_softmax(logits.pointer, batch, classes, pixels, 1, probabilities.pointer)
    jml_plain_totals(
      probabilities.pointer, target.values.pointer, target.keep.values, batch, classes, pixels, &raw)

    func column(_ field: jml_plain_total) -> [Double] {
      stride(from: Int(field.rawValue), to: raw.count, by: width).map { raw[$0] }
    }
    var totals = JaccardTotals(batch: batch, classes: classes)
    totals.probability = column(jml_plain_probability)
    totals.label = column(jml_plain_target)
    totals.distance = column(jml_plain_distance)
    totals.maxProbability = column(jml_plain_max_probability)
    totals.maxLabel = column(jml_plain_max_target)
    totals.maxSum = column(jml_plain_max_sum)

    let slopes = self.slopes(totals)
    let coefficients = zip(slopes.byProbability, slopes.byDistance).flatMap { [$0, $1] }
    jml_plain_gradient(
      probabilities.pointer, target.values.pointer, target.keep.values, batch, classes, pixels, coefficients,
      gradient.pointer)
    withExtendedLifetime((logits, target.values, probabilities)) {}
    return LossValue(value: slopes.value, gradient: gradient)
  }

  /// The loss as a function of the totals, with its derivatives.
  func slopes(_ totals: JaccardTotals) -> JaccardSlopes {
    let classes = totals.classes
    let count = totals.batch * classes
    var result = JaccardSlopes(count: count)

    if averaging.perDataset != 0 {
      let sum = totals.summed
      let active = (0..<classes).filter { sum.isActive($0, self.active) }
      for c in active {
        let term = self.term(sum, c)
        let weight = averaging.perDataset / Double(active.count)
        result.value += weight * term.value
        for index in stride(from: c, to: count, by: classes) {
          result.byProbability[index] += weight * term.byProbability
          result.byDistance[index] += weight * term.byDistance
        }
      }
    }

    guard averaging.perImage != 0 || averaging.perClass != 0 else { return result }
    let active = (0..<count).map { totals.isActive($0, self.active) }
    let perImage = (0..<totals.batch).map { b in (0..<classes).count { active[b * classes + $0] } }
    let perClass = (0..<classes).map { c in (0..<totals.batch).count { active[$0 * classes + c] } }
    let images = Double(perImage.count { $0 > 0 })
    let present = Double(perClass.count { $0 > 0 })
    for index in 0..<count where active[index] {
      let term = self.term(totals, index)
      let weight =
        averaging.perImage / (images * Double(perImage[index / classes]))
        + averaging.perClass / (present * Double(perClass[index % classes]))
      result.value += weight * term.value
      result.byProbability[index] += weight * term.byProbability
      result.byDistance[index] += weight * term.byDistance
    }
    return result
  }

  /// One ratio: 1 - (tp + s) / V with V = tp + alpha fp + beta fn + s, written in S_p, S_y and D.
  private func term(
    _ totals: JaccardTotals, _ index: Int
  ) -> (value: Double, byProbability: Double, byDistance: Double) {
    let sums = totals.probability[index] + totals.label[index]
    let truePositives = (sums - totals.distance[index]) / 2
    let rest = 1 - alpha - beta
    let denominator =
      rest * truePositives + alpha * totals.probability[index] + beta * totals.label[index] + smooth
    guard denominator > 0 || denominator.isNaN else { return (0, 0, 0) }
    let ratio = (truePositives + smooth) / denominator
    // d tp = (dS_p - dD) / 2 and d V = rest d tp + alpha dS_p.
    let byTruePositives = (1 - ratio * rest) / denominator
    return (
      value: 1 - ratio, byProbability: ratio * alpha / denominator - byTruePositives / 2,
      byDistance: byTruePositives / 2
    )
  }
}
