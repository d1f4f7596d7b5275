import Datasets
import Foundation
import Images
import Scenes
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct EmbeddedDataTests {
  private let small = EmbeddedData.Sizes(
    streetTrain: 4, streetVal: 2, streetHeight: 64, streetWidth: 128, objectTrain: 5, objectVal: 3,
    objectSide: 64)

  private func fingerprints(_ root: String) throws -> [UInt64] {
    try [
      Cityscapes(root: root, split: .train) as any SegmentationDataset, Cityscapes(root: root, split: .val),
      PascalVOC(root: root, split: .train, labels: .official),
      PascalVOC(root: root, split: .trainaug, labels: .sbdFirst),
      PascalVOC(root: root, split: .val, labels: .sbdFirst),
      PascalVOC(root: root, split: .val, labels: .official),
    ].map { dataset in
      let report = DataCheck.run(dataset) { _, _ in }
      #expect(report.errors.isEmpty, "\(report.errors)")
      return report.fingerprint
    }
  }

  @Test func everyClassOccursInEverySplit() throws {
    let folder = try TemporaryFolder()
    #expect(try EmbeddedData.make(root: folder.path, seed: 1))
    let sets: [(dataset: any SegmentationDataset, count: Int)] = [
      (try Cityscapes(root: folder.path, split: .train), 60),
      (try Cityscapes(root: folder.path, split: .val), 16),
      (try PascalVOC(root: folder.path, split: .train, labels: .official), 22),
      (try PascalVOC(root: folder.path, split: .trainaug, labels: .sbdFirst), 64),
      (try PascalVOC(root: folder.path, split: .val, labels: .sbdFirst), 24),
      (try PascalVOC(root: folder.path, split: .val, labels: .official), 24),
    ]
    for (dataset, count) in sets {
      let report = DataCheck.run(dataset) { _, _ in }
      #expect(report.errors.isEmpty, "\(report.errors)")
      #expect(report.warnings.isEmpty, "\(report.warnings)")
      #expect(report.imageCount == count)
      #expect(report.ignoredPixels > 0)
      #expect(report.ignoredFraction < 0.2)
    }
    // Official masks are palette files with a void ring, SBD masks are grey and mostly without.
    let official = try sets[5].dataset.load(0)
    let merged = try sets[4].dataset.load(0)
    #expect(official.label.values.contains(LabelMap.ignore))
    #expect(!merged.label.values.contains(LabelMap.ignore))
    let sizes = try (0..<24).map { try sets[4].dataset.load($0).image }
    #expect(Set(sizes.map { $0.height * 1000 + $0.width }).count > 5)
    #expect(sizes.contains { $0.height > $0.width } && sizes.contains { $0.height < $0.width })
  }

  @Test func sameSeedSameBytes() throws {
    let (first, second, other) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
    try EmbeddedData.make(root: first.path, seed: 9, sizes: small)
    try EmbeddedData.make(root: second.path, seed: 9, sizes: small)
    try EmbeddedData.make(root: other.path, seed: 10, sizes: small)
    let prints = try fingerprints(first.path)
    #expect(try fingerprints(second.path) == prints)
    for (one, another) in zip(try fingerprints(other.path), prints) { #expect(one != another) }
  }

  @Test func completeSetsAreReusedOthersMadeAnew() throws {
    let folder = try TemporaryFolder()
    #expect(try EmbeddedData.make(root: folder.path, seed: 9, sizes: small))
    #expect(try !EmbeddedData.make(root: folder.path, seed: 9, sizes: small))
    let before = try fingerprints(folder.path)
    #expect(try EmbeddedData.make(root: folder.path, seed: 10, sizes: small))
    #expect(try fingerprints(folder.path) != before)
    #expect(try EmbeddedData.make(root: folder.path, seed: 9, sizes: small))
    #expect(try fingerprints(folder.path) == before)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(left == ["VOCdevkit", "cityscapes"])
  }

  @Test func foldersOfOthersAreNeverTouched() throws {
    let folder = try TemporaryFolder()
    let precious = try folder.write("mine".utf8, "cityscapes/leftImg8bit/train/a/photo.png")
    #expect(throws: DatasetError.self) { try EmbeddedData.make(root: folder.path, seed: 9, sizes: small) }
    #expect(try FileBytes.read(precious) == Array("mine".utf8))
  }

  @Test func unwritableRoot() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("a file".utf8, "occupied")
    #expect(throws: DatasetError.self) { try EmbeddedData.make(root: file, seed: 9, sizes: small) }
  }

  /// What is drawn, without how the installed libraries pack it.
  private func pictures(_ root: String) throws -> [UInt64] {
    try [
      Cityscapes(root: root, split: .train) as any SegmentationDataset, Cityscapes(root: root, split: .val),
      PascalVOC(root: root, split: .trainaug, labels: .sbdFirst),
      PascalVOC(root: root, split: .val, labels: .official),
    ].map { dataset in
      try dataset.samples.indices.reduce(0) { hash, index in
        let sample = try dataset.load(index)
        return DataCheck.contentHash(sample.image.pixels + sample.label.values, hash)
      }
    }
  }

  /// Runs know embedded data by version, seed and sizes alone: whoever changes a picture must raise
  /// its version, and then record the new numbers here.
  @Test func picturesOfThisVersion() throws {
    let folder = try TemporaryFolder()
    try EmbeddedData.make(root: folder.path, seed: 9, sizes: small)
    #expect(EmbeddedData.version == 1)
    #expect(EmbeddedData.streetVersion == 2)
    let found = try pictures(folder.path).map { String($0, radix: 16) }
    #expect(found == ["1e3b7a88f9594e11", "ac6f0ceae52314d9", "9df21dbcb62f73c6", "2d2ad70ae5b49cc2"])
  }

  @Test func descriptionsNameWhatPicturesDependOn() {
    var other = small
    other.streetWidth = 160
    let streets = EmbeddedSet(.streets, seed: 9, sizes: small).description
    #expect(streets == "jml embedded streets, version 2, seed 9, train 4, val 2, 64x128")
    #expect(
      EmbeddedSet(.objects, seed: 9, sizes: small).description
        == "jml embedded objects, version 1, seed 9, train 5, val 3, side 64")
    #expect(EmbeddedSet(.streets, seed: 9, sizes: other).description != streets)
    #expect(
      EmbeddedSet(.objects, seed: 9, sizes: other).description
        == EmbeddedSet(.objects, seed: 9, sizes: small).description)
  }

  @Test func alteredFilesAreNoticed() throws {
    let folder = try TemporaryFolder()
    let set = EmbeddedSet(.objects, seed: 9, sizes: small)
    #expect(try set.make(below: folder.path))
    #expect(try set.alteredFiles(below: folder.path).isEmpty)
    let base = "VOCdevkit/VOC2012/"
    let picture = "\(folder.path)/\(base)JPEGImages/2012_000001.jpg"
    var bytes = try FileBytes.read(picture)
    bytes[bytes.count / 2] ^= 1
    try folder.write(bytes, "\(base)JPEGImages/2012_000001.jpg")
    try folder.write("a\n".utf8, "\(base)ImageSets/Segmentation/more.txt")
    try folder.write("notes".utf8, "\(base).hidden")
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(base)SegmentationClass/2012_000006.png")
    #expect(
      try set.alteredFiles(below: folder.path) == [
        "VOC2012/ImageSets/Segmentation/more.txt", "VOC2012/JPEGImages/2012_000001.jpg",
        "VOC2012/SegmentationClass/2012_000006.png",
      ])
    // They are the user's now: only a set of other content makes way.
    #expect(try !set.make(below: folder.path))
  }

  /// Folders of generators that did not write down what they drew are drawn anew.
  @Test func olderMarkers() throws {
    let folder = try TemporaryFolder()
    let set = EmbeddedSet(.streets, seed: 9, sizes: small)
    #expect(try set.make(below: folder.path))
    try folder.write((set.description + "\n").utf8, "cityscapes/.complete")
    #expect(try set.make(below: folder.path))
    #expect(try !set.make(below: folder.path))
    #expect(try set.alteredFiles(below: folder.path).isEmpty)
  }
}
