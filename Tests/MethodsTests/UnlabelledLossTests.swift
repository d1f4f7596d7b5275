import Foundation
import Losses
import Methods
import Tensors
import TestSupport
import Testing

/// Losses against pseudo labels: what is smoothed, what is left out, and what is divided by.
@Suite struct UnlabelledLossTests {
  private static let (count, classes, height, width) = (2, 4, 3, 8)
  private static let pixels = height * width

  /// Rows of 1 1 1 1 2 2 2 2, and an image of class 3; the teacher is unsure of column 4 of the first.
  private static let pictures: MixedPictures = {
    let labels = (0..<count * pixels).map { UInt8($0 >= pixels ? 3 : $0 % width < 4 ? 1 : 2) }
    return MixedPictures(
      images: Tensor(repeating: 0, shape: [count, 3, height, width]),
      labels: LabelBatch(count: count, height: height, width: width, values: labels),
      confidence: (0..<count * pixels).map { $0 < pixels && $0 % width == 4 ? 0.9 : 0.95 })
  }()

  /// At full resolution, so that a pixel's gradient is its own.
  private static let logits = Tensor(
    (0..<count * classes * pixels).map { Float($0 * 37 % 23) / 10 - 1 },
    shape: [count, classes, height, width])

  private static func configuration(
    smoothing: Bool, region: Bool = false
  ) -> SegmentationLoss.Configuration {
    SegmentationLoss.Configuration(
      classes: classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: 0.25, mainWeight: 0.5,
      auxiliaryWeight: 0.5,
      region: region
        ? SegmentationLoss.Region(
          weight: 0.75,
          loss: .jaccard(
            JaccardMetricLoss(alpha: 1, beta: 1, smooth: 1, averaging: .dataset, active: .present)))
        : nil,
      smoothing: smoothing ? BoundaryLabelSmoothing(kernel: 3, epsilon: 0.4, classes: classes) : nil,
      distillation: nil)
  }

  /// Softmax of a pixel's logits.
  private static func probabilities(_ image: Int, _ place: Int) -> [Double] {
    let values = logits.values
    let exponentials = (0..<classes).map { exp(Double(values[(image * classes + $0) * pixels + place])) }
    return exponentials.map { $0 / exponentials.reduce(0, +) }
  }

  private func isUnsure(_ image: Int, _ place: Int) -> Bool { image == 0 && place % Self.width == 4 }

  /// weight(image) (p - y) at every pixel that counts; y is smoothed in the given columns of the first image.
  private func gradient(smoothed: Set<Int>, weight: (Int) -> Double) -> [Double] {
    var gradient = [Double](repeating: 0, count: Self.logits.shape.count)
    for image in 0..<Self.count {
      for place in 0..<Self.pixels where !isUnsure(image, place) {
        let label = Int(Self.pictures.labels.values[image * Self.pixels + place])
        let isSmooth = image == 0 && smoothed.contains(place % Self.width)
        for (c, p) in Self.probabilities(image, place).enumerated() {
          let hard = c == label ? 1.0 : 0
          let y = isSmooth ? 0.6 * hard + 0.4 / 4 : hard
          gradient[(image * Self.classes + c) * Self.pixels + place] = weight(image) * (p - y)
        }
      }
    }
    return gradient
  }

  /// The border is between columns 3 and 4. Column 4 is left out: seen before that, column 3 is smoothed; seen after,
  /// column 3 is next to an ignored pixel and nothing is.
  @Test(arguments: [true, false]) func smoothingBeforeAndAfterMasking(_ bordersOfWhole: Bool) throws {
    let loss = UnlabelledLoss(
      Self.configuration(smoothing: true), dividesByAll: false, bordersOfWhole: bordersOfWhole)
    let result = try loss(Self.logits, Self.pictures, threshold: 0.95)
    let kept = Double(Self.count * Self.pixels - Self.height)
    let expected = gradient(smoothed: bordersOfWhole ? [3] : []) { _ in 0.125 / kept }
    expectClose(
      actual: result.gradient.values.map(Double.init), expected: expected, tolerance: 1e-8, "gradient")
    #expect(result.terms.map(\.name) == ["unlabelled_cross_entropy"])
  }

