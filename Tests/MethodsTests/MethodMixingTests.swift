import Datasets
import Losses
import Methods
import Tensors
import Testing
import Training

/// What AugSeg and iMAS make of a batch, told by pixels that say where they are from.
@Suite struct MethodMixingTests {
  private static let (height, width, classes) = (9, 14, 4)
  private static let pixels = height * width

  /// [count, 2, 9, 14]: 10000 of the source, and the index within it.
  private static func marked(_ source: Int, count: Int) -> Tensor {
    Tensor(
      (0..<count * 2 * pixels).map { Float(source * 10000 + $0) }, shape: [count, 2, height, width])
  }

  private static func moment(_ iteration: Int, seed: UInt64 = 7) -> StepMoment {
    StepMoment(iteration: iteration, iterations: 10000, rate: 0, seed: seed)
  }

  /// Three images whose labels and confidences tell pixels apart, and which are all sure or all unsure.
  private static func said(sure: Bool) -> Predictions {
    let values = (0..<3 * classes * pixels).map { at -> Float in
      sure ? (at / pixels % classes == at % classes ? 1 : 0) : 0.25
    }
    var said = Predictions(probabilities: Tensor(values, shape: [3, classes, height, width]))
    said.labels = (0..<3 * pixels).map { UInt8(($0 / pixels + $0) % classes) }
    if !sure { said.confidence = (0..<3 * pixels).map { Float($0) / 1000 } }
    return said
  }

  private struct Origin: Hashable {
    let source: Int
    let image: Int
  }

  /// Where each pixel of an image is from, having checked that it is in its place in both channels.
  private static func origins(_ pictures: MixedPictures, _ image: Int) -> [Origin] {
    let values = pictures.images.values
    return (0..<pixels).map { place in
      let (first, second) = (
        Int(values[image * 2 * pixels + place]), Int(values[(image * 2 + 1) * pixels + place])
      )
      #expect(second == first + pixels && first % 10000 % pixels == place)
      return Origin(source: first / 10000, image: first % 10000 / (2 * pixels))
    }
  }

  /// A mixed image is a strong view with a box of another one, which may hold a part of one labelled image's box; labels
  /// and confidences are those of the place that the pixel is from.
  @Test(arguments: [true, false]) func augSeg(_ sure: Bool) {
    let labels = LabelBatch(
      count: 4, height: Self.height, width: Self.width,
      values: (0..<4 * Self.pixels).map { $0 % 11 == 0 ? LabelMap.ignore : UInt8($0 % 3) })
    let labelled = Batch(images: Self.marked(1, count: 4), labels: labels, ids: ["a", "b", "c", "d"])
    let said = Self.said(sure: sure)
    let strong = Self.marked(2, count: 3)
    var (pasted, injected) = (0, 0)
    for iteration in 0..<200 {
      let mixed = AugSegMixing(
        labelled: labelled, strong: strong, said: said, Self.moment(iteration)
      ).pictures
      for image in 0..<3 {
        let origins = Self.origins(mixed, image)
        for (place, origin) in origins.enumerated() {
          let (at, from) = (image * Self.pixels + place, origin.image * Self.pixels + place)
          let isLabelled = origin.source == 1
          let label = isLabelled ? labels.values[from] : said.labels[from]
          let confidence = isLabelled ? 1 : said.confidence[from]
          #expect(mixed.labels.values[at] == label)
          #expect(mixed.confidence[at] == confidence)
        }
        let foreign = Set(origins).subtracting([Origin(source: 2, image: image)])
        #expect(foreign.count { $0.source == 1 } <= 1 && foreign.count { $0.source == 2 } <= 1)
        pasted += foreign.count { $0.source == 2 }
        injected += foreign.count { $0.source == 1 }
      }
    }
    // A third of the images is mixed with itself.
    #expect(pasted > 200 && pasted < 500)
    #expect(sure ? injected == 0 : injected > 60)
    #expect(strong.values == Self.marked(2, count: 3).values)
  }

  @Test func blendsByHardness() {
    let (weak, strong) = (Self.marked(0, count: 3), Self.marked(1, count: 3))
    let mixing = IMASMixing(
      weak: weak, strong: strong, said: Self.said(sure: false), IMASHardness(values: [0, 0.25, 1]),
      Self.moment(0))
    // Strong is weak + 10000.
    let shares: [Float] = [0, 0.25, 1]
    let expected = weak.values.enumerated().map { at, value in
      value + 10000 * shares[at / (2 * Self.pixels)]
    }
    #expect(mixing.strong.images.values == expected)
    #expect(mixing.strong.labels.values == Self.said(sure: false).labels)
    #expect(mixing.strong.confidence == Self.said(sure: false).confidence)
  }

  /// CutMix is of weak images, between the hardest and the easiest; the middle one is mixed with itself.
  @Test func imasCutMix() throws {
    let said = Self.said(sure: false)
    let weak = Self.marked(0, count: 3)
    var pasted = [0, 0, 0]
    for iteration in 0..<200 {
      let mixing = IMASMixing(
        weak: weak, strong: Self.marked(1, count: 3), said: said, IMASHardness(values: [1, 1, 1]),
        Self.moment(iteration))
      let mixed = try #require(mixing.cutMixed)
      for image in 0..<3 {
        // Equals are ranked by index.
        let partner = 2 - image
        for (place, origin) in Self.origins(mixed, image).enumerated() {
          #expect(origin.source == 0 && [image, partner].contains(origin.image))
          let (at, from) = (image * Self.pixels + place, origin.image * Self.pixels + place)
          #expect(
            mixed.labels.values[at] == said.labels[from] && mixed.confidence[at] == said.confidence[from])
          if origin.image != image { pasted[image] += 1 }
        }
      }
    }
    // About 0.25 of the area, less what is cut off.
    let share = Double(pasted[0] + pasted[2]) / Double(2 * 200 * Self.pixels)
    #expect(pasted[1] == 0 && share > 0.1 && share < 0.35, "\(share)")
    #expect(weak.values == Self.marked(0, count: 3).values)
  }

  /// With the probability of the mean hardness, once for the whole batch.
  @Test(arguments: [0, 0.3, 1]) func cutMixIsAsFrequentAsImagesAreEasy(_ mean: Double) {
    let said = Self.said(sure: true)
    let hardness = IMASHardness(values: [mean / 2, mean, mean * 1.5])
    let images = Self.marked(0, count: 3)
    let count = (0..<3000).count { iteration in
      IMASMixing(weak: images, strong: images, said: said, hardness, Self.moment(iteration)).cutMixed != nil
    }
    // Five standard deviations.
    let deviation = (3000 * mean * (1 - mean)).squareRoot()
    #expect(abs(Double(count) - 3000 * mean) <= 5 * deviation, "\(count)")
  }

  @Test func mixingIsAFunctionOfSeedAndIteration() {
    let (images, said) = (Self.marked(0, count: 3), Self.said(sure: false))
    func mixed(_ iteration: Int, _ seed: UInt64) -> [Float]? {
      IMASMixing(
        weak: images, strong: images, said: said, IMASHardness(values: [1, 1, 1]),
        Self.moment(iteration, seed: seed)
      ).cutMixed?.images.values
    }
    #expect(mixed(3, 7) == mixed(3, 7))
    #expect(mixed(3, 7) != mixed(4, 7) && mixed(3, 7) != mixed(3, 8))
  }
}
