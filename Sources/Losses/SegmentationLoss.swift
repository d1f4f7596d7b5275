import CKernels
import Tensors

/// The training loss of a segmentation network, from its low-resolution logits.
///
/// With z the logits of a head up-sampled to the labels (bilinear, half-pixel centres, clamped at the
/// border), p and t the softmax of the student's and of the teacher's, y the (possibly boundary-smoothed)
/// label:
///
///     L = l_CE  * sum over heads h of w_h (mu_L CE(z_h, y) + mu_T T^2 KL(t_h || p_h))
///       + l_JML * (nu_L JML(z, y) + nu_T JML(z, t))
///
/// where JML is the region loss: JML1 in the paper's main tables, the losses of Table 10, or another.
///
/// Cross entropies are means over the kept pixels of the whole batch; where the label is smoothed CE is the
/// KL form, which has the same gradient. The Jaccard loss is on the main head alone and is not multiplied by
/// its weight. Without distillation mu_L = nu_L = 1. These are the weights of the authors' code; the paper's
/// equations 10 to 13 leave out the auxiliary head.
///
/// A batch without kept pixels has loss 0 and gradient 0. Differs from the authors' code, where CE is then
/// NaN.
///
/// With JML1, neither full-resolution logits nor probabilities ever exist: the first pass over row tiles sums
/// what the Jaccard loss needs, the second computes the same tiles again and scatters the gradient through
/// the transpose of the interpolation. Other region losses take the slower way over full resolution. The bits
/// of the result do not depend on the number of threads.
public struct SegmentationLoss: Sendable {
  /// Every weight of the formula. There are no defaults: values come from the experiment.
  public struct Configuration: Hashable, Sendable {
    public var classes: Int
    /// Label of pixels that are left out of everything.
    public var ignoreIndex: UInt8
    /// l_CE.
    public var crossEntropyWeight: Double
    /// l_JML; 0 saves the first pass.
    public var jaccardWeight: Double
    /// w of the main head.
    public var mainWeight: Double
    /// w of the auxiliary head.
    public var auxiliaryWeight: Double
    /// JML(z, y).
    public var region: RegionLoss
    /// How the label is smoothed; nil for hard labels.
    public var smoothing: BoundaryLabelSmoothing?
    /// nil to train on labels alone.
    public var distillation: Distillation?

    public init(
      classes: Int, ignoreIndex: UInt8, crossEntropyWeight: Double, jaccardWeight: Double, mainWeight: Double,
      auxiliaryWeight: Double, region: RegionLoss, smoothing: BoundaryLabelSmoothing?,
      distillation: Distillation?
    ) {
      precondition(
        (1...255).contains(classes), "SegmentationLoss: labels hold 1 to 255 classes, not \(classes)")
      precondition(
        smoothing.map { $0.classes == classes && $0.ignoreIndex == ignoreIndex } ?? true,
        "SegmentationLoss: label smoothing is for other classes or another ignore index")
      self.classes = classes
      self.ignoreIndex = ignoreIndex
      self.crossEntropyWeight = crossEntropyWeight
      self.jaccardWeight = jaccardWeight
      self.mainWeight = mainWeight
      self.auxiliaryWeight = auxiliaryWeight
      self.region = region
      self.smoothing = smoothing
      self.distillation = distillation
    }
  }

  /// Knowledge distillation from a teacher's two heads to the student's.
  public struct Distillation: Hashable, Sendable {
    /// mu_L.
    public var crossEntropyLabelWeight: Double
    /// mu_T.
    public var crossEntropyTeacherWeight: Double
    /// nu_L.
    public var jaccardLabelWeight: Double
    /// nu_T.
    public var jaccardTeacherWeight: Double
    /// T, in the KL terms alone; the Jaccard loss compares probabilities at temperature 1.
    public var temperature: Double
    /// JML(z, t). The paper's active classes here are `label` (Table 7).
    public var jaccard: JaccardMetricLoss

