import CKernels
import Foundation
import Losses
import Tensors
import TestSupport
import Testing

/// The fused head against its definition: up-sample, plain loss, transpose of the up-sampling.
@Suite(.serialized)
struct FusedHeadTests {
  enum Target: String, CaseIterable, Sendable {
    case hard, smoothed, everywhere, distilled, distilledSmoothed, distilledHot
    var smooths: Bool { self == .smoothed || self == .everywhere || self == .distilledSmoothed }
    var distils: Bool { self == .distilled || self == .distilledSmoothed || self == .distilledHot }
  }

  struct Size: CustomTestStringConvertible, Sendable {
    let batch: Int, classes: Int, rows: Int, columns: Int, height: Int, width: Int
    let teacherRows: Int, teacherColumns: Int
    var testDescription: String { "\(batch)x\(classes)x\(rows)x\(columns) to \(height)x\(width)" }
  }

  static let sizes = [
    Size(
      batch: 3, classes: 19, rows: 4, columns: 7, height: 32, width: 56, teacherRows: 4, teacherColumns: 7),
    Size(batch: 2, classes: 5, rows: 3, columns: 5, height: 13, width: 37, teacherRows: 6, teacherColumns: 4),
    Size(batch: 1, classes: 21, rows: 9, columns: 6, height: 9, width: 6, teacherRows: 3, teacherColumns: 3),
    Size(
      batch: 2, classes: 7, rows: 10, columns: 33, height: 41, width: 130, teacherRows: 10, teacherColumns: 33
    ),
    Size(batch: 2, classes: 3, rows: 12, columns: 20, height: 5, width: 7, teacherRows: 1, teacherColumns: 2),
    Size(batch: 1, classes: 2, rows: 1, columns: 1, height: 6, width: 9, teacherRows: 2, teacherColumns: 18),
    Size(
      batch: 2, classes: 6, rows: 5, columns: 40, height: 20, width: 160, teacherRows: 5, teacherColumns: 40),
  ]

  static let modes: [ActiveClasses] = [
    .all, .present, .probability(threshold: 0.3), .label(threshold: 0.01), .both(threshold: 0.9),
  ]

  static func configuration(_ target: Target, _ classes: Int, ignore: UInt8, mode: Int)
    -> SegmentationLoss.Configuration
  {
    let averaging =
      mode % 2 == 0
      ? JaccardMetricLoss.Averaging.dataset
      : JaccardMetricLoss.Averaging(perDataset: 0.5, perImage: 0.3, perClass: 0.2)
    let smoothing =
      target == .everywhere
      ? BoundaryLabelSmoothing(window: .everywhere, epsilon: 0.2, classes: classes, ignoreIndex: ignore)
      : BoundaryLabelSmoothing(kernel: 3, epsilon: 0.5, classes: classes, ignoreIndex: ignore)
    return SegmentationLoss.Configuration(
      classes: classes, ignoreIndex: ignore, crossEntropyWeight: 0.25, mainWeight: 0.6,
      auxiliaryWeight: 0.4,
      region: SegmentationLoss.Region(
        weight: 0.75,
        loss: .jaccard(
          JaccardMetricLoss(
            alpha: 1, beta: mode == 2 ? 0.7 : 1, smooth: 1, averaging: averaging, active: modes[mode]))),
      smoothing: target.smooths ? smoothing : nil,
      distillation: target.distils
        ? SegmentationLoss.Distillation(
          crossEntropyLabelWeight: 0.6, crossEntropyTeacherWeight: 0.4, regionLabelWeight: 0.3,
          temperature: target == .distilledHot ? 2.5 : 1,
          jaccard: SegmentationLoss.Distillation.JaccardTerm(
            weight: 0.7,
            loss: JaccardMetricLoss(
              alpha: 1, beta: 1, smooth: 1e-3, averaging: averaging, active: modes[(mode + 3) % 5])))
        : nil)
  }

  /// What one head's terms are worth.
  struct Reference {
    let crossEntropy: Double
    let divergence: Double
    let region: Double
    let teacherRegion: Double
    /// By the low-resolution logits.
    let gradient: [Double]

