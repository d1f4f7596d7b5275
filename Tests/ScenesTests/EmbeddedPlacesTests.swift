import Datasets
import Foundation
import Images
import Scenes
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct EmbeddedPlacesTests {
  /// As many as there are pairs of a stage and an object, so that every class that is drawn is drawn once at least.
  private let all = EmbeddedData.Sizes(placeTrain: 128, placeVal: 24, placeHeight: 64, placeWidth: 80)
  private let small = EmbeddedData.Sizes(placeTrain: 6, placeVal: 2, placeHeight: 48, placeWidth: 64)

  /// ADE20K's values of the classes that some room or landscape has.
  static let drawn: [UInt8] = {
    var values = [UInt8](1...31)
    values += [
      33, 35, 36, 37, 38, 42, 44, 45, 47, 49, 50, 51, 53, 54, 55, 61, 63, 65, 69, 70, 72, 73, 77, 81,
    ]
    values += [84, 85, 90, 91, 110, 115, 117, 127, 128, 129, 141]
    return values
  }()

  static func make(_ sizes: EmbeddedData.Sizes, seed: UInt64) throws -> (
    folder: TemporaryFolder, root: String
  ) {
    let folder = try TemporaryFolder()
    let set = EmbeddedSet(.places, seed: seed, sizes: sizes)
    #expect(try set.make(below: folder.path))
    return (folder, set.folder(below: folder.path))
  }

  private func dataset(_ root: String, _ split: String) throws -> FolderDataset {
    try FolderDataset(
      name: split, root: root, images: "images/\(split)/*.jpg", labels: "annotations/\(split)/*.png",
      classNames: (1...150).map { "class \($0)" },
      mapping: .values(classCount: 150, offset: 1, ignored: [0]))
  }

  /// Components of a JPEG: 1 is grey, 3 is colour.
  private func components(_ path: String) throws -> UInt8 {
    let bytes = try FileBytes.read(path)
    // The frame header: baseline, extended or progressive.
    let kinds: ClosedRange<UInt8> = 0xC0...0xC2
    let start = try #require(
      bytes.indices.dropLast(9).first { (index: Int) -> Bool in
        bytes[index] == 0xFF && kinds.contains(bytes[index + 1])
      })
    return bytes[start + 9]
  }

  @Test func everyClassThatIsDrawnIsSeen() throws {
    let (folder, root) = try EmbeddedPlacesTests.make(all, seed: 1)
    #expect(root == "\(folder.path)/ADEChallengeData2016")
    for (split, count) in [("training", 128), ("validation", 24)] {
      let dataset = try dataset(root, split)
      let report = DataCheck.run(dataset) { _, _ in }
      #expect(report.errors.isEmpty, "\(report.errors)")
      #expect(report.imageCount == count)
      #expect(report.ignoredPixels > 0 && report.ignoredFraction < 0.2)
      var pixels = [Int](repeating: 0, count: 256)
      for sample in dataset.samples {
        let label = try ImageFile.readLabel(try #require(sample.labelPath))
        for value in label.values { pixels[Int(value)] += 1 }
        // One thing between two or three regions.
        let kinds = Set(label.values).subtracting([0])
        #expect((2...4).contains(kinds.count), "\(sample.id): \(kinds.sorted())")
      }
      let found: [UInt8] = pixels.indices.filter { pixels[$0] > 0 }.map { UInt8($0) }
      #expect(found.first == 0)
      if split == "training" { #expect(Array(found.dropFirst()) == EmbeddedPlacesTests.drawn) }
      #expect(Set(found.dropFirst()).isSubset(of: EmbeddedPlacesTests.drawn))
    }
  }

  /// ADE20K has photographs of any size, and a few without colour.
  @Test func sizesVaryAndSomeAreGrey() throws {
    let (folder, root) = try EmbeddedPlacesTests.make(all, seed: 1)
    let samples = try dataset(root, "training").samples
    #expect(samples.first?.id == "ADE_train_00000001" && samples.last?.id == "ADE_train_00000128")
    var (sizes, grey): (Set<[Int]>, [String]) = ([], [])
    for sample in samples {
      let image = try ImageFile.readRGB(sample.imagePath)
      sizes.insert([image.height, image.width])
      let isGrey = stride(from: 0, to: image.pixels.count, by: 3).allSatisfy { (first: Int) -> Bool in
        let color = image.pixels[first..<first + 3]
        return Set(color).count == 1
      }
      #expect(isGrey == (try components(sample.imagePath) == 1))
      if isGrey { grey.append(sample.id) }
    }
    #expect(sizes.count > 20)
    #expect(grey.count == 6 && grey.first == "ADE_train_00000006")
    #expect(FileManager.default.fileExists(atPath: folder.path))
  }

  @Test func sameSeedSameBytes() throws {
    func prints(_ seed: UInt64) throws -> [UInt64] {
      let (folder, root) = try EmbeddedPlacesTests.make(small, seed: seed)
      defer { _ = folder }
      return try ["training", "validation"].map {
        DataCheck.run(try dataset(root, $0)) { _, _ in }.fingerprint
      }
    }
    let first = try prints(9)
    #expect(!first.contains(0))
    #expect(try prints(9) == first)
    for (one, other) in zip(try prints(10), first) { #expect(one != other) }
  }

  /// Runs know the pictures by version, seed and sizes alone: whoever changes one must raise `placeVersion`, and then
  /// record the new numbers here.
  @Test func picturesOfThisVersion() throws {
    let (folder, root) = try EmbeddedPlacesTests.make(small, seed: 9)
    defer { _ = folder }
    #expect(EmbeddedData.placeVersion == 1)
    let found = try ["training", "validation"].map { split in
      String(try EmbeddedPlacesTests.pictures(try dataset(root, split)), radix: 16)
    }
    #expect(found == ["f468293115316200", "f13b7bdae3dffe33"])
  }

  /// What is drawn, without how the installed libraries pack it.
  static func pictures(_ dataset: FolderDataset) throws -> UInt64 {
    try dataset.samples.indices.reduce(0) { hash, index in
      let sample = try dataset.load(index)
      return DataCheck.contentHash(sample.image.pixels + sample.label.values, hash)
    }
  }

  @Test func descriptionsNameWhatPicturesDependOn() {
    #expect(
      EmbeddedSet(.places, seed: 9, sizes: small).description
        == "jml embedded places, version 1, seed 9, train 6, val 2, 48x64")
    #expect(
      EmbeddedSet(.land, seed: 9, sizes: EmbeddedData.Sizes(landImages: 7, landSide: 64)).description
        == "jml embedded land, version 1, seed 9, images 7, side 64")
    // Where it lies is no part of what it is.
    let elsewhere = EmbeddedSet(.places, seed: 9, sizes: small, folder: "scenes/2016")
    #expect(elsewhere.description == EmbeddedSet(.places, seed: 9, sizes: small).description)
    #expect(elsewhere.folder(below: "data") == "data/scenes/2016")
  }
}
