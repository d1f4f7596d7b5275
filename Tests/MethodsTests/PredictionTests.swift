import Foundation
import Losses
import Methods
import Tensors
import TestSupport
import Testing

/// What networks say of pixels, and how far two of them agree, by hand.
@Suite struct PredictionTests {
  /// [2, 3, 1, 2]: sure, unsure, tied, half.
  private static let probabilities = Tensor(
    [
      1, 0.2, 0, 0.3, 0, 0.5,
      0.25, 0.5, 0.375, 0, 0.375, 0.5,
    ], shape: [2, 3, 1, 2])

  @Test func labelsConfidenceAndEntropy() {
    let said = Predictions(probabilities: Self.probabilities)
    #expect(said.count == 2 && said.classes == 3 && said.height == 1 && said.width == 2)
    // The first of equals: 0.375 of classes 1 and 2, 0.5 of classes 0 and 2.
    #expect(said.labels == [0, 2, 1, 0])
    #expect(said.confidence == [1, 0.5, 0.375, 0.5])
    func term(_ p: Double) -> Double { -p * log(p) }
    let entropy: [Double] = [
      0, term(0.2) + term(0.3) + term(0.5), term(0.25) + 2 * term(0.375), 2 * term(0.5),
    ]
    expectClose(actual: said.entropy.map(Double.init), expected: entropy, tolerance: 1e-6, "entropy")
    for image in 0..<2 {
      let expected = (0..<2).map { place in
        Double(said.confidence[image * 2 + place]) * (1 - entropy[image * 2 + place] / log(3))
      }
      expectClose(
        said.imageConfidence(image), (expected[0] + expected[1]) / 2, tolerance: 1e-6, "image \(image)")
    }
  }

  @Test func whatIsKeptReachesTheThreshold() {
    let said = Predictions(probabilities: Self.probabilities)
    #expect(said.kept(from: 0.5).values == [0, 2, 255, 0])
    #expect(said.kept(from: 0.51, ignoreIndex: 9).values == [0, 9, 9, 9])
    #expect(said.kept(from: 0).values == said.labels)
    #expect(said.kept(from: 1.5).values.allSatisfy { $0 == LabelMap.ignore })
  }

  /// Uniform probabilities say nothing, one-hot ones everything.
  @Test func imageConfidenceIsOfZeroToOne() {
    let flat = Predictions(probabilities: Tensor(repeating: 0.25, shape: [1, 4, 3, 2]))
    expectClose(flat.imageConfidence(0), 0, tolerance: 1e-6)
    let sharp = Predictions(
      probabilities: Tensor((0..<24).map { $0 / 6 == 2 ? 1 : 0 }, shape: [1, 4, 3, 2]))
    #expect(sharp.imageConfidence(0) == 1 && sharp.labels == [2, 2, 2, 2, 2, 2])
  }

  /// Labels and confidences of three images of 2x3 pixels and four classes.
  private static func said(_ labels: [UInt8], _ confidence: [Float]) -> Predictions {
    var said = Predictions(probabilities: Tensor(repeating: 0.25, shape: [3, 4, 2, 3]))
    said.labels = labels
    said.confidence = confidence
    return said
  }

  @Test func weightedIoU() {
    let (student, teacher): (ArraySlice<UInt8>, ArraySlice<UInt8>) = (
      [0, 1, 2, 2, 2, 1], [0, 1, 1, 2, 2, 0]
    )
    // IoU 1/3 of class 1 and 2/3 of class 2.
    let byTeacher = IMASHardness.weightedIoU(student, reference: teacher, classes: 4)
    expectClose(byTeacher, 0.5, tolerance: 1e-12)
    let byStudent = IMASHardness.weightedIoU(teacher, reference: student, classes: 4)
    expectClose(byStudent, 8 / 15.0, tolerance: 1e-12)
    #expect(IMASHardness.weightedIoU(teacher, reference: teacher, classes: 4) == 1)
    #expect(IMASHardness.weightedIoU(teacher, reference: [0, 0, 0, 0, 0, 0], classes: 4) == 0)
    #expect(IMASHardness.weightedIoU([0, 0, 0, 0, 0, 0], reference: teacher, classes: 4) == 0)
    #expect(IMASHardness.weightedIoU([0, 0, 0, 0, 0, 0], reference: [0, 0, 0, 0, 0, 0], classes: 4) == 0)
  }

  @Test func hardness() {
    let teacher = Self.said(
      [0, 1, 1, 2, 2, 0] + [0, 0, 0, 0, 0, 0] + [3, 3, 0, 0, 0, 0],
      [0.95, 0.96, 1, 1, 0.949, 0.3] + [1, 1, 1, 1, 1, 1] + [1, 1, 1, 0, 0, 0])
    let student = Self.said(
      [0, 1, 2, 2, 2, 1] + [0, 0, 0, 0, 0, 0] + [3, 3, 0, 0, 0, 0],
      [1, 1, 1, 0.9, 0.9, 0.9] + [1, 1, 1, 1, 1, 1] + [1, 1, 0, 0, 0, 0])
    let values = IMASHardness(student: student, teacher: teacher, threshold: 0.95).values
    // Of the first image four of six pixels are sure by the teacher, three by the student: (2/3 1/2 + 1/2 8/15) / 2. The
    // second is all background. On the third they agree, of three and of two sure pixels.
    expectClose(actual: values, expected: [0.3, 0, 5 / 12.0], tolerance: 1e-12, "hardness")
    let never = IMASHardness(student: student, teacher: teacher, threshold: 1.5)
    #expect(never.values == [0, 0, 0] && never.mean == 0)
  }

  /// The hardest with the easiest; of an odd number the middle one with itself.
  @Test func partners() {
    #expect(IMASHardness(values: [0.3, 0.1, 0.3, 0.9, 0]).partners == [0, 2, 1, 4, 3])
    #expect(IMASHardness(values: [0.5, 0.5, 0.5, 0.5]).partners == [3, 2, 1, 0])
    #expect(IMASHardness(values: [0.7]).partners == [0])
    expectClose(IMASHardness(values: [0.25, 0.5, 0]).mean, 0.25, tolerance: 1e-15)
  }
}