    /// Each term of `result` against the main head's and, for the terms that it has, another head's.
    func check(
      _ result: SegmentationLoss.Result, with other: Reference? = nil, relative: Double = 0, _ what: String
    ) {
      expectClose(
        result.crossEntropy, crossEntropy + (other?.crossEntropy ?? 0), tolerance: 1e-5, relative: relative,
        what)
      expectClose(result.divergence, divergence + (other?.divergence ?? 0), tolerance: 1e-5, what)
      expectClose(result.region, region, tolerance: 1e-5, what)
      expectClose(result.teacherRegion, teacherRegion, tolerance: 1e-5, what)
      expectClose(
        result.total, result.crossEntropy + result.divergence + result.region + result.teacherRegion,
        tolerance: 1e-12, what)
    }
  }

  /// One head by the definition: the values of its terms, and the gradient.
  static func reference(
    _ configuration: SegmentationLoss.Configuration, _ logits: Tensor, _ teacher: Tensor?,
    _ labels: LabelBatch,
    weight: Double, jaccard: Bool
  ) throws -> Reference {
    let full = upsample(logits, labels.height, labels.width)
    let hard = try SoftLabels(labels, classes: configuration.classes, ignoreIndex: configuration.ignoreIndex)
    let soft = try configuration.smoothing?.softLabels(labels) ?? hard
    let distillation = configuration.distillation
    var gradient = [Double](repeating: 0, count: full.shape.count)
    func add(_ weight: Double, _ loss: LossValue) -> Double {
      for (index, value) in loss.gradient.values.enumerated() { gradient[index] += weight * Double(value) }
      return weight * loss.value
    }
    let scale = configuration.crossEntropyWeight * weight
    let crossEntropy = add(
      scale * (distillation?.crossEntropyLabelWeight ?? 1),
      CrossEntropy.divergence(logits: full, target: soft, temperature: 1))
    var (divergence, ofLabels, ofTeacher) = (0.0, 0.0, 0.0)
    let region = jaccard ? configuration.region : nil
    if let region {
      ofLabels = add(
        region.weight * (distillation?.regionLabelWeight ?? 1),
        try region.loss.fullResolution(logits: full, target: soft))
    }
    if let distillation, let teacher {
      let teacherFull = upsample(teacher, labels.height, labels.width)
      let hot = SoftLabels(
        values: softmax(teacherFull, temperature: distillation.temperature), keep: hard.keep)
      divergence = add(
        scale * distillation.crossEntropyTeacherWeight,
        CrossEntropy.divergence(logits: full, target: hot, temperature: distillation.temperature))
      if let region, let term = distillation.jaccard {
        let target = SoftLabels(values: softmax(teacherFull), keep: hard.keep)
        ofTeacher = add(region.weight * term.weight, term.loss(logits: full, target: target))
      }
    }
    return Reference(
      crossEntropy: crossEntropy, divergence: divergence, region: ofLabels, teacherRegion: ofTeacher,
      gradient: downsample(gradient, to: logits.shape, labels.height, labels.width))
  }

  @Test(arguments: sizes, Target.allCases)
  func agreesWithPlain(_ size: Size, _ target: Target) throws {
    for mode in Self.modes.indices {
      let ignore: UInt8 = mode % 2 == 0 ? 255 : UInt8(size.classes)
      let seed = UInt64(mode + 10 * size.rows)
      let configuration = Self.configuration(target, size.classes, ignore: ignore, mode: mode)
      let labels = randomLabels(
        size.batch, size.height, size.width, classes: size.classes, ignore: ignore, seed: seed)
      let main = randomTensor([size.batch, size.classes, size.rows, size.columns], seed: seed)
      let auxiliary = randomTensor([size.batch, size.classes, size.columns, size.rows], seed: seed + 1)
      let teacher = SegmentationLoss.TeacherLogits(
        main: randomTensor(
          [size.batch, size.classes, size.teacherRows, size.teacherColumns], seed: seed + 2),
        auxiliary: randomTensor(
          [size.batch, size.classes, size.teacherColumns, size.teacherRows], seed: seed + 3))
      let what = "\(size.testDescription) \(target) \(Self.modes[mode])"

      let result = try SegmentationLoss(configuration)(
        main: main, auxiliary: auxiliary, labels: labels, teacher: target.distils ? teacher : nil)
      let expected = try Self.reference(
        configuration, main, teacher.main, labels, weight: 0.6, jaccard: true)
      let other = try Self.reference(
        configuration, auxiliary, teacher.auxiliary, labels, weight: 0.4, jaccard: false)
      expected.check(result, with: other, what)
      let expectedMain = expected.gradient.map(Float.init)
      let expectedAuxiliary = other.gradient.map(Float.init)
      expectClose(actual: result.mainGradient.values, expected: expectedMain, tolerance: 1e-6, what)
      let auxiliaryGradient = try #require(result.auxiliaryGradient)
      expectClose(actual: auxiliaryGradient.values, expected: expectedAuxiliary, tolerance: 1e-6, what)
      #expect(result.keptPixels == labels.values.count { $0 != ignore })
    }
  }