    public init(
      crossEntropyLabelWeight: Double, crossEntropyTeacherWeight: Double, jaccardLabelWeight: Double,
      jaccardTeacherWeight: Double, temperature: Double, jaccard: JaccardMetricLoss
    ) {
      precondition(temperature > 0, "Distillation: temperature \(temperature) is not positive")
      self.crossEntropyLabelWeight = crossEntropyLabelWeight
      self.crossEntropyTeacherWeight = crossEntropyTeacherWeight
      self.jaccardLabelWeight = jaccardLabelWeight
      self.jaccardTeacherWeight = jaccardTeacherWeight
      self.temperature = temperature
      self.jaccard = jaccard
    }
  }

  /// A teacher's low-resolution logits for the same crops, [B, C, h', w'], plain, of any size.
  public struct TeacherLogits: Sendable {
    public var main: Tensor
    /// Distilled to the student's auxiliary head; needed if the student has one.
    public var auxiliary: Tensor?

    public init(main: Tensor, auxiliary: Tensor?) {
      self.main = main
      self.auxiliary = auxiliary
    }
  }

  public struct Result: Sendable {
    /// L = crossEntropy + jaccard.
    public let total: Double
    /// The first line of the formula, weights included.
    public let crossEntropy: Double
    /// The second line of the formula, weights included.
    public let jaccard: Double
    /// Pixels of the batch that are not ignored.
    public let keptPixels: Int
    /// dL / d(main logits), [B, C, h, w], plain.
    public let mainGradient: Tensor
    /// dL / d(auxiliary logits), plain; nil without an auxiliary head.
    public let auxiliaryGradient: Tensor?
  }

  public let configuration: Configuration

  public init(_ configuration: Configuration) { self.configuration = configuration }

  /// - Parameters:
  ///   - main: low-resolution logits, [B, C, h, w], plain.
  ///   - auxiliary: those of the auxiliary head, of any size; nil if the network has none.
  ///   - labels: [B, H, W]; decides the resolution of the loss.
  ///   - teacher: given if and only if the configuration distils.
  /// - Throws: `LossError.labelOutsideClasses`; `.needsHardLabels` for Lovász-Softmax with smoothed labels.
  public func callAsFunction(
    main: Tensor, auxiliary: Tensor?, labels: LabelBatch, teacher: TeacherLogits?
  ) throws(LossError) -> Result {
    precondition(
      (teacher != nil) == (configuration.distillation != nil),
      "SegmentationLoss: \(teacher == nil ? "no teacher to distil" : "a teacher without distillation")"
    )
    precondition(
      teacher == nil || auxiliary == nil || teacher?.auxiliary != nil,
      "SegmentationLoss: the student's auxiliary head needs the teacher's")
    let boundary = configuration.smoothing?.boundary(labels)
    let counts = try LabelCounts(
      labels, boundary: boundary, classes: configuration.classes, ignoreIndex: configuration.ignoreIndex)

    let mainTerm = try evaluate(
      main, teacher?.main, labels, boundary, counts, weight: configuration.mainWeight,
      jaccard: configuration.jaccardWeight != 0)
    var auxiliaryTerm: HeadTerm?
    if let auxiliary {
      auxiliaryTerm = try evaluate(
        auxiliary, teacher?.auxiliary, labels, boundary, counts, weight: configuration.auxiliaryWeight,
        jaccard: false)
    }
    let crossEntropy = mainTerm.crossEntropy + (auxiliaryTerm?.crossEntropy ?? 0)
    return Result(
      total: crossEntropy + mainTerm.jaccard, crossEntropy: crossEntropy, jaccard: mainTerm.jaccard,
      keptPixels: counts.kept, mainGradient: mainTerm.gradient, auxiliaryGradient: auxiliaryTerm?.gradient)
  }

  private struct HeadTerm {
    let crossEntropy: Double
    let jaccard: Double
    let gradient: Tensor
  }

