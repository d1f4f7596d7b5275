import Datasets
import Foundation
import Images
import Scenes
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct EmbeddedLandTests {
  /// Profile mini's: as 803 images are 5 folds of 160 and three, 83 are 5 of 16 and three.
  private let mini = EmbeddedData.Sizes(landImages: 83, landSide: 64)
  private let small = EmbeddedData.Sizes(landImages: 5, landSide: 48)
  private let names = ["urban", "agriculture", "rangeland", "forest", "water", "barren"]
  private let colors: [[UInt8]] = [
    [0, 255, 255], [255, 255, 0], [255, 0, 255], [0, 255, 0], [0, 0, 255], [255, 255, 255],
  ]

  private func make(
    _ sizes: EmbeddedData.Sizes, seed: UInt64, threshold: UInt8? = 128
  ) throws -> (folder: TemporaryFolder, dataset: FolderDataset) {
    let folder = try TemporaryFolder()
    let set = EmbeddedSet(.land, seed: seed, sizes: sizes)
    #expect(try set.make(below: folder.path))
    let dataset = try FolderDataset(
      name: "land", root: set.folder(below: folder.path), images: "train/*_sat.jpg",
      labels: "train/*_mask.png",
      classNames: names, classColors: colors,
      mapping: .colors(colors, ignored: [[0, 0, 0]], threshold: threshold))
    return (folder, dataset)
  }

  @Test func masksHaveTheSevenColours() throws {
    let (folder, dataset) = try make(mini, seed: 1)
    defer { _ = folder }
    var found: Set<[UInt8]> = []
    for sample in dataset.samples {
      let image = try ImageFile.readRGB(sample.imagePath)
      #expect((image.height, image.width) == (64, 64))
      let path = try #require(sample.labelPath)
      // Colour type 2 of the header: RGB without palette and alpha.
      #expect(try FileBytes.read(path)[25] == 2)
      let mask = try ImageFile.readRGB(path)
      var here: Set<[UInt8]> = []
      for first in stride(from: 0, to: mask.pixels.count, by: 3) {
        here.insert(Array(mask.pixels[first..<first + 3]))
      }
      #expect((2...4).contains(here.subtracting([[0, 0, 0]]).count), "\(sample.id)")
      found.formUnion(here)
    }
    #expect(found == Set(colors + [[0, 0, 0]]))
    let report = DataCheck.run(dataset) { _, _ in }
    #expect(report.errors.isEmpty && report.warnings.isEmpty, "\(report.errors) \(report.warnings)")
    #expect(report.unmatchedPixels == 0 && report.ignoredPixels > 0 && report.ignoredFraction < 0.1)
    // More of it is agriculture than anything else, as with DeepGlobe.
    #expect(report.classPixels.max() == report.classPixels[1])
    #expect(report.classPixels.allSatisfy { $0 > 0 })
  }

  /// 5 folds by sorted path, all classes in each; the three beyond are always trained on.
  @Test func foldsWithLeftovers() throws {
    let (folder, dataset) = try make(mini, seed: 1)
    defer { _ = folder }
    let paths = dataset.samples.map(\.imagePath)
    #expect(paths == paths.sorted() && paths.count == 83)
    let folds = FoldSplit(count: 5, size: 16)
    try folds.check(dataset)
    let leftovers = Set(dataset.samples.suffix(3).map(\.id))
    var validated: [String] = []
    for fold in 0..<5 {
      let (train, validation) = folds.parts(of: dataset, fold: fold)
      #expect(validation.samples.map(\.id) == dataset.samples[16 * fold..<16 * fold + 16].map(\.id))
      #expect(train.count == 67 && leftovers.isSubset(of: train.samples.map(\.id)))
      validated += validation.samples.map(\.id)
      for part in [train, validation] {
        #expect(DataCheck.run(part) { _, _ in }.warnings.isEmpty)
      }
    }
    #expect(Set(validated).count == 80 && leftovers.isDisjoint(with: validated))
    #expect(throws: DatasetError.tooFewForFolds(dataset: "land", samples: 83, count: 5, size: 17)) {
      try FoldSplit(count: 5, size: 17).check(dataset)
    }
  }

  @Test func sameSeedSameBytes() throws {
    func print(_ seed: UInt64) throws -> UInt64 {
      let (folder, dataset) = try make(small, seed: seed)
      defer { _ = folder }
      return DataCheck.run(dataset) { _, _ in }.fingerprint
    }
    let first = try print(9)
    let (again, other) = (try print(9), try print(10))
    #expect(first != 0 && again == first && other != first)
  }

  /// Runs know the pictures by version, seed and sizes alone: whoever changes one must raise `landVersion`, and then
  /// record the new number here.
  @Test func picturesOfThisVersion() throws {
    let (folder, dataset) = try make(small, seed: 9)
    defer { _ = folder }
    #expect(EmbeddedData.landVersion == 1)
    let found = String(try EmbeddedPlacesTests.pictures(dataset), radix: 16)
    #expect(found == "90eaf903700a7579")
  }
}