  /// Large logits, where the head's shortcut for equally spaced ones ends: differences between neighbouring
  /// source pixels around and far above 30.
  @Test(arguments: [Target.hard, .smoothed], [9.0, 14.0, 30.0, 150.0])
  func largeLogits(_ target: Target, _ scale: Double) throws {
    for (rows, columns, factor) in [(3, 19, 8), (4, 5, 4), (3, 4, 6)] {
      let configuration = Self.configuration(target, 7, ignore: 255, mode: 0)
      let labels = randomLabels(2, rows * factor, columns * factor, classes: 7, ignore: 255, seed: 4)
      let main = randomTensor([2, 7, rows, columns], seed: UInt64(scale), scale: scale)
      let result = try SegmentationLoss(configuration)(
        main: main, auxiliary: nil, labels: labels, teacher: nil)
      let expected = try Self.reference(configuration, main, nil, labels, weight: 0.6, jaccard: true)
      let what = "\(target) \(rows)x\(columns) by \(factor), logits to \(scale)"
      expected.check(result, relative: 1e-6, what)
      // Float32 logits of 150 are known to 1e-5, and so then are probabilities.
      expectClose(
        actual: result.mainGradient.values, expected: expected.gradient.map(Float.init),
        tolerance: scale > 100 ? 1e-5 : 1e-6, what)
    }
  }

  /// All classes but one alternate between columns, so that sums of exponentials are as large as they get
  /// where they are taken relative to the source column.
  @Test func alternatingColumns() throws {
    let shape: Shape = [1, 250, 2, 16]
    let main = Tensor((0..<shape.count).map { $0 >= 32 && $0 % 2 == 1 ? 29.9 : 0 }, shape: shape)
    let configuration = Self.configuration(.hard, 250, ignore: 255, mode: 0)
    let labels = randomLabels(1, 16, 128, classes: 250, ignore: 255, seed: 4)
    let result = try SegmentationLoss(configuration)(
      main: main, auxiliary: nil, labels: labels, teacher: nil)
    let expected = try Self.reference(configuration, main, nil, labels, weight: 0.6, jaccard: true)
    expected.check(result, "alternating columns")
    expectClose(
      actual: result.mainGradient.values, expected: expected.gradient.map(Float.init), tolerance: 1e-6)
  }

  /// Central differences of the value, by single low-resolution logits.
  @Test(arguments: Target.allCases)
  func centralDifferences(_ target: Target) throws {
    let configuration = Self.configuration(target, 5, ignore: 255, mode: 1)
    let loss = SegmentationLoss(configuration)
    let labels = randomLabels(2, 11, 18, classes: 5, ignore: 255, seed: 3)
    let shape: Shape = [2, 5, 3, 4]
    let main = randomTensor(shape, seed: 5)
    let teacher =
      target.distils
      ? SegmentationLoss.TeacherLogits(main: randomTensor([2, 5, 4, 4], seed: 6), auxiliary: nil) : nil
    let gradient = try loss(main: main, auxiliary: nil, labels: labels, teacher: teacher).mainGradient.values
    let step: Float = 1 / 128
    for index in stride(from: 0, to: shape.count, by: 7) {
      func value(_ offset: Float) throws -> Double {
        var values = main.values
        values[index] += offset
        let moved = Tensor(values, shape: shape)
        return try loss(main: moved, auxiliary: nil, labels: labels, teacher: teacher).total
      }
      // Off by the kinks of |p - t| that lie within the step, and by rounding (about 1e-7) over the step.
      let slope = (try value(step) - value(-step)) / Double(2 * step)
      expectClose(Double(gradient[index]), slope, tolerance: 6e-5, "\(target) at \(index)")
    }
  }

