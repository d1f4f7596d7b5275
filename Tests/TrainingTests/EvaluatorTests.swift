import Datasets
import Foundation
import Images
import Metrics
import Tensors
import TestSupport
import Testing
import Training

/// Images from memory: noise with labels that have ignored pixels and lack the last class.
private struct Noise: SegmentationDataset {
  let name = "noise/validation"
  let classNames = ["a", "b", "c", "d"]
  let samples: [SampleFiles]
  let stored: [Sample]

  init(_ sizes: [(height: Int, width: Int)]) {
    stored = sizes.enumerated().map { index, size in
      var random = RandomSource(seed: UInt64(index), purpose: "noise")
      let pixels = size.height * size.width
      return Sample(
        id: "noise_\(index)",
        image: ImageBuffer(
          height: size.height, width: size.width,
          pixels: (0..<3 * pixels).map { _ in UInt8(random.below(256)) }),
        label: LabelMap(
          height: size.height, width: size.width,
          values: (0..<pixels).map { _ in random.below(5) == 0 ? LabelMap.ignore : UInt8(random.below(3)) }))
    }
    samples = stored.map { SampleFiles(id: $0.id, imagePath: "", labelPath: "") }
  }

  func load(_ index: Int) throws -> Sample { stored[index] }
}

extension Tensor {
  /// The element at [b, c, y, x] of a plain tensor.
  fileprivate subscript(index: [Int]) -> Float {
    get { pointer[((index[0] * shape[1] + index[1]) * shape[2] + index[2]) * shape[3] + index[3]] }
    nonmutating set {
      pointer[((index[0] * shape[1] + index[1]) * shape[2] + index[2]) * shape[3] + index[3]] = newValue
    }
  }
}

@Suite(.serialized) struct EvaluatorTests {
  private let classes = 4
  private let transform = EvaluationTransform(
    normalization: Normalization(mean: [120, 110, 100], std: [60, 50, 40]), minimumHeight: 6, minimumWidth: 8)

  private func evaluator(_ windowsAtOnce: Int = 4) -> Evaluator {
    Evaluator(
      classes: classes, cropHeight: 6, cropWidth: 8, strideRatio: 0.6667, boundaryKernel: 3,
      windowsAtOnce: windowsAtOnce)
  }

  /// Scores that depend on the pixel and on its place in the crop, so that each window says something else of a pixel.
  private func network(_ crops: Tensor) -> Tensor {
    let (batch, height, width) = (crops.shape[0], crops.shape[2], crops.shape[3])
    let scores = Tensor(uninitialized: [batch, classes, height, width])
    for image in 0..<batch {
      for index in 0..<classes {
        for y in 0..<height {
          for x in 0..<width {
            func input(_ channel: Int) -> Float { crops[[image, channel, y, x]] }
            let weight = Float(index + 1)
            let place: Float = weight * (Float(y) / 5 - Float(x) / 7)
            let product: Float = input(0) * input(1) / 4
            scores[[image, index, y, x]] = input(index % 3) * weight / 2 + product + place
          }
        }
      }
    }
    return scores
  }

  private func image(_ height: Int, _ width: Int) -> Tensor {
    var random = RandomSource(seed: 2, purpose: "image")
    return Tensor(
      (0..<3 * height * width).map { _ in Float(random.uniform(-2, 2)) }, shape: [1, 3, height, width])
  }

  /// The definition, pixel by pixel: the mean over the windows that hold it.
  private func averaged(_ image: Tensor) -> [Double] {
    let (height, width) = (image.shape[2], image.shape[3])
    let rows = SlidingWindow(extent: height, window: 6, strideRatio: 0.6667).starts
    let columns = SlidingWindow(extent: width, window: 8, strideRatio: 0.6667).starts
    var sums = [Double](repeating: 0, count: classes * height * width)
    var counts = sums
    for row in rows {
      for column in columns {
        let crop = Tensor(uninitialized: [1, 3, 6, 8])
        for channel in 0..<3 {
          for y in 0..<6 {
            for x in 0..<8 { crop[[0, channel, y, x]] = image[[0, channel, row + y, column + x]] }
          }
        }
        let scores = network(crop)
        for index in 0..<classes {
          for y in 0..<6 {
            for x in 0..<8 {
              let at = (index * height + row + y) * width + column + x
              sums[at] += Double(scores[[0, index, y, x]])
              counts[at] += 1
            }
          }
        }
      }
    }
    return zip(sums, counts).map { $0 / $1 }
  }

  @Test(arguments: [(6, 8), (13, 21), (7, 8), (6, 30)]) func logitsAreTheMeanOverWindows(
    _ height: Int, _ width: Int
  ) {
    let image = image(height, width)
    let logits = evaluator().logits(image, network)
    #expect(logits.shape == [1, 4, height, width] && logits.layout == .plain)
    for (found, wanted) in zip(logits.values, averaged(image)) {
      expectClose(Double(found), wanted, tolerance: 1e-5)
    }
  }

