import CKernels
import Foundation
import Losses
import Tensors
import TestSupport
import Testing

/// What holds for every loss of full-resolution logits.
@Suite(.serialized)
struct EveryLossTests {
  struct Named: Sendable, CustomTestStringConvertible {
    let name: String
    let loss: FullResolutionLoss
    var takesSoft = true
    var testDescription: String { name }
  }

  static let losses: [Named] = {
    var losses: [Named] = []
    for form in JaccardMetricLoss.Form.allCases {
      for name in FormOracleTests.cases {
        for (mode, active) in [
          ("all", ActiveClasses.all), ("present", .present), ("prob", .probability(threshold: 0.6)),
          ("label", .label(threshold: 0.4)), ("both", .both(threshold: 1.1)),
        ] where name == "tversky" || mode == "all" {
          losses.append(
            Named(
              name: "\(form.rawValue) \(name) \(mode)",
              loss: .jaccard(FormOracleTests.loss(form, name, active))))
        }
      }
    }
    losses.append(Named(name: "lovasz all", loss: .lovasz(.init(active: .all)), takesSoft: false))
    losses.append(Named(name: "lovasz present", loss: .lovasz(.init(active: .present)), takesSoft: false))
    losses.append(Named(name: "ce", loss: .crossEntropy))
    losses.append(Named(name: "kl", loss: .divergence(temperature: 1)))
    losses.append(Named(name: "kl, T = 3", loss: .divergence(temperature: 3)))
    return losses
  }()

  static let shape: Shape = [2, 5, 6, 7]

  static func targets(_ named: Named) throws -> [SoftLabels] {
    let labels = randomLabels(2, 6, 7, classes: 5, ignore: 255, seed: 11)
    let hard = try SoftLabels(labels, classes: 5, ignoreIndex: 255)
    let soft = SoftLabels(values: softmax(randomTensor(shape, seed: 12)), keep: hard.keep)
    return named.takesSoft ? [hard, soft] : [hard]
  }

  @Test(arguments: losses) func centralDifferences(_ named: Named) throws {
    let logits = randomTensor(Self.shape, seed: 13, scale: 2)
    for target in try Self.targets(named) {
      let gradient = try named.loss(logits: logits, target: target).gradient.values
      for index in stride(from: 0, to: Self.shape.count, by: 9) {
        func value(_ offset: Float) throws -> Double {
          var values = logits.values
          values[index] += offset
          return try named.loss(logits: Tensor(values, shape: Self.shape), target: target).value
        }
        let slope = (try value(1 / 512) - value(-1 / 512)) * 256
        // Float32 probabilities over the step, and kinks of |p - y| and of the errors' order within it.
        expectClose(
          Double(gradient[index]), slope, tolerance: 6e-5, relative: 2e-3, "\(named.name) at \(index)")
      }
    }
  }

  @Test(arguments: losses) func ignoredPixels(_ named: Named) throws {
    let logits = randomTensor(Self.shape, seed: 14)
    for target in try Self.targets(named) {
      let result = try named.loss(logits: logits, target: target)
      // What is at an ignored pixel, prediction or label, reaches nothing.
      var (scores, labels) = (logits.values, target.values.values)
      let pixels = 42
      for place in target.keep.values.indices where target.keep.values[place] == 0 {
        for c in 0..<5 {
          let at = (place / pixels * 5 + c) * pixels + place % pixels
          #expect(result.gradient.values[at] == 0)
          scores[at] = c == 4 ? 9 : -3
          labels[at] = c == 4 ? 1 : 0
        }
      }
      let spoiled = SoftLabels(values: Tensor(labels, shape: Self.shape), keep: target.keep)
      let other = try named.loss(logits: Tensor(scores, shape: Self.shape), target: spoiled)
      #expect(other.value == result.value)
      #expect(other.gradient.values == result.gradient.values)
    }
  }

  @Test(arguments: losses) func gradientsOfAPixelSumToZero(_ named: Named) throws {
    let logits = randomTensor(Self.shape, seed: 15)
    for target in try Self.targets(named) {
      let gradient = try named.loss(logits: logits, target: target).gradient.values
      for image in 0..<2 {
        for pixel in 0..<42 {
          let sum = (0..<5).reduce(0.0) { $0 + Double(gradient[(image * 5 + $1) * 42 + pixel]) }
          expectClose(sum, 0, tolerance: 1e-7, named.name)
        }
      }
    }
  }

  @Test(arguments: losses) func sameBitsForEveryThreadCount(_ named: Named) throws {
    let shape: Shape = [3, 5, 33, 41]
    let labels = randomLabels(3, 33, 41, classes: 5, ignore: 255, seed: 16)
    let target = try SoftLabels(labels, classes: 5, ignoreIndex: 255)
    let logits = randomTensor(shape, seed: 17)
    let threads = jml_thread_count()
    defer { jml_set_thread_count(threads) }
    let results = try [1, 2, 3].map { count in
      jml_set_thread_count(Int32(count))
      return try named.loss(logits: logits, target: target)
    }
    for result in results.dropFirst() {
      #expect(result.value == results[0].value)
      #expect(result.gradient.values == results[0].gradient.values)
    }
  }

  @Test(arguments: losses) func nothingKept(_ named: Named) throws {
    let target = try SoftLabels(
      LabelBatch(count: 2, height: 6, width: 7, values: [UInt8](repeating: 255, count: 84)), classes: 5,
      ignoreIndex: 255)
    let result = try named.loss(logits: randomTensor(Self.shape, seed: 18), target: target)
    #expect(result.value == 0)
    #expect(result.gradient.values.allSatisfy { $0 == 0 })
  }

  /// The Lovász extension is the Jaccard loss itself at hard predictions.
  @Test func lovaszExtendsTheJaccardLoss() throws {
    let labels = randomLabels(2, 13, 9, classes: 4, ignore: 255, seed: 19)
    let guess = randomLabels(2, 13, 9, classes: 4, ignore: 255, seed: 20)
    var logits = [Float](repeating: -200, count: 2 * 4 * 117)
    for (place, value) in guess.values.enumerated() {
      logits[(place / 117 * 4 + Int(value == 255 ? 0 : value)) * 117 + place % 117] = 200
    }
    let scores = Tensor(logits, shape: [2, 4, 13, 9])
    let target = try SoftLabels(labels, classes: 4, ignoreIndex: 255)
    let jaccard = JaccardMetricLoss(alpha: 1, beta: 1, smooth: 0, averaging: .dataset, active: .present)
    let lovasz = try LovaszSoftmax(active: .present)(logits: scores, target: target)
    expectClose(lovasz.value, jaccard(logits: scores, target: target).value, tolerance: 1e-12)
  }
}
