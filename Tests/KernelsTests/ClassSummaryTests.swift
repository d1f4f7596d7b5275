import Foundation
import Kernels
import Tensors
import Testing

@Suite(.serialized) struct ClassSummaryTests {
  /// One pixel after the other, class by class, in single precision.
  private static func definition(_ probabilities: [Float], _ shape: Shape) -> (
    labels: [UInt8], confidence: [UInt32], entropy: [UInt32]
  ) {
    let (classes, pixels) = (shape[1], shape[2] * shape[3])
    var labels: [UInt8] = []
    var confidence: [UInt32] = []
    var entropy: [UInt32] = []
    for image in 0..<shape[0] {
      for pixel in 0..<pixels {
        var (label, greatest, sum): (UInt8, Float, Float) = (0, -1, 0)
        for c in 0..<classes {
          let value = probabilities[(image * classes + c) * pixels + pixel]
          if value > greatest { (label, greatest) = (UInt8(c), value) }
          if value > 0 { sum -= value * log(value) }
        }
        labels.append(label)
        confidence.append(greatest.bitPattern)
        entropy.append(sum.bitPattern)
      }
    }
    return (labels, confidence, entropy)
  }

  private func expectSame(_ said: ClassSummary, _ probabilities: [Float], _ shape: Shape) {
    let expected = Self.definition(probabilities, shape)
    #expect(said.labels == expected.labels)
    #expect(said.confidence.map(\.bitPattern) == expected.confidence)
    #expect(said.entropy.map(\.bitPattern) == expected.entropy)
  }

  /// The bits of the definition on the softmax of the logits, in several tiles of pixels, on one thread and two.
  @Test(arguments: [[2, 7, 31, 37], [3, 21, 5, 11], [1, 150, 9, 4], [2, 19, 1, 1]] as [Shape])
  func ofLogits(_ shape: Shape) {
    // Some classes' probabilities vanish.
    let logits = Tensor(Reference.random(shape, "logits").map { $0 * 60 }, shape: shape)
    let probabilities = Elementwise.softmax(logits)
    #expect(probabilities.values.contains(0) || shape[1] < 19 || shape[2] == 1)
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    for threads in [1, 2] {
      KernelRuntime.threads = threads
      expectSame(ClassSummary(logits: logits), probabilities.values, shape)
      expectSame(ClassSummary(probabilities: probabilities), probabilities.values, shape)
    }
  }

  /// The first of equals; a pixel of which nothing is known has class 0 and no confidence.
  @Test func equalsAndWhatIsNoNumber() {
    let values: [Float] = [0.5, 0.25, .nan, 0.5, 0.5, .nan, 0, 0.25, .nan]
    let said = ClassSummary(probabilities: Tensor(values, shape: [1, 3, 1, 3]))
    #expect(said.labels == [0, 1, 0] && said.confidence == [0.5, 0.5, -1])
    expectSame(said, values, [1, 3, 1, 3])
  }
}