  /// Without smoothing there is no border, and both are one loss.
  @Test func bordersAreForSmoothing() throws {
    let results = try [true, false].map {
      try UnlabelledLoss(Self.configuration(smoothing: false), dividesByAll: true, bordersOfWhole: $0)(
        Self.logits, Self.pictures, threshold: 0.95)
    }
    #expect(results[0].terms == results[1].terms)
    #expect(results[0].gradient.values == results[1].gradient.values)
  }

  /// Of 48 pixels 45 are kept: the cross entropy of `all` is 45/48 of that of `kept`, and the region term is the same.
  @Test func normalisations() throws {
    let kept = UnlabelledLoss(
      Self.configuration(smoothing: true, region: true), dividesByAll: false, bordersOfWhole: true)
    let all = UnlabelledLoss(
      Self.configuration(smoothing: true, region: true), dividesByAll: true, bordersOfWhole: true)
    let (one, other) = (
      try kept(Self.logits, Self.pictures, threshold: 0.95),
      try all(Self.logits, Self.pictures, threshold: 0.95)
    )
    #expect(one.terms.map(\.name) == ["unlabelled_cross_entropy", "unlabelled_jaccard"])
    expectClose(other.terms[0].value, one.terms[0].value * 45 / 48, tolerance: 0, relative: 1e-12)
    #expect(other.terms[1] == one.terms[1] && one.terms[0].value > 0)

    let hard = UnlabelledLoss(Self.configuration(smoothing: false), dividesByAll: true, bordersOfWhole: false)
    let result = try hard(Self.logits, Self.pictures, threshold: 0.95)
    expectClose(
      actual: result.gradient.values.map(Double.init),
      expected: gradient(smoothed: []) { _ in 0.125 / 48 }, tolerance: 1e-8, "gradient")
  }

  /// Below every threshold all pixels are kept and both normalisations are one; above all confidences none is.
  @Test func thresholds() throws {
    func loss(_ all: Bool, _ threshold: Float) throws -> UnlabelledLoss.Result {
      try UnlabelledLoss(Self.configuration(smoothing: false), dividesByAll: all, bordersOfWhole: false)(
        Self.logits, Self.pictures, threshold: threshold)
    }
    #expect(try loss(true, 0).gradient.values == loss(false, 0).gradient.values)
    for all in [true, false] {
      let nothing = try loss(all, 1.5)
      #expect(nothing.terms.allSatisfy { $0.value == 0 } && nothing.gradient.values.allSatisfy { $0 == 0 })
    }
  }

  /// mean over images of g_i CE_i / pixels, and its gradient.
  @Test func imageWeights() throws {
    let weights = [0.3, 0.8]
    let loss = UnlabelledLoss(Self.configuration(smoothing: false), dividesByAll: true, bordersOfWhole: false)
    let result = try loss(
      Self.logits, Self.pictures, threshold: 0.95, imageWeights: weights, prefix: "strong_")
    #expect(result.terms.map(\.name) == ["strong_cross_entropy"])
    var value = 0.0
    for image in 0..<Self.count {
      for place in 0..<Self.pixels where !isUnsure(image, place) {
        let label = Int(Self.pictures.labels.values[image * Self.pixels + place])
        value -= 0.125 * weights[image] * log(Self.probabilities(image, place)[label]) / 2 / 24
      }
    }
    expectClose(result.terms[0].value, value, tolerance: 0, relative: 1e-6, "value")
    expectClose(
      actual: result.gradient.values.map(Double.init),
      expected: gradient(smoothed: []) { 0.125 * weights[$0] / 2 / 24 }, tolerance: 1e-8, "gradient")

    let even = try loss(
      Self.logits, Self.pictures, threshold: 0.95, imageWeights: [1, 1], prefix: "unlabelled_")
    let whole = try loss(Self.logits, Self.pictures, threshold: 0.95)
    expectClose(even.terms[0].value, whole.terms[0].value, tolerance: 0, relative: 1e-6, "equal weights")
  }
}
