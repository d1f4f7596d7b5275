import CKernels
import Ranks
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
///
/// Where ranks share the batch, kept pixels are counted and the sums of every image are exchanged before the ratio is taken:
/// values are those of the whole batch on every rank, and the gradients of all ranks' images are those of one process.
public struct SegmentationLoss: Sendable {
  /// Every weight of the formula. There are no defaults: values come from the experiment.
  public struct Configuration: Hashable, Sendable {
    public var classes: Int
    /// Label of pixels that are left out of everything.
    public var ignoreIndex: UInt8
    /// l_CE.
    public var crossEntropyWeight: Double
    /// w of the main head.
    public var mainWeight: Double
    /// w of the auxiliary head.
    public var auxiliaryWeight: Double
    /// The second line of the formula; nil for cross entropy alone.
    public var region: Region?
    /// How the label is smoothed; nil for hard labels.
    public var smoothing: BoundaryLabelSmoothing?
    /// nil to train on labels alone.
    public var distillation: Distillation?

    public init(
      classes: Int, ignoreIndex: UInt8, crossEntropyWeight: Double, mainWeight: Double,
      auxiliaryWeight: Double, region: Region?, smoothing: BoundaryLabelSmoothing?,
      distillation: Distillation?
    ) {
      precondition(
        distillation?.jaccard == nil || region != nil,
        "SegmentationLoss: a region loss against the teacher has the weight of the one against labels; there is none"
      )
      precondition(
        (1...255).contains(classes), "SegmentationLoss: labels hold 1 to 255 classes, not \(classes)")
      precondition(
        smoothing.map { $0.classes == classes && $0.ignoreIndex == ignoreIndex } ?? true,
        "SegmentationLoss: label smoothing is for other classes or another ignore index")
      self.classes = classes
      self.ignoreIndex = ignoreIndex
      self.crossEntropyWeight = crossEntropyWeight
      self.mainWeight = mainWeight
      self.auxiliaryWeight = auxiliaryWeight
      self.region = region
      self.smoothing = smoothing
      self.distillation = distillation
    }
  }

  /// The region term against labels.
  public struct Region: Hashable, Sendable {
    /// l_JML.
    public var weight: Double
    /// JML(z, y).
    public var loss: RegionLoss

    public init(weight: Double, loss: RegionLoss) {
      self.weight = weight
      self.loss = loss
    }
  }

  /// Knowledge distillation from a teacher's two heads to the student's, as far as it has the form of the label terms.
  public struct Distillation: Hashable, Sendable {
    /// mu_L.
    public var crossEntropyLabelWeight: Double
    /// mu_T; 0 without that term.
    public var crossEntropyTeacherWeight: Double
    /// nu_L.
    public var regionLabelWeight: Double
    /// T, in the KL terms alone; the Jaccard loss compares probabilities at temperature 1.
    public var temperature: Double
    /// nil: the region loss sees labels alone.
    public var jaccard: JaccardTerm?

    /// nu_T JML(z, t).
    public struct JaccardTerm: Hashable, Sendable {
      /// nu_T.
      public var weight: Double
      /// The paper's active classes here are `label` (Table 7).
      public var loss: JaccardMetricLoss

      public init(weight: Double, loss: JaccardMetricLoss) {
        self.weight = weight
        self.loss = loss
      }
    }

