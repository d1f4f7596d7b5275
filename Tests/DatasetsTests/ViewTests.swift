import Datasets
import Images
import Tensors
import TestSupport
import Testing

/// Views of the crops of a batch, and what of the crops is shown.
@Suite(.serialized) struct ViewTests {
  private static let strong = NamedView("strong", .augSeg(maximumOperations: 3))
  private static let second = NamedView("second", .uniMatch)

  private func loader(
    views: [NamedView] = [], stream: String = "unlabelled", padding: CropPadding = .centre,
    cropHeight: Int = 34, cropWidth: Int = 27
  ) throws -> BatchLoader {
    try BatchLoader(
      dataset: MemoryDataset(count: 5),
      augmentation: Augmentation(
        stages: [.randomScale(0.5...2), .randomFlip(probability: 0.5), .randomCrop(padding: padding)],
        cropHeight: cropHeight, cropWidth: cropWidth, normalization: ResampleTests.normalization),
      batchSize: 2, seed: 11, stream: stream, views: views)
  }

  /// The crop as 8-bit colours, pixel by pixel from the whole image.
  private func plainCrop(_ image: ImageBuffer, _ geometry: CropGeometry) -> ImageBuffer {
    let rows = PlainPath.cropped(
      PlainPath.scaled(image, geometry.scaledHeight, geometry.scaledWidth, geometry.factor), geometry,
      // The mean colour, rounded: 123.68, 116.28, 103.53.
      padding: SIMD3<Float>(124, 116, 104))
    return ImageBuffer(
      height: geometry.height, width: geometry.width,
      pixels: rows.joined().flatMap { pixel in
        (0..<3).map { UInt8(min(max((pixel[$0] + 0.5).rounded(.down), 0), 255)) }
      })
  }

  private func crop(_ loader: BatchLoader, epoch: Int, index: Int) throws -> (ImageBuffer, CropGeometry) {
    let image = try loader.dataset.load(index).image
    var random = RandomSource(seed: 11, purpose: "augmentation/\(loader.stream)", epoch, index)
    let geometry = loader.augmentation.geometry(height: image.height, width: image.width, using: &random)
    return (plainCrop(image, geometry), geometry)
  }

  @Test(arguments: [CropPadding.centre, .end]) func viewsAreTheCropsByHand(_ padding: CropPadding) throws {
    let loader = try loader(views: [Self.second, Self.strong], padding: padding)
    let area = 3 * 34 * 27
    var padded = 0
    for iteration in 0..<12 {
      let batch = try loader.batch(at: iteration)
      #expect(batch.views.map(\.name) == ["second", "strong"])
      for (slot, index) in loader.indices(at: iteration).enumerated() {
        let (crop, geometry) = try crop(loader, epoch: iteration / 2, index: index)
        padded += geometry.isFilled ? 0 : 1
        for view in loader.views {
          var random = RandomSource(
            seed: 11, purpose: "view \(view.name)/unlabelled", iteration / 2, index)
          var picture = crop
          for operation in view.view.operations(using: &random) { picture.apply(operation) }
          let expected = Resample.normalized(picture, ResampleTests.normalization)
          let images = batch.view(view.name)
          #expect(images.shape == [2, 3, 34, 27])
          #expect(Array(images.values[slot * area..<(slot + 1) * area]) == expected.values)
        }
      }
    }
    #expect((4..<24).contains(padded))
  }

  /// Without operations a view is the crop up to rounding to 8 bits, and its padding the mean up to that.
  @Test func viewsFollowTheCrops() throws {
    let loader = try loader()
    let normalization = ResampleTests.normalization
    for index in 0..<5 {
      var random = RandomSource(seed: 2, purpose: "picture", index)
      let (band, geometry) = try loader.augmentation.load(index, of: loader.dataset, using: &random)
      let picture = loader.augmentation.picture(band, geometry)
      let weak = loader.augmentation(band, geometry).image.values
      for channel in 0..<3 {
        for at in 0..<34 * 27 {
          let value = weak[channel * 34 * 27 + at] * normalization.std[channel] + normalization.mean[channel]
          #expect(abs(Float(picture.pixels[3 * at + channel]) - value) < 0.501)
        }
      }
    }
  }

  /// Asking for views changes no crop, and a view changes with no other.
  @Test func viewsChangeNothingElse() throws {
    let plain = try loader()
    let one = try loader(views: [Self.strong])
    let two = try loader(views: [Self.second, Self.strong])
    for iteration in 0..<6 {
      let batches = try [plain, one, two].map { try $0.batch(at: iteration) }
      for batch in batches {
        #expect(batch.images.values == batches[0].images.values && batch.labels == batches[0].labels)
        #expect(batch.ids == batches[0].ids && batch.shown == batches[0].shown)
      }
      #expect(batches[0].views.isEmpty)
      #expect(batches[1].view("strong").values == batches[2].view("strong").values)
    }
  }

  /// The name of a view, the stream, the epoch and the sample: each gives other operations.
  @Test func viewsAreDrawnByName() {
    func operations(_ purpose: String, _ epoch: Int, _ index: Int) -> [PictureOperation] {
      var random = RandomSource(seed: 11, purpose: purpose, epoch, index)
      // Many, so that equal draws by chance are out of the question.
      return StrongView.imas(operations: 12).operations(using: &random)
    }
    let draws = [
      operations("view strong", 0, 1), operations("view strong/unlabelled", 0, 1),
      operations("view second/unlabelled", 0, 1), operations("view strong/unlabelled", 1, 1),
      operations("view strong/unlabelled", 0, 2),
    ]
    for (first, draw) in draws.enumerated() { for other in draws[..<first] { #expect(draw != other) } }
  }

  @Test(arguments: [(CropPadding.centre, 34, 27), (.end, 34, 27), (.end, 9, 70), (.centre, 3, 4)])
  func shown(_ padding: CropPadding, _ height: Int, _ width: Int) throws {
    let loader = try loader(padding: padding, cropHeight: height, cropWidth: width)
    var hidden = 0
    for iteration in 0..<8 {
      let batch = try loader.batch(at: iteration)
      var expected: [UInt8] = []
      for index in loader.indices(at: iteration) {
        let (_, geometry) = try crop(loader, epoch: iteration / 2, index: index)
        let whole = [[UInt8]](
          repeating: [UInt8](repeating: 1, count: geometry.scaledWidth), count: geometry.scaledHeight)
        expected += PlainPath.cropped(whole, geometry, padding: 0).joined()
      }
      #expect(batch.shown == expected)
      hidden += expected.count { $0 == 0 }
    }
    #expect((hidden > 0) == (height > 3))
  }

  @Test func prefetchingViewsChangesNothing() throws {
    let loader = try loader(views: [Self.strong, Self.second])
    let prefetcher = Prefetcher(source: loader, range: 1..<8, depth: 3, workers: 3)
    for iteration in 1..<8 {
      let batch = try prefetcher.next()["unlabelled"]
      let expected = try loader.batch(at: iteration)
      #expect(batch.shown == expected.shown)
      for name in ["strong", "second"] { #expect(batch.view(name).values == expected.view(name).values) }
    }
    prefetcher.stop()
  }
}
