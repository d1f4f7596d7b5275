import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

/// Lists of PASCAL VOC's layout as editors save them, and names as people give them.
@Suite(.serialized) struct ListTests {
  private static let root = "VOC2012"

  private func add(_ folder: TemporaryFolder, _ ids: [String], ending: String = "jpg") throws {
    for (index, id) in ids.enumerated() {
      let image = noiseImage(height: 5, width: 3, seed: UInt64(index))
      // The writer knows `.jpg` by its name.
      try folder.write(image, "a.jpg")
      let path = "\(folder.path)/\(Self.root)/JPEGImages/\(id).\(ending)"
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.moveItem(atPath: "\(folder.path)/a.jpg", toPath: path)
      try folder.write(
        LabelMap(height: 5, width: 3, repeating: 1), "\(Self.root)/SegmentationClass/\(id).png")
    }
  }

  private func list(_ folder: TemporaryFolder, _ bytes: some Sequence<UInt8>) throws -> String {
    try folder.write(bytes, "\(Self.root)/ImageSets/Segmentation/train.txt")
  }

  private func dataset(_ folder: TemporaryFolder) throws -> PascalVOC {
    try PascalVOC(root: folder.path, split: .train, labels: .official)
  }

  private func bytes(_ ids: [String]) -> [[UInt8]] { ids.map { Array($0.utf8) } }

  /// Every name that a file system takes, by its bytes.
  @Test func names() throws {
    let folder = try TemporaryFolder()
    let ids = [
      "2007 000032", "a  b", "x.y.z", "..x", ".hidden", "trailing.", "caf\u{E9}", "cafe\u{301}", "東京 1",
      "img(1)", "a'b\"c", "-1", "#7", "50%", "back\\slash", "tab\tin", "Größe", "\u{1F600}", "a,b;c", "$(x)",
    ]
    try add(folder, ids)
    _ = try list(folder, ids.map { "\($0)\n" }.joined().utf8)
    let dataset = try dataset(folder)
    #expect(bytes(dataset.samples.map(\.id)) == bytes(ids))
    let report = DataCheck.run(dataset) { _, _ in }
    #expect(report.errors.isEmpty && report.imageCount == ids.count, "\(report.errors)")
    #expect(report.classPixels[1] == ids.count * 15)
  }

