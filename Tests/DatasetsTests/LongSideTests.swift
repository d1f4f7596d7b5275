import Datasets
import Images
import Tensors
import TestSupport
import Testing

/// Resizing to pixels of the long side, and padding at the end.
@Suite(.serialized) struct LongSideTests {
  private func augmentation(_ stages: [AugmentationStage], _ height: Int = 20, _ width: Int = 30) throws
    -> Augmentation
  {
    try Augmentation(
      stages: stages, cropHeight: height, cropWidth: width, normalization: ResampleTests.normalization)
  }

  @Test(arguments: [(45, 61), (61, 45), (50, 50), (1, 400)])
  func wholePixelsOfTheLongSide(_ size: (height: Int, width: Int)) throws {
    let augmentation = try augmentation([.randomLongSide(25...40), .randomCrop(padding: .end)])
    var sides: [Int: Int] = [:]
    for draw in 0..<2400 {
      var random = RandomSource(seed: 1, purpose: "long side", draw)
      let geometry = augmentation.geometry(height: size.height, width: size.width, using: &random)
      // Scaled to a size: a pixel covers source / scaled pixels.
      #expect(geometry.factor == nil && !geometry.flip)
      let side = max(geometry.scaledHeight, geometry.scaledWidth)
      sides[side, default: 0] += 1
      let other = Double(min(size.height, size.width)) * Double(side) / Double(max(size.height, size.width))
      #expect(min(geometry.scaledHeight, geometry.scaledWidth) == max(1, Int((other + 0.5).rounded(.down))))
      #expect(
        size.height == size.width
          || (geometry.scaledHeight > geometry.scaledWidth) == (size.height > size.width))
    }
    // Both ends, every pixel between them, each about as often.
    #expect(Set(sides.keys) == Set(25...40))
    #expect(sides.values.allSatisfy { (90...215).contains($0) }, "\(sides)")
  }

  /// One number for the size, then the other stages as after a random scale.
  @Test func draws() throws {
    let augmentation = try augmentation([
      .randomLongSide(10...70), .randomFlip(probability: 0.5), .randomCrop,
    ])
    for draw in 0..<40 {
      let random = RandomSource(seed: 6, purpose: "draws", draw)
      var (drawn, expected) = (random, random)
      let geometry = augmentation.geometry(height: 45, width: 61, using: &drawn)
      let side = 10 + expected.below(61)
      #expect(geometry.scaledWidth == side)
      #expect(geometry.flip == (expected.uniform() < 0.5))
      let free = [geometry.scaledHeight - 20, geometry.scaledWidth - 30].map {
        (expected.below(max($0, 0) + 1), $0)
      }
      for (start, (place, room)) in zip([geometry.top, geometry.left], free) {
        #expect(start == (room < 0 ? -(-room / 2) : place))
      }
      #expect(drawn.next() == expected.next())
    }
    #expect(
      augmentation.stages == [
        .randomLongSide(10...70), .randomFlip(probability: 0.5), .randomCrop(padding: .centre),
      ])
  }

  /// Padding is right and below, also of a mirrored image; a crop of the padded image is the plain path's.
  @Test func paddingAtTheEnd() throws {
    let augmentation = try augmentation(
      [.randomLongSide(7...9), .randomFlip(probability: 0.5), .randomCrop(padding: .end)], 11, 14)
    let source = Sample(
      id: "s", image: noiseImage(height: 40, width: 45), label: noiseLabel(height: 40, width: 45))
    var flips = 0
    for draw in 0..<30 {
      let random = RandomSource(seed: 8, purpose: "end", draw)
      var (first, second) = (random, random)
      let geometry = augmentation.geometry(height: 40, width: 45, using: &first)
      flips += geometry.flip ? 1 : 0
      #expect(geometry.top == 0 && geometry.left == 0 && !geometry.isFilled)
      #expect(
        geometry.imageRows == 0..<geometry.scaledHeight && geometry.imageColumns == 0..<geometry.scaledWidth)
      let result = augmentation(source, using: &second)
      let labels = PlainPath.cropped(
        PlainPath.scaled(source.label, geometry.scaledHeight, geometry.scaledWidth, nil), geometry,
        padding: LabelMap.ignore)
      #expect(result.label.values == Array(labels.joined()))
      let image = PlainPath.cropped(
        PlainPath.scaled(source.image, geometry.scaledHeight, geometry.scaledWidth, nil), geometry,
        padding: ResampleTests.normalization.mean)
      let inverse = 1 / ResampleTests.normalization.std
      for (at, pixel) in image.joined().enumerated() {
        for channel in 0..<3 {
          #expect(
            result.image.values[channel * 11 * 14 + at]
              == (pixel[channel] - ResampleTests.normalization.mean[channel]) * inverse[channel])
        }
      }
    }
    #expect((5..<25).contains(flips))
  }

  /// Where nothing is padded, where the padding would be makes no difference.
  @Test func paddingMattersOnlyToSmallImages() throws {
    let centre = try augmentation([.randomScale(1...2), .randomCrop], 20, 30)
    let end = try augmentation([.randomScale(1...2), .randomCrop(padding: .end)], 20, 30)
    for draw in 0..<30 {
      var (first, second) = (
        RandomSource(seed: 9, purpose: "either", draw), RandomSource(seed: 9, purpose: "either", draw)
      )
      #expect(
        centre.geometry(height: 45, width: 61, using: &first)
          == end.geometry(height: 45, width: 61, using: &second))
    }
  }

  @Test(arguments: [
    ([AugmentationStage.randomLongSide(5...9)], "samples of a batch need one size"),
    (
      [.randomScale(1...2), .randomLongSide(5...9), .randomCrop],
      "random_long_side comes once, in the place of"
    ),
    ([.randomLongSide(5...9), .randomLongSide(5...9), .randomCrop], "random_long_side comes once"),
    ([.randomLongSide(5...9), .randomScale(1...2), .randomCrop], "random_scale comes once, and before"),
    ([.randomFlip(probability: 0.5), .randomLongSide(5...9), .randomCrop], "and before random_flip"),
    ([.randomCrop(padding: .end), .randomLongSide(5...9)], "nothing is done after random_crop"),
  ])
  func otherOrdersAreRefused(_ stages: [AugmentationStage], _ reason: String) {
    #expect {
      try augmentation(stages)
    } throws: {
      "\($0)".contains(reason) && "\($0)".contains("[\(stages.map(\.kind).joined(separator: ", "))]")
        && "\($0)".contains("random_long_side may stand in the place of random_scale")
    }
  }
}
