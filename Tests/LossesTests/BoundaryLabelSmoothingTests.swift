import Losses
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct BoundaryLabelSmoothingTests {
  /// The definition, pixel by pixel.
  static func boundary(_ labels: LabelBatch, _ kernel: Int, ignore: UInt8) -> [UInt8] {
    var result: [UInt8] = []
    for image in 0..<labels.count {
      for y in 0..<labels.height {
        for x in 0..<labels.width {
          func at(_ y: Int, _ x: Int) -> UInt8 {
            labels.values[(image * labels.height + y) * labels.width + x]
          }
          let reach = kernel / 2
          var ignored = false
          var differs = false
          for v in max(0, y - reach)..<min(labels.height, y + reach + 1) {
            for u in max(0, x - reach)..<min(labels.width, x + reach + 1) {
              if at(v, u) == ignore { ignored = true }
              if at(v, u) != at(y, x) { differs = true }
            }
          }
          result.append(differs && !ignored ? 1 : 0)
        }
      }
    }
    return result
  }

  @Test(arguments: [1, 3, 5, 9, 31, 101])
  func definition(_ kernel: Int) {
    // Taller than one work unit, and narrower and lower than the largest windows.
    for (height, width) in [(75, 23), (1, 40), (40, 1), (6, 5)] {
      for ignore: UInt8 in [255, 7, 0] {
        var labels = randomLabels(2, height, width, classes: 8, ignore: ignore, seed: UInt64(kernel))
        if kernel > 9 { labels.values = labels.values.map { $0 == ignore ? 1 : $0 } }
        let smoothing = BoundaryLabelSmoothing(kernel: kernel, epsilon: 0.1, classes: 8, ignoreIndex: ignore)
        #expect(smoothing.boundary(labels).values == Self.boundary(labels, kernel, ignore: ignore))
      }
    }
  }

  @Test func mass() throws {
    let labels = randomLabels(2, 13, 17, classes: 5, ignore: 255, seed: 4)
    for window in [BoundaryLabelSmoothing.Window.pixels(3), .everywhere] {
      let smoothing = BoundaryLabelSmoothing(window: window, epsilon: 0.3, classes: 5, ignoreIndex: 255)
      let soft = try smoothing.softLabels(labels)
      let mask = smoothing.boundary(labels)
      let values = soft.values.values
      for index in labels.values.indices {
        let (image, pixel) = (index / 221, index % 221)
        let column = (0..<5).map { Double(values[(image * 5 + $0) * 221 + pixel]) }
        let label = labels.values[index]
        #expect(soft.keep.values[index] == (label == 255 ? 0 : 1))
        expectClose(column.reduce(0, +), label == 255 ? 0 : 1, tolerance: 1e-6)
        guard label != 255 else { continue }
        expectClose(column[Int(label)], mask.values[index] == 1 ? 0.7 + 0.06 : 1, tolerance: 1e-6)
      }
    }
  }

  /// Plain label smoothing looks at no window: a pixel beside an ignored one, or in an image of one class, is
  /// smoothed.
  @Test func infinityIsPlainLabelSmoothing() {
    for values: [UInt8] in [[2, 2, 2, 2], [2, 255, 1, 255]] {
      let labels = LabelBatch(count: 1, height: 2, width: 2, values: values)
      let plain = BoundaryLabelSmoothing(window: .everywhere, epsilon: 0.1, classes: 3, ignoreIndex: 255)
      #expect(plain.boundary(labels).values == values.map { $0 == 255 ? 0 : 1 })
      let widest = BoundaryLabelSmoothing(kernel: 8191, epsilon: 0.1, classes: 3)
      #expect(widest.boundary(labels).values == [0, 0, 0, 0])
    }
  }

  /// What a student is shown: softmax(teacher / T).
  @Test func teachersAtATemperature() {
    let logits = randomTensor([2, 5, 3, 4], seed: 30)
    let keep = PixelMask(count: 2, height: 3, width: 4, values: [UInt8](repeating: 1, count: 24))
    for temperature in [0.5, 1, 4] {
      let soft = SoftLabels(distilling: logits, temperature: temperature, keep: keep)
      expectClose(
        actual: soft.values.values, expected: softmax(logits, temperature: temperature).values,
        tolerance: 1e-7)
      // The divergence of the same logits is 0, and its least.
      let own = CrossEntropy.divergence(logits: logits, target: soft, temperature: temperature)
      expectClose(own.value, 0, tolerance: 1e-6)
      expectClose(
        actual: own.gradient.values, expected: [Float](repeating: 0, count: 120), tolerance: 1e-7)
    }
    let flat = SoftLabels(distilling: logits, temperature: 1e6, keep: keep)
    expectClose(actual: flat.values.values, expected: [Float](repeating: 0.2, count: 120), tolerance: 1e-5)
  }

  @Test func oneMapIsABatchOfOne() {
    let labels = randomLabels(1, 13, 17, classes: 5, ignore: 255, seed: 4)
    let map = LabelMap(height: 13, width: 17, values: labels.values)
    let smoothing = BoundaryLabelSmoothing(kernel: 5, epsilon: 0.3, classes: 5)
    #expect(smoothing.boundary(map) == smoothing.boundary(labels))
  }
}