    public init(
      crossEntropyLabelWeight: Double, crossEntropyTeacherWeight: Double, regionLabelWeight: Double,
      temperature: Double, jaccard: JaccardTerm?
    ) {
      precondition(temperature > 0, "Distillation: temperature \(temperature) is not positive")
      self.crossEntropyLabelWeight = crossEntropyLabelWeight
      self.crossEntropyTeacherWeight = crossEntropyTeacherWeight
      self.regionLabelWeight = regionLabelWeight
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

  /// The loss by its terms, weights included.
  public struct Result: Sendable {
    /// L, the sum of all terms.
    public var total: Double { crossEntropy + divergence + region + teacherRegion }
    /// Against labels, all heads.
    public let crossEntropy: Double
    /// KL against the teacher, all heads; 0 without distillation.
    public let divergence: Double
    /// JML(z, y) or another region loss.
    public let region: Double
    /// JML(z, t); 0 without distillation.
    public let teacherRegion: Double
    /// Pixels of the whole batch that are not ignored.
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
  ///   - whole: the labels that borders between classes are looked for in, [B, H, W], where `labels` leaves out pixels that
  ///     are not to hinder smoothing; nil: `labels` itself.
  ///   - ranks: who has the other images of the batch; nil: there are no others.
  /// - Throws: `LossError.labelOutsideClasses`, and `.onOtherRank` on the other ranks; `.needsHardLabels` for
  ///   Lovász-Softmax with smoothed labels, `.needsWholeBatch` for it among ranks.
  public func callAsFunction(
    main: Tensor, auxiliary: Tensor?, labels: LabelBatch, teacher: TeacherLogits?,
    bordersOf whole: LabelBatch? = nil, ranks: RankGroup? = nil
  ) throws(LossError) -> Result {
    precondition(
      (teacher != nil) == (configuration.distillation != nil),
      "SegmentationLoss: \(teacher == nil ? "no teacher to distil" : "a teacher without distillation")"
    )
    precondition(
      teacher == nil || auxiliary == nil || teacher?.auxiliary != nil,
      "SegmentationLoss: the student's auxiliary head needs the teacher's")
    precondition(
      whole.map { [$0.count, $0.height, $0.width] == [labels.count, labels.height, labels.width] } ?? true,
      "SegmentationLoss: borders of other labels than [\(labels.count), \(labels.height), \(labels.width)]")
    let boundary = configuration.smoothing?.boundary(whole ?? labels)
    let batch = try SeenBatch(labels, boundary, configuration, ranks)

    let mainTerm = try evaluate(
      main, teacher?.main, batch, weight: configuration.mainWeight, region: configuration.region)
    var auxiliaryTerm: HeadTerm?
    if let auxiliary {
      auxiliaryTerm = try evaluate(
        auxiliary, teacher?.auxiliary, batch, weight: configuration.auxiliaryWeight, region: nil)
    }
    return Result(
      crossEntropy: mainTerm.crossEntropy + (auxiliaryTerm?.crossEntropy ?? 0),
      divergence: mainTerm.divergence + (auxiliaryTerm?.divergence ?? 0), region: mainTerm.region.label,
      teacherRegion: mainTerm.region.teacher, keptPixels: batch.kept, mainGradient: mainTerm.gradient,
      auxiliaryGradient: auxiliaryTerm?.gradient)
  }

  /// Values of the region line, weights included.
  typealias RegionValues = (label: Double, teacher: Double)

  /// Labels, and what was counted of them.
  struct SeenBatch {
    let labels: LabelBatch
    let boundary: PixelMask?
    /// Of `labels`.
    let counts: LabelCounts
    /// Of all ranks.
    let kept: Int
    let ranks: RankGroup?

    init(
      _ labels: LabelBatch, _ boundary: PixelMask?, _ configuration: Configuration, _ ranks: RankGroup?
    ) throws(LossError) {
      self.labels = labels
      self.boundary = boundary
      self.ranks = ranks
      let own: Swift.Result<LabelCounts, LossError>
      do throws(LossError) {
        own = .success(
          try LabelCounts(
            labels, boundary: boundary, classes: configuration.classes,
            ignoreIndex: configuration.ignoreIndex))
      } catch {
        own = .failure(error)
      }
      guard let ranks else {
        counts = try own.get()
        kept = counts.kept
        return
      }
      ranks.check(images: labels.count, "SegmentationLoss")
      // Nobody is left waiting for a rank that cannot go on.
      let said = (try? own.get()).map { Double($0.kept) } ?? -1
      let kept = ranks.communicator.gather([said]).map { $0[0] }
      counts = try own.get()
      if let bad = kept.firstIndex(where: { $0 < 0 }) { throw .onOtherRank(bad) }
      self.kept = Int(kept.reduce(0, +))
    }

    /// Of numbers of every image of the whole batch, as many of each, those of `labels`.
    func own(_ numbers: [Float]) -> [Float] {
      guard let ranks else { return numbers }
      let each = numbers.count / ranks.batch
      return Array(numbers[ranks.slots.lowerBound * each..<ranks.slots.upperBound * each])
    }

    /// Sums over the images of all ranks.
    func sum(_ own: [Double]) -> [Double] { ranks?.communicator.sum(own) ?? own }
  }

  private struct HeadTerm {
    let crossEntropy: Double
    let divergence: Double
    let region: RegionValues
    let gradient: Tensor
  }

  /// One head's share of the loss.
  private func evaluate(
    _ logits: Tensor, _ teacher: Tensor?, _ batch: SeenBatch, weight: Double, region: Region?
  ) throws(LossError) -> HeadTerm {
    let labels = batch.labels
    check(logits, labels, "logits")
    if let teacher { check(teacher, labels, "teacher logits") }
    let configuration = configuration
    let distillation = configuration.distillation
    guard batch.kept > 0 else {
      return HeadTerm(
        crossEntropy: 0, divergence: 0, region: (0, 0), gradient: Tensor(repeating: 0, shape: logits.shape))
    }

    let scale = configuration.crossEntropyWeight * weight / Double(batch.kept)
    let labelScale = scale * (distillation?.crossEntropyLabelWeight ?? 1)
    let teacherScale = scale * (distillation?.crossEntropyTeacherWeight ?? 0)
    let gradient = Tensor(uninitialized: logits.shape)
    var sums = [0.0, 0.0]
    var regionValues: RegionValues = (0, 0)
    let head = FusedHead(
      logits: logits, teacher: teacher, labels: labels, boundary: batch.boundary,
      epsilon: configuration.smoothing?.epsilon ?? 0, ignoreIndex: configuration.ignoreIndex,
      temperature: distillation?.temperature ?? 1)
    if let region, isFused, let fusible = region.loss.fusible {
      let active = [fusible.active, distillation?.jaccard?.loss.active].compactMap { $0 }
      let totals = head.totals(
        batch.counts, maxima: teacher != nil || active.contains { $0.looksAtProbabilities }, sums: &sums)
      let slopes = jaccardSlopes(
        fusible, weight: region.weight,
        (totals.label.ofWholeBatch(batch.ranks), totals.teacher?.ofWholeBatch(batch.ranks)))
      regionValues = slopes.values
      head.gradient(
        into: gradient, coefficients: batch.own(slopes.coefficients), crossEntropy: labelScale,
        divergence: teacherScale, sums: nil)
    } else {
      sums.withUnsafeMutableBufferPointer { buffer in
        head.gradient(
          into: gradient, coefficients: nil, crossEntropy: labelScale, divergence: teacherScale,
          sums: buffer.baseAddress)
      }
      if let region {
        regionValues = try regionTerm(region, logits, teacher, batch, addingTo: gradient)
      }
    }
    sums = batch.sum(sums)
    return HeadTerm(
      crossEntropy: labelScale * sums[0], divergence: teacher == nil ? 0 : teacherScale * sums[1],
      region: regionValues, gradient: gradient)
  }

  /// The Jaccard line of the formula and its derivatives by the sums of p, |p - y| and |p - t|, [B, C, 3].
  private func jaccardSlopes(
    _ loss: JaccardMetricLoss, weight: Double, _ totals: (label: JaccardTotals, teacher: JaccardTotals?)
  ) -> (values: RegionValues, coefficients: [Float]) {
    let distillation = configuration.distillation
    let labelWeight = weight * (distillation?.regionLabelWeight ?? 1)
    let byLabel = loss.slopes(totals.label)
    var values: RegionValues = (labelWeight * byLabel.value, 0)
    var coefficients = [Float](repeating: 0, count: totals.label.batch * totals.label.classes * 3)
    var byProbability = byLabel.byProbability.map { labelWeight * $0 }
    for index in byProbability.indices {
      coefficients[index * 3 + 1] = Float(labelWeight * byLabel.byDistance[index])
    }
    if let term = distillation?.jaccard, let teacher = totals.teacher {
      let teacherWeight = weight * term.weight
      let byTeacher = term.loss.slopes(teacher)
      values.teacher = teacherWeight * byTeacher.value
      for index in byProbability.indices {
        byProbability[index] += teacherWeight * byTeacher.byProbability[index]
        coefficients[index * 3 + 2] = Float(teacherWeight * byTeacher.byDistance[index])
      }
    }
    for index in byProbability.indices { coefficients[index * 3] = Float(byProbability[index]) }
    return (values, coefficients)
  }

  private func check(_ tensor: Tensor, _ labels: LabelBatch, _ name: String) {
    precondition(
      tensor.layout == .plain && tensor.shape.rank == 4 && tensor.shape[0] == labels.count
        && tensor.shape[1] == configuration.classes && tensor.shape[2] > 0 && tensor.shape[3] > 0,
      "SegmentationLoss: \(name) \(tensor.shape) (\(tensor.layout)) for labels "
        + "[\(labels.count), \(labels.height), \(labels.width)] and \(configuration.classes) classes")
  }
}