  /// One head's share of the loss.
  private func evaluate(
    _ logits: Tensor, _ teacher: Tensor?, _ labels: LabelBatch, _ boundary: PixelMask?, _ counts: LabelCounts,
    weight: Double, jaccard: Bool
  ) throws(LossError) -> HeadTerm {
    check(logits, labels, "logits")
    if let teacher { check(teacher, labels, "teacher logits") }
    let configuration = configuration
    let distillation = configuration.distillation
    guard counts.kept > 0 else {
      return HeadTerm(crossEntropy: 0, jaccard: 0, gradient: Tensor(repeating: 0, shape: logits.shape))
    }

    let scale = configuration.crossEntropyWeight * weight / Double(counts.kept)
    let labelScale = scale * (distillation?.crossEntropyLabelWeight ?? 1)
    let teacherScale = scale * (distillation?.crossEntropyTeacherWeight ?? 0)
    let gradient = Tensor(uninitialized: logits.shape)
    var sums = [0.0, 0.0]
    var jaccardValue = 0.0
    let head = FusedHead(
      logits: logits, teacher: teacher, labels: labels, boundary: boundary,
      epsilon: configuration.smoothing?.epsilon ?? 0, ignoreIndex: configuration.ignoreIndex,
      temperature: distillation?.temperature ?? 1)
    if jaccard, isFused, let fusible = configuration.region.fusible {
      let active = [fusible.active, distillation?.jaccard.active].compactMap { $0 }
      let totals = head.totals(
        counts, maxima: teacher != nil || active.contains { $0.looksAtProbabilities }, sums: &sums)
      let slopes = jaccardSlopes(fusible, totals)
      jaccardValue = slopes.value
      head.gradient(
        into: gradient, coefficients: slopes.coefficients, crossEntropy: labelScale, divergence: teacherScale,
        sums: nil)
    } else {
      sums.withUnsafeMutableBufferPointer { buffer in
        head.gradient(
          into: gradient, coefficients: nil, crossEntropy: labelScale, divergence: teacherScale,
          sums: buffer.baseAddress)
      }
      if jaccard { jaccardValue = try regionTerm(logits, teacher, labels, addingTo: gradient) }
    }
    return HeadTerm(
      crossEntropy: labelScale * sums[0] + teacherScale * sums[1], jaccard: jaccardValue, gradient: gradient)
  }

  /// The Jaccard line of the formula and its derivatives by the sums of p, |p - y| and |p - t|, [B, C, 3].
  private func jaccardSlopes(
    _ loss: JaccardMetricLoss, _ totals: (label: JaccardTotals, teacher: JaccardTotals?)
  ) -> (value: Double, coefficients: [Float]) {
    let weight = configuration.jaccardWeight
    let distillation = configuration.distillation
    let labelWeight = weight * (distillation?.jaccardLabelWeight ?? 1)
    let byLabel = loss.slopes(totals.label)
    var value = labelWeight * byLabel.value
    var coefficients = [Float](repeating: 0, count: totals.label.batch * totals.label.classes * 3)
    var byProbability = byLabel.byProbability.map { labelWeight * $0 }
    for index in byProbability.indices {
      coefficients[index * 3 + 1] = Float(labelWeight * byLabel.byDistance[index])
    }
    if let distillation, let teacher = totals.teacher {
      let teacherWeight = weight * distillation.jaccardTeacherWeight
      let byTeacher = distillation.jaccard.slopes(teacher)
      value += teacherWeight * byTeacher.value
      for index in byProbability.indices {
        byProbability[index] += teacherWeight * byTeacher.byProbability[index]
        coefficients[index * 3 + 2] = Float(teacherWeight * byTeacher.byDistance[index])
      }
    }
    for index in byProbability.indices { coefficients[index * 3] = Float(byProbability[index]) }
    return (value, coefficients)
  }

  private func check(_ tensor: Tensor, _ labels: LabelBatch, _ name: String) {
    precondition(
      tensor.layout == .plain && tensor.shape.rank == 4 && tensor.shape[0] == labels.count
        && tensor.shape[1] == configuration.classes && tensor.shape[2] > 0 && tensor.shape[3] > 0,
      "SegmentationLoss: \(name) \(tensor.shape) (\(tensor.layout)) for labels "
        + "[\(labels.count), \(labels.height), \(labels.width)] and \(configuration.classes) classes")
  }
}
