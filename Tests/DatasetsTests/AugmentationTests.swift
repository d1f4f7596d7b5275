import Datasets
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct AugmentationTests {
  private func augmentation(
    scale: ClosedRange<Double> = 0.5...2, flip: Double = 0.5, height: Int = 24, width: Int = 40
  ) -> Augmentation {
    Augmentation(
      scale: scale, flipProbability: flip, cropHeight: height, cropWidth: width,
      normalization: ResampleTests.normalization)
  }

  private func sample(_ height: Int, _ width: Int) -> Sample {
    Sample(
      id: "s", image: noiseImage(height: height, width: width),
      label: noiseLabel(height: height, width: width))
  }

  @Test func sameKeySameResult() {
    let sample = sample(30, 50)
    func draw(_ epoch: Int, _ index: Int) -> ([Float], LabelMap) {
      var random = RandomSource(seed: 7, purpose: "augmentation", epoch, index)
      let result = augmentation()(sample, using: &random)
      return (result.image.values, result.label)
    }
    #expect(draw(3, 11) == draw(3, 11))
    #expect(draw(3, 11).1 != draw(3, 12).1)
    #expect(draw(3, 11).1 != draw(4, 11).1)
  }

  /// A crop reads only its rows; its pixels are those of the whole sample's crop, whatever the sizes.
  @Test(arguments: [(24, 40), (9, 11), (70, 130), (1, 1)])
  func bandsGiveTheSameCrops(_ crop: (Int, Int)) {
    let augmentation = augmentation(height: crop.0, width: crop.1)
    let whole = sample(45, 61)
    for draw in 0..<60 {
      let random = RandomSource(seed: 5, purpose: "band", draw)
      var (first, second) = (random, random)
      let wanted = augmentation(whole, using: &first)
      let geometry = augmentation.geometry(height: 45, width: 61, using: &second)
      let rows = geometry.sourceRows(height: 45)
      let band = SampleBand(
        id: whole.id,
        image: ImageBuffer(
          height: rows.count, width: 61,
          pixels: Array(whole.image.pixels[rows.lowerBound * 183..<rows.upperBound * 183])),
        label: LabelMap(
          height: rows.count, width: 61,
          values: Array(whole.label.values[rows.lowerBound * 61..<rows.upperBound * 61])),
        rows: rows, height: 45)
      let result = augmentation(band, geometry)
      #expect(result.image.values == wanted.image.values)
      #expect(result.label == wanted.label)
      #expect(first.next() == second.next())
    }
  }

  /// A crop larger than any scaled image: ignore and mean exactly around a centred image.
  @Test func paddingIsCentred() {
    let augmentation = augmentation(scale: 1...1, flip: 0, height: 15, width: 20)
    var random = RandomSource(seed: 1, purpose: "pad")
    let source = Sample(
      id: "s", image: noiseImage(height: 8, width: 9), label: LabelMap(height: 8, width: 9, repeating: 4))
    let result = augmentation(source, using: &random)
    #expect(result.image.shape == [3, 15, 20])
    let whole = Resample.normalized(source.image, ResampleTests.normalization)
    for y in 0..<15 {
      for x in 0..<20 {
        // 7 rows of padding: 3 above, 4 below; 11 columns: 5 left, 6 right.
        let isImage = (3..<11).contains(y) && (5..<14).contains(x)
        #expect(result.label[y, x] == (isImage ? 4 : LabelMap.ignore))
        let expected = isImage ? whole.values[(y - 3) * 9 + x - 5] : 0
        #expect(result.image.values[y * 20 + x] == expected)
      }
    }
  }

  /// The image carries its label as colour, so geometry that differed between them would show.
  @Test func imageAndLabelMoveTogether() {
    let augmentation = augmentation(scale: 1...1, height: 9, width: 13)
    let label = noiseLabel(height: 21, width: 34)
    let image = ImageBuffer(height: 21, width: 34, pixels: label.values.flatMap { [$0, $0, $0] })
    let normalization = ResampleTests.normalization
    var flips = 0
    for draw in 0..<40 {
      var random = RandomSource(seed: 2, purpose: "together", draw)
      var again = random
      flips += augmentation.geometry(height: 21, width: 34, using: &again).flip ? 1 : 0
      let result = augmentation(Sample(id: "s", image: image, label: label), using: &random)
      for (value, expected) in zip(result.image.values, result.label.values) {
        #expect(((value * normalization.std.x) + normalization.mean.x).rounded() == Float(expected))
      }
    }
    #expect((5..<35).contains(flips))
  }

  @Test func geometryCoversItsRange() {
    let augmentation = augmentation(height: 20, width: 30)
    var tops = Set<Int>()
    for draw in 0..<400 {
      var random = RandomSource(seed: 3, purpose: "range", draw)
      let geometry = augmentation.geometry(height: 25, width: 32, using: &random)
      #expect((13...50).contains(geometry.scaledHeight))
      // One factor for both sides.
      #expect(abs(Double(geometry.scaledWidth) / 32 - Double(geometry.scaledHeight) / 25) < 0.04)
      if geometry.scaledHeight >= 20 {
        #expect((0...(geometry.scaledHeight - 20)).contains(geometry.top))
        tops.insert(geometry.top)
      } else {
        #expect(geometry.top == -((20 - geometry.scaledHeight) / 2))
      }
    }
    #expect(tops.count > 15)
  }

  /// A stage draws its own numbers, in order, and nothing else is drawn: later draws follow.
  @Test func stagesDrawInOrder() throws {
    let (height, width) = (45, 61)
    func geometry(_ stages: [AugmentationStage], _ random: inout RandomSource) throws -> CropGeometry {
      try Augmentation(
        stages: stages, cropHeight: 24, cropWidth: 40, normalization: ResampleTests.normalization
      ).geometry(height: height, width: width, using: &random)
    }
    for draw in 0..<20 {
      let random = RandomSource(seed: 4, purpose: "stages", draw)
      var (all, plain, expected) = (random, random, random)
      let three = try geometry([.randomScale(0.5...2), .randomFlip(probability: 0.5), .randomCrop], &all)
      // The list of the paper's three is the paper's augmentation, draw by draw.
      #expect(three == augmentation().geometry(height: height, width: width, using: &plain))
      let factor = expected.uniform(0.5, 2)
      #expect(three.factor == factor)
      #expect(three.flip == (expected.uniform() < 0.5))
      #expect(three.scaledHeight == Int((45 * factor).rounded(.toNearestOrEven)))
      _ = expected.below(max(three.scaledHeight - 24, 0) + 1)
      _ = expected.below(max(three.scaledWidth - 40, 0) + 1)
      let next = expected.next()
      #expect(all.next() == next && plain.next() == next)

      var (crop, cropExpected) = (random, random)
      let only = try geometry([.randomCrop], &crop)
      #expect(only.factor == nil && !only.flip && only.scaledHeight == 45 && only.scaledWidth == 61)
      #expect(only.top == cropExpected.below(22) && only.left == cropExpected.below(22))
      #expect(crop.next() == cropExpected.next())

      var (flip, flipExpected) = (random, random)
      let mirrored = try geometry([.randomFlip(probability: 0.5), .randomCrop], &flip)
      #expect(mirrored.flip == (flipExpected.uniform() < 0.5) && mirrored.factor == nil)
    }
  }

  @Test(arguments: [
    ([AugmentationStage.randomScale(0.5...2)], "samples of a batch need one size"),
    ([], "samples of a batch need one size"),
    (
      [.randomFlip(probability: 0.5), .randomScale(1...2), .randomCrop], "random_scale comes once, and before"
    ),
    ([.randomScale(1...2), .randomScale(1...2), .randomCrop], "random_scale comes once, and before"),
    ([.randomFlip(probability: 0.5), .randomFlip(probability: 1), .randomCrop], "random_flip comes once"),
    ([.randomCrop, .randomFlip(probability: 0.5)], "nothing is done after random_crop"),
    ([.randomCrop, .randomCrop], "nothing is done after random_crop"),
  ])
  func otherOrdersAreRefused(_ stages: [AugmentationStage], _ reason: String) {
    #expect {
      try Augmentation(
        stages: stages, cropHeight: 8, cropWidth: 9, normalization: ResampleTests.normalization)
    } throws: {
      "\($0)".contains(reason) && "\($0)".contains("[\(stages.map(\.kind).joined(separator: ", "))]")
        && "\($0)".contains("allowed: random_scale, random_flip, random_crop in this order")
    }
  }

  @Test func evaluationPadsUpToTheWindow() {
    let source = sample(10, 31)
    let plain = EvaluationTransform(
      normalization: ResampleTests.normalization, minimumHeight: 1, minimumWidth: 1)(
        source)
    #expect(plain.image.shape == [1, 3, 10, 31])
    #expect(plain.label == source.label)
    let padded = EvaluationTransform(
      normalization: ResampleTests.normalization, minimumHeight: 15, minimumWidth: 24)(source)
    #expect(padded.image.shape == [1, 3, 15, 31])
    #expect(padded.label.values.prefix(2 * 31).allSatisfy { $0 == LabelMap.ignore })
    #expect(Array(padded.label.values[(2 * 31)..<(12 * 31)]) == source.label.values)
    #expect(padded.label.values.suffix(3 * 31).allSatisfy { $0 == LabelMap.ignore })
    for channel in 0..<3 {
      let start = channel * 15 * 31
      #expect(padded.image.values[start..<(start + 62)].allSatisfy { $0 == 0 })
      #expect(
        Array(padded.image.values[(start + 62)..<(start + 12 * 31)])
          == Array(plain.image.values[(channel * 310)..<(channel * 310 + 310)]))
    }
  }
}