  /// How many windows go at once is no part of the result, and never more go than allowed.
  @Test func groupsOfWindows() {
    let image = image(13, 21)
    let all = evaluator(100).logits(image, network).values
    for limit in [1, 2, 3, 5] {
      var sizes: [Int] = []
      let logits = evaluator(limit).logits(image) { crops in
        sizes.append(crops.shape[0])
        return network(crops)
      }
      #expect(logits.values == all)
      #expect(sizes.max() == limit && sizes.reduce(0, +) == 3 * 4)
    }
  }

  /// Smaller scores are up-sampled to the window: constant ones stay.
  @Test func smallScoresAreUpSampled() {
    let logits = evaluator().logits(image(13, 21)) { crops in
      Tensor(
        (0..<crops.shape[0]).flatMap { _ in
          (0..<4).flatMap { index in [Float](repeating: Float(index), count: 2 * 3) }
        },
        shape: [crops.shape[0], 4, 2, 3])
    }
    for index in 0..<4 {
      #expect(
        logits.values[index * 13 * 21..<(index + 1) * 13 * 21].allSatisfy { abs($0 - Float(index)) < 1e-6 })
    }
  }

  /// Larger than the window, exactly a window, smaller in one and in both extents.
  @Test func countsAreThoseOfAPlainLoop() throws {
    let dataset = Noise([(13, 21), (6, 8), (4, 19), (3, 5)])
    let indices = [2, 0, 3, 1]
    var done: [Int] = []
    let (ids, evaluation) = try evaluator().evaluate(
      on: dataset, indices: indices, transform: transform, progress: { done.append($0) }, network: network)
    #expect(ids == ["noise_2", "noise_0", "noise_3", "noise_1"] && done == [1, 2, 3, 4])
    #expect(evaluation.images == 4 && evaluation.classes == 4 && evaluation.contradiction == nil)

    var (agreeing, predicted, labelled) = ([Int64](), [Int64](), [Int64]())
    var (boundaryPixels, hits) = ([Int64](), [Int64]())
    for index in indices {
      let sample = transform(dataset.stored[index])
      let scores = averaged(sample.image)
      let (height, width) = (sample.label.height, sample.label.width)
      var (a, p, l) = (
        [Int64](repeating: 0, count: 4), [Int64](repeating: 0, count: 4), [Int64](repeating: 0, count: 4)
      )
      var edges: Int64 = 0
      for y in 0..<height {
        for x in 0..<width where sample.label[y, x] != LabelMap.ignore {
          let values = (0..<4).map { scores[($0 * height + y) * width + x] }
          let guess = values.indices.max { values[$0] < values[$1] } ?? 0
          let truth = Int(sample.label[y, x])
          p[guess] += 1
          l[truth] += 1
          if guess == truth { a[truth] += 1 }
          if isBoundary(sample.label, y, x) { edges += 1 }
        }
      }
      agreeing += a
      predicted += p
      labelled += l
      boundaryPixels.append(edges)
      hits.append(a.reduce(0, +))
    }
    let counts = evaluation.confusion
    #expect(counts.truePositives == agreeing)
    #expect(zip(counts.falsePositives, counts.truePositives).map(+) == predicted)
    #expect(zip(counts.falseNegatives, counts.truePositives).map(+) == labelled)
    func perImage(_ values: [Int64], _ width: Int) -> [Int64] {
      (0..<4).map { values[$0 * width..<($0 + 1) * width].reduce(0, +) }
    }
    #expect(perImage(evaluation.calibration.count, 10) == perImage(labelled, 4))
    #expect(perImage(evaluation.calibration.correct, 10) == hits)
    #expect(perImage(evaluation.boundaryCalibration.count, 10) == boundaryPixels)
    // The padding of small images, which has no label, is nowhere.
    let pixels = indices.map { index in dataset.stored[index].label.values.count { $0 != LabelMap.ignore } }
    #expect(perImage(labelled, 4) == pixels.map { Int64($0) })
  }

  /// A pixel whose 3 x 3 window holds another class and no ignored pixel.
  private func isBoundary(_ label: LabelMap, _ y: Int, _ x: Int) -> Bool {
    var isOther = false
    for row in max(0, y - 1)...min(label.height - 1, y + 1) {
      for column in max(0, x - 1)...min(label.width - 1, x + 1) {
        if label[row, column] == LabelMap.ignore { return false }
        if label[row, column] != label[y, x] { isOther = true }
      }
    }
    return isOther
  }

  @Test func stopsAndFailsWhenAsked() {
    struct Broken: Error {}
    let dataset = Noise([(6, 8), (6, 8), (6, 8)])
    var done = 0
    #expect(throws: CancellationError.self) {
      try evaluator().evaluate(
        on: dataset, indices: [0, 1, 2], transform: transform, progress: { done = $0 },
        cancelled: { done == 2 },
        network: network)
    }
    #expect(done == 2)
    #expect(throws: Broken.self) {
      try evaluator().evaluate(on: dataset, indices: [0], transform: transform) { _ in throw Broken() }
    }
    #expect(throws: MetricsError.self) {
      try evaluator().evaluate(on: dataset, indices: [0], transform: transform) { crops in
        Tensor(repeating: .nan, shape: [crops.shape[0], 4, 6, 8])
      }
    }
  }
}
