import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct LoaderTests {
  // MARK: - Cityscapes

  private func addStreet(
    _ folder: TemporaryFolder, _ city: String, _ number: Int, root: String = "cityscapes",
    label: LabelMap? = nil,
    kind: String = "labelIds"
  ) throws {
    let id = "\(city)_00000\(number)_000019"
    try folder.write(
      noiseImage(height: 6, width: 9), "\(root)/leftImg8bit/train/\(city)/\(id)_leftImg8bit.png")
    try folder.write(
      label ?? LabelMap(height: 6, width: 9, repeating: 7),
      "\(root)/gtFine/train/\(city)/\(id)_gtFine_\(kind).png")
  }

  @Test func rawIdsAreMapped() throws {
    let folder = try TemporaryFolder()
    // Every raw id that occurs, 0...33, and 255 for -1.
    let raw = LabelMap(
      height: 6, width: 9, values: (0..<54).map { $0 <= 33 ? UInt8($0) : 255 })
    try addStreet(folder, "arden", 1, label: raw)
    let sample = try Cityscapes(root: folder.path, split: .train).load(0)
    let trainIds: [Int: UInt8] = [
      7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12, 26: 13,
      27: 14,
      28: 15, 31: 16, 32: 17, 33: 18,
    ]
    #expect(sample.label.values == (0..<54).map { trainIds[$0] ?? 255 })
  }

  @Test func trainIdsAreTakenWhereTheyAre() throws {
    let folder = try TemporaryFolder()
    try addStreet(folder, "arden", 1)
    let trainIds = LabelMap(height: 6, width: 9, values: (0..<54).map { $0 < 19 ? UInt8($0) : 255 })
    try folder.write(trainIds, "cityscapes/gtFine/train/arden/arden_000001_000019_gtFine_labelTrainIds.png")
    let dataset = try Cityscapes(root: folder.path, split: .train)
    #expect(dataset.count == 1)
    #expect(try dataset.load(0).label == trainIds)
    #expect(dataset.classNames.count == 19)
  }

  @Test func rawIdsUnderTheNameOfTrainIds() throws {
    let folder = try TemporaryFolder()
    let label = LabelMap(height: 6, width: 9, repeating: 26)
    try addStreet(folder, "arden", 1, label: label, kind: "labelTrainIds")
    let dataset = try Cityscapes(root: folder.path, split: .train)
    #expect {
      try dataset.load(0)
    } throws: {
      "\($0)".contains("label value 26 at x 0, y 0; allowed: 0...18 and 255 (this looks like raw labelIds")
    }
  }

  @Test func orderAndRoots() throws {
    let folder = try TemporaryFolder()
    for (city, number) in [("brooke", 2), ("arden", 3), ("brooke", 1), ("arden", 1)] {
      try addStreet(folder, city, number)
    }
    try folder.write([UInt8](), "cityscapes/leftImg8bit/train/readme.txt")
    let ids = [
      "arden_000001_000019", "arden_000003_000019", "brooke_000001_000019", "brooke_000002_000019",
    ]
    #expect(try Cityscapes(root: folder.path, split: .train).samples.map(\.id) == ids)
    #expect(try Cityscapes(root: "\(folder.path)/cityscapes", split: .train).samples.map(\.id) == ids)
    #expect(throws: DatasetError.self) { try Cityscapes(root: folder.path, split: .val) }
    #expect {
      try Cityscapes(root: "\(folder.path)/none", split: .train)
    } throws: { "\($0)".contains("none/cityscapes/leftImg8bit") }
  }

  // MARK: - PASCAL VOC

  /// Three pictures: 1 has both masks, 2 the official one, 3 the extra one.
  private func makeVOC(_ folder: TemporaryFolder, at root: String, extra: String = "SegmentationClassAug")
    throws
  {
    for number in 1...3 {
      try folder.write(noiseImage(height: 7, width: 5), "\(root)/JPEGImages/2007_00000\(number).jpg")
    }
    for number in 1...2 {
      try folder.write(
        LabelMap(height: 7, width: 5, repeating: 1), "\(root)/SegmentationClass/2007_00000\(number).png")
    }
    for number in [1, 3] {
      try folder.write(
        LabelMap(height: 7, width: 5, repeating: 20), "\(root)/\(extra)/2007_00000\(number).png")
    }
    try folder.write(
      "2007_000003\n2007_000001\r\n\n2007_000002".utf8, "\(root)/ImageSets/Segmentation/trainaug.txt")
    try folder.write("2007_000001\n".utf8, "\(root)/ImageSets/Segmentation/train.txt")
    try folder.write("\n".utf8, "\(root)/ImageSets/Segmentation/val.txt")
  }

  @Test(
    arguments: ["VOCdevkit/VOC2012", "VOC2012", "."], ["SegmentationClassAug", "SegmentationClassTrainAug"])
  func extraMasksFirst(_ root: String, _ extra: String) throws {
    let folder = try TemporaryFolder()
    try makeVOC(folder, at: root, extra: extra)
    let dataset = try PascalVOC(root: folder.path, split: .trainaug, labels: .sbdFirst)
    #expect(dataset.samples.map(\.id) == ["2007_000003", "2007_000001", "2007_000002"])
    #expect(try (0..<3).map { try dataset.load($0).label[0, 0] } == [20, 20, 1])
    let official = try PascalVOC(root: folder.path, split: .trainaug, labels: .official)
    #expect(try (1..<3).map { try official.load($0).label[0, 0] } == [1, 1])
    #expect(throws: DatasetError.self) { try official.load(0) }
    #expect(throws: DatasetError.self) { try PascalVOC(root: folder.path, split: .val, labels: .official) }
  }

  @Test func badLists() throws {
    let folder = try TemporaryFolder()
    try makeVOC(folder, at: "VOC2012")
    let path = try folder.write(
      "2007_000001\nJPEGImages/2007_000002.jpg a\n".utf8, "VOC2012/ImageSets/Segmentation/train.txt")
    let dataset = try PascalVOC(root: folder.path, split: .train, labels: .official)
    #expect(dataset.samples.map(\.id) == ["2007_000001"])
    let errors = DataCheck.run(dataset) { _, _ in }.errors
    #expect(errors.count == 1)
    #expect(
      errors.first?.description.hasPrefix(
        "\(path):2: 'JPEGImages/2007_000002.jpg a' is not an image identifier") == true, "\(errors)")
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: DatasetError.self) { try PascalVOC(root: folder.path, split: .train, labels: .official) }
  }

  @Test func palette() {
    #expect(PascalVOC.palette[0] == [0, 0, 0])
    #expect(PascalVOC.palette[1] == [128, 0, 0])
    #expect(PascalVOC.palette[15] == [192, 128, 128])
    #expect(PascalVOC.palette[20] == [0, 64, 128])
    #expect(PascalVOC.palette[255] == [224, 224, 192])
    #expect(PascalVOC.classes.count == 21)
  }
}