  @Test(arguments: Target.allCases)
  func sameBitsForEveryThreadCount(_ target: Target) throws {
    let configuration = Self.configuration(target, 19, ignore: 255, mode: 3)
    let loss = SegmentationLoss(configuration)
    let labels = randomLabels(2, 72, 128, classes: 19, ignore: 255, seed: 8)
    let main = randomTensor([2, 19, 9, 16], seed: 9)
    let teacher =
      target.distils
      ? SegmentationLoss.TeacherLogits(main: randomTensor([2, 19, 18, 16], seed: 10), auxiliary: nil) : nil
    let threads = jml_thread_count()
    defer { jml_set_thread_count(threads) }
    let results = try [1, 2, 3].map { count in
      jml_set_thread_count(Int32(count))
      return try loss(main: main, auxiliary: nil, labels: labels, teacher: teacher)
    }
    for result in results.dropFirst() {
      #expect(result.total == results[0].total)
      #expect(result.mainGradient.values == results[0].mainGradient.values)
    }
  }

  @Test(arguments: Target.allCases)
  func allIgnored(_ target: Target) throws {
    let configuration = Self.configuration(target, 5, ignore: 255, mode: 0)
    let labels = LabelBatch(count: 1, height: 8, width: 8, values: [UInt8](repeating: 255, count: 64))
    let logits = randomTensor([1, 5, 2, 2], seed: 1)
    let teacher = target.distils ? SegmentationLoss.TeacherLogits(main: logits, auxiliary: logits) : nil
    let result = try SegmentationLoss(configuration)(
      main: logits, auxiliary: logits, labels: labels, teacher: teacher)
    #expect(result.total == 0 && result.keptPixels == 0)
    #expect(result.mainGradient.values.allSatisfy { $0 == 0 })
    #expect(result.auxiliaryGradient?.values.allSatisfy { $0 == 0 } == true)
  }

  /// Logits under ignored pixels alone have no gradient, and no influence.
  @Test(arguments: Target.allCases)
  func ignoredPixels(_ target: Target) throws {
    let configuration = Self.configuration(target, 5, ignore: 255, mode: 0)
    let loss = SegmentationLoss(configuration)
    // Columns 24... are ignored: source columns 4 to 7 of 8-fold up-sampling see nothing else.
    var labels = randomLabels(1, 16, 64, classes: 5, ignore: 255, seed: 2)
    for index in labels.values.indices where index % 64 >= 24 { labels.values[index] = 255 }
    let main = randomTensor([1, 5, 2, 8], seed: 1)
    let teacher = target.distils ? SegmentationLoss.TeacherLogits(main: main, auxiliary: nil) : nil
    let result = try loss(main: main, auxiliary: nil, labels: labels, teacher: teacher)
    let gradient = result.mainGradient.values
    for index in gradient.indices where index % 8 >= 4 { #expect(gradient[index] == 0) }
    var values = main.values
    for index in values.indices where index % 8 >= 4 { values[index] *= -2 }
    let changed = try loss(
      main: Tensor(values, shape: main.shape), auxiliary: nil, labels: labels, teacher: teacher)
    #expect(changed.total == result.total)
  }

  @Test func extremeLogits() throws {
    let configuration = Self.configuration(.hard, 3, ignore: 255, mode: 0)
    let labels = LabelBatch(count: 1, height: 4, width: 4, values: [UInt8](repeating: 1, count: 16))
    let loss = SegmentationLoss(configuration)
    let sure = Tensor([-3e4, 3e4, 0], shape: [1, 3, 1, 1])
    let right = try loss(main: sure, auxiliary: nil, labels: labels, teacher: nil)
    expectClose(right.total, 0, tolerance: 1e-6, "certain and right")
    let wrong = try loss(
      main: Tensor([3e4, -3e4, 0], shape: [1, 3, 1, 1]), auxiliary: nil, labels: labels, teacher: nil)
    expectClose(wrong.crossEntropy, 0.25 * 0.6 * 6e4, tolerance: 1, "certain and wrong")
    for bad in [Float.nan, .infinity] {
      let broken = try loss(
        main: Tensor([0, bad, 0], shape: [1, 3, 1, 1]), auxiliary: nil, labels: labels, teacher: nil)
      #expect(broken.total.isNaN)
    }
  }

  @Test func labelOutsideClasses() {
    let configuration = Self.configuration(.hard, 3, ignore: 255, mode: 0)
    let labels = LabelBatch(count: 1, height: 1, width: 2, values: [0, 3])
    #expect(throws: LossError.labelOutsideClasses(value: 3, classes: 3, ignoreIndex: 255)) {
      try SegmentationLoss(configuration)(
        main: Tensor(repeating: 0, shape: [1, 3, 1, 1]), auxiliary: nil, labels: labels, teacher: nil)
    }
  }
}