  @Test(arguments: [
    "\u{FEFF}a b\r\nc\r\n", "a b\rc\r", "a b\r\rc", "\n\na b  \n \t \nc", "a b\nc", "a b\t\n\u{FEFF}c\n",
    "JPEGImages/a b.jpg SegmentationClass/a b.png\n/JPEGImages/c.jpg  /SegmentationClassAug/c.png",
    "./JPEGImages/a b.JPG\nJPEGImages/c.jpg\tSegmentationClass/c.png\n", "a b.jpg\nc.JPEG\n",
  ])
  func forms(_ text: String) throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a b", "c", "a"])
    _ = try list(folder, text.utf8)
    let dataset = try dataset(folder)
    #expect(dataset.samples.map(\.id) == ["a b", "c"])
    #expect(dataset.listing.errors.isEmpty, "\(dataset.listing.errors)")
  }

  @Test func wideText() throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a b", "größe"])
    for (encoding, mark) in [
      (String.Encoding.utf16LittleEndian, [0xFF, 0xFE] as [UInt8]), (.utf16BigEndian, [0xFE, 0xFF]),
    ] {
      _ = try list(folder, mark + (try #require("größe\r\na b\r\n".data(using: encoding))))
      #expect(try dataset(folder).samples.map(\.id) == ["größe", "a b"])
      // A byte is gone.
      let path = try list(folder, mark + (try #require("größe\r\n".data(using: encoding))).dropLast())
      #expect(
        throws: DatasetError.badListText(path: path, reason: "damaged UTF-16 text: save the list as UTF-8")
      ) { try dataset(folder) }
    }
  }

  /// A blank in a name, and the lists of ImageSets/Main: the whole line is a name if there is such an image.
  @Test func classLists() throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a", "b", "c 1", "c"])
    let path = try list(folder, "a  1\nb -1\nc 1\nb\n".utf8)
    let dataset = try dataset(folder)
    #expect(dataset.samples.map(\.id) == ["c 1", "b"])
    let errors = dataset.listing.errors.map(\.description)
    #expect(errors.count == 2)
    for (error, start) in zip(errors, ["\(path):1: 'a  1' is not", "\(path):2: 'b -1' is not"]) {
      #expect(error.hasPrefix(start) && error.contains("class list"), "\(error)")
    }
  }

  /// Nothing leaves the folder, and no line is dropped without a word.
  @Test(arguments: [
    "../JPEGImages/a", "/etc/passwd", "..", ".", "JPEGImages/../a.jpg", "other/a.jpg",
    "JPEGImages/a.jpg masks/a.png", "JPEGImages/a.jpg SegmentationClass/b.png",
    "JPEGImages/a.jpg SegmentationClass/../b.png", "sub/a", "a\0",
  ])
  func refused(_ line: String) throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a", "b"])
    let path = try list(folder, "b\n\(line)\n".utf8)
    let dataset = try dataset(folder)
    #expect(dataset.samples.map(\.id) == ["b"])
    let errors = DataCheck.run(dataset) { _, _ in }.errors
    #expect(errors.count == 1)
    #expect(
      errors.first?.description.hasPrefix("\(path):2: '\(line)' is not an image identifier") == true,
      "\(errors)")
  }

  @Test func twiceAndNoText() throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a", "b"])
    let path = try list(folder, Array("a\nb\r\na \nJPEGImages/b.jpg\n".utf8) + [0x78, 0xE9, 0x0A])
    let report = DataCheck.run(try dataset(folder)) { _, _ in }
    #expect(report.imageCount == 2 && report.fingerprint == 0)
    #expect(report.errors.contains(.repeatedIdentifier(path: path, line: 3, id: "a")))
    #expect(report.errors.contains(.repeatedIdentifier(path: path, line: 4, id: "b")))
    #expect(report.errors.contains { "\($0)".hasPrefix("\(path):5: ") && "\($0)".contains("not UTF-8") })
    #expect(report.errors.count == 3)
  }

  /// What is missed by a hair is named.
  @Test func hints() throws {
    let folder = try TemporaryFolder()
    try add(folder, ["caf\u{E9}", "Abc", "b"])
    try folder.write(noiseImage(height: 5, width: 3), "\(Self.root)/JPEGImages/p.png")
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/\(Self.root)/SegmentationClass/b.png",
      toPath: "\(folder.path)/\(Self.root)/SegmentationClass/B.png")
    _ = try list(folder, "cafe\u{301}\nabc\np\nb\nq\n".utf8)
    let errors = DataCheck.run(try dataset(folder)) { _, _ in }.errors.map(\.description)
    guard errors.count == 5 else {
      Issue.record("\(errors)")
      return
    }
    #expect(errors[0].contains("another Unicode normalisation"))
    #expect(errors[1].contains("'Abc.jpg' is there, in other upper and lower case"))
    #expect(errors[2].contains("'p.png' is there, with another ending"))
    #expect(errors[3].contains("label is missing") && errors[3].contains("'B.png' is there"))
    #expect(errors[4].hasSuffix("label \(folder.path)/\(Self.root)/SegmentationClass/q.png"))
  }

  @Test(arguments: ["JPG", "jpeg", "JPEG", "Jpg"])
  func endings(_ ending: String) throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a", "b"], ending: ending)
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/\(Self.root)/SegmentationClass/b.png",
      toPath: "\(folder.path)/\(Self.root)/SegmentationClass/b.PNG")
    _ = try list(folder, "a\nb\n".utf8)
    let report = DataCheck.run(try dataset(folder)) { _, _ in }
    #expect(
      report.errors.isEmpty && report.imageCount == 2 && report.classPixels[1] == 30, "\(report.errors)")
  }

  /// A list may name masks; if it names others than are read, that is said.
  @Test func namedMasks() throws {
    let folder = try TemporaryFolder()
    try add(folder, ["a", "b"])
    try folder.write(LabelMap(height: 5, width: 3, repeating: 2), "\(Self.root)/SegmentationClassAug/a.png")
    _ = try list(
      folder,
      "JPEGImages/a.jpg SegmentationClass/a.png\nJPEGImages/b.jpg SegmentationClass/b.png\n".utf8)
    #expect(try dataset(folder).listing.warnings.isEmpty)
    let extra = try PascalVOC(root: folder.path, split: .train, labels: .sbdFirst)
    #expect(
      extra.listing.warnings == [
        "voc/train: the list names other masks than label_source takes for 1 of 2 images, such as "
          + "SegmentationClass/a.png where SegmentationClassAug/a.png is read"
      ])
  }
}
