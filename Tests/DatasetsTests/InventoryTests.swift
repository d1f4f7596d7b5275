import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

/// Whatever lies in a data folder and is not used, not readable, used twice or in two splits is said.
@Suite(.serialized) struct InventoryTests {
  // MARK: Cityscapes

  private func addStreet(
    _ folder: TemporaryFolder, _ city: String, _ id: String, split: String = "train", ending: String = "png",
    seed: Int = 0
  ) throws {
    // The writer takes what is no `.jpg` for a PNG.
    try folder.write(
      noiseImage(height: 2, width: 3, seed: UInt64(seed)),
      "leftImg8bit/\(split)/\(city)/\(id)_leftImg8bit.\(ending)")
    try folder.write(
      LabelMap(height: 2, width: 3, repeating: 7), "gtFine/\(split)/\(city)/\(id)_gtFine_labelIds.\(ending)")
  }

  private func streets(_ folder: TemporaryFolder, _ split: Cityscapes.Split = .train) throws -> Cityscapes {
    try Cityscapes(root: folder.path, split: split)
  }

  /// The reports of all parts, as the runner makes them.
  private func check(_ parts: [any SegmentationDataset]) -> [DataReport] {
    zip(DataCheck.read(parts) { _, _, _ in }, DataInventory.findings(parts)).map { $0.adding($1) }
  }

  /// Ids with their city where they must have it; all others, and with them the fingerprint, are as ever.
  @Test func oneNameInTwoCities() throws {
    let folder = try TemporaryFolder()
    for (seed, (city, id)) in [("aa", "x"), ("bb", "x"), ("aa", "aa_1"), ("bb", "bb_1")].enumerated() {
      try addStreet(folder, city, id, seed: seed)
    }
    let dataset = try streets(folder)
    #expect(dataset.samples.map(\.id) == ["aa_1", "aa/x", "bb_1", "bb/x"])
    #expect(
      dataset.samples.map(\.imagePath)
        == ["aa/aa_1", "aa/x", "bb/bb_1", "bb/x"].map {
          "\(folder.path)/leftImg8bit/train/\($0)_leftImg8bit.png"
        })
    #expect(check([dataset])[0].errors.isEmpty)
  }

  @Test func endingsInCapitals() throws {
    let folder = try TemporaryFolder()
    for index in 0..<4 {
      try addStreet(folder, "aa", "\(index)", ending: ["png", "PNG", "Png", "png"][index], seed: index)
    }
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/gtFine/train/aa/3_gtFine_labelIds.png",
      toPath: "\(folder.path)/gtFine/train/aa/3_gtFine_labelTrainIds.PNG")
    let report = check([try streets(folder)])[0]
    // 7 is class 0 as a raw id, and itself as a train id.
    #expect(report.imageCount == 4 && report.errors.isEmpty, "\(report.errors)")
    #expect(report.classPixels[0] == 18 && report.classPixels[7] == 6)
    #expect(report.warnings.count == 1 && report.warnings[0].contains("never occur"))
    // Two files of one name are not chosen from.
    try folder.write(noiseImage(height: 2, width: 3), "leftImg8bit/train/aa/0_leftImg8bit.PNG")
    let ambiguous = check([try streets(folder)])[0].errors
    #expect(
      ambiguous == [
        .ambiguous(
          dataset: "cityscapes/train", id: "0",
          paths: ["PNG", "png"].map { "\(folder.path)/leftImg8bit/train/aa/0_leftImg8bit.\($0)" })
      ])
  }

  /// A city that cannot be read is an error and not some images less. A link to itself is unreadable for everybody.
  @Test func unreadableCities() throws {
    let folder = try TemporaryFolder()
    for (index, city) in ["aa", "bb", "cc"].enumerated() {
      try addStreet(folder, city, "\(city)_1", seed: index)
    }
    let images = "\(folder.path)/leftImg8bit/train"
    let labels = "\(folder.path)/gtFine/train"
    #expect(symlink("dd", "\(images)/dd") == 0 && symlink("/nonexistent/city", "\(images)/ee") == 0)
    #expect(symlink("aa", "\(images)/ff") == 0)
    try FileManager.default.removeItem(atPath: "\(labels)/cc")
    try folder.write("no folder".utf8, "gtFine/train/cc")
    let report = check([try streets(folder)])[0]
    #expect(report.imageCount == 3 && report.fingerprint == 0)
    #expect(
      report.errors == [
        .folder(path: "\(images)/dd", reason: "Too many levels of symbolic links"),
        .folder(path: "\(images)/ee", reason: "it is a link to nothing"),
        .sameFolder(paths: ["\(images)/aa", "\(images)/ff"]),
        .missingLabel(
          path: "\(labels)/cc/cc_1_gtFine_labelIds.png", image: "\(images)/cc/cc_1_leftImg8bit.png"),
      ])
    #expect(
      report.warnings.contains(
        "cityscapes/train: 1 file is not used: not the folder of a city: 'gtFine/train/cc'"))
    for city in ["bb", "cc", "aa"] { try FileManager.default.removeItem(atPath: "\(images)/\(city)") }
    for city in ["bb", "cc", "aa"] { try FileManager.default.removeItem(atPath: "\(labels)/\(city)") }
    // Nothing is left that could be listed: the reason is said.
    #expect(throws: DatasetError.folder(path: "\(images)/dd", reason: "Too many levels of symbolic links")) {
      try streets(folder)
    }
  }

  /// Folders and files that may not be read, to a user for whom that counts.
  @Test func forbidden() throws {
    let folder = try TemporaryFolder()
    for index in 0..<8 { try addStreet(folder, index < 4 ? "aa" : "bb", "\(index)", seed: index) }
    let city = "\(folder.path)/leftImg8bit/train/bb"
    let file = "\(folder.path)/leftImg8bit/train/aa/2_leftImg8bit.png"
    for name in [city, file] { #expect(chmod(name, 0) == 0) }
    defer { chmod(city, 0o755) }
    guard try OtherUser.isPossible(folder.path) else { return }
    let report = try OtherUser.run { check([try streets(folder)])[0] }
    #expect(report.errors.contains(.folder(path: city, reason: "Permission denied")))
    #expect(report.errors.contains(.image(.file(path: file, reason: "Permission denied"))))
    // The labels of the city are there.
    #expect(report.errors.count == 6 && report.imageCount == 8, "\(report.errors)")
  }

  @Test func strayFiles() throws {
    let folder = try TemporaryFolder()
    for index in 0..<2 { try addStreet(folder, "aa", "\(index)", seed: index) }
    for name in ["color.png", "instanceIds.png", "polygons.json", "labelTrainIds.png"] {
      try folder.write(LabelMap(height: 2, width: 3), "gtFine/train/aa/0_gtFine_\(name)")
    }
    for name in [
      "leftImg8bit/train/aa/0_leftimg8bit.png", "leftImg8bit/train/aa/notes.txt", "leftImg8bit/Val/aa/x.png",
      "gtFine/train/aa/9_gtFine_color.png", "leftImg8bit/train/aa/.1_leftImg8bit.png",
      "leftImg8bit/test/aa/x.png",
      "README", ".complete", "leftImg8bit/train/.DS_Store",
    ] { try folder.write("x".utf8, name) }
    let report = check([try streets(folder)])[0]
    #expect(report.errors.isEmpty && report.imageCount == 2)
    #expect(
      report.warnings.dropFirst() == [
        "cityscapes/train: 1 file is not used: not the folder of a split: 'leftImg8bit/Val'",
        "cityscapes/train: 1 file is not used: hidden pictures: 'leftImg8bit/train/aa/.1_leftImg8bit.png'",
        "cityscapes/train: 2 files are not used: not named as an image, <id>_leftImg8bit.png: "
          + "'leftImg8bit/train/aa/0_leftimg8bit.png', 'leftImg8bit/train/aa/notes.txt'",
        "cityscapes/train: 1 file is not used: without an image and a label: 'gtFine/train/aa/9_gtFine_color.png'",
      ])
    #expect(
      report.notes == [
        "cityscapes/train: 1 file is not used: hidden: 'leftImg8bit/train/.DS_Store'",
        "\(folder.path): not looked at: 'README'",
      ])
  }

  /// The same picture by name and bytes in both splits; by bytes alone that is worth a look.
  @Test func copies() throws {
    let folder = try TemporaryFolder()
    try addStreet(folder, "aa", "0", seed: 1)
    try addStreet(folder, "aa", "1", seed: 2)
    try addStreet(folder, "bb", "2", seed: 2)
    try addStreet(folder, "aa", "0", split: "val", seed: 1)
    try addStreet(folder, "aa", "1", split: "val", seed: 3)
    try addStreet(folder, "aa", "5", split: "val", seed: 2)
    let reports = check([try streets(folder), try streets(folder, .val)])
    #expect(reports[0].errors.isEmpty)
    #expect(
      reports[1].errors == [
        .copied(
          id: "0", paths: ["train", "val"].map { "\(folder.path)/leftImg8bit/\($0)/aa/0_leftImg8bit.png" })
      ])
    #expect(
      reports[0].warnings.last
        == "cityscapes/train: 1 image has the bytes of another one: '2 = 1 of cityscapes/train'")
    #expect(
      reports[1].warnings.last
        == "cityscapes/val: 1 image has the bytes of another one: '5 = 1 of cityscapes/train'")
  }

  // MARK: PASCAL VOC

  private func makeVOC(_ folder: TemporaryFolder, _ lists: [String: String]) throws {
    for number in 1...6 {
      try folder.write(noiseImage(height: 2, width: 3, seed: UInt64(number)), "JPEGImages/\(number).jpg")
    }
    for number in 1...5 {
      try folder.write(LabelMap(height: 2, width: 3, repeating: 1), "SegmentationClass/\(number).png")
    }
    try folder.write(LabelMap(height: 2, width: 3, repeating: 1), "SegmentationClassAug/1.png")
    for (name, text) in lists { try folder.write(text.utf8, "ImageSets/\(name).txt") }
  }

  private func voc(_ folder: TemporaryFolder) throws -> [any SegmentationDataset] {
    try [PascalVOC.Split.train, .val].map { try PascalVOC(root: folder.path, split: $0, labels: .sbdFirst) }
  }

  @Test func imagesOfTwoSplits() throws {
    let folder = try TemporaryFolder()
    try makeVOC(
      folder,
      ["Segmentation/train": "1\n2\n3\n2\n", "Segmentation/val": "4\n2\n1\n5\n", "Main/trainval": "6\n"])
    let parts = try voc(folder)
    let findings = DataInventory.findings(parts)
    #expect(
      findings[0].errors == [
        .repeatedIdentifier(path: "\(folder.path)/ImageSets/Segmentation/train.txt", line: 4, id: "2")
      ])
    #expect(
      findings[1].errors
        == ["2", "1"].map {
          .inTwoSplits(
            id: $0, path: "\(folder.path)/JPEGImages/\($0).jpg", datasets: ["voc/train", "voc/val"])
        })
    let reports = check(parts)
    #expect(reports.map(\.imageCount) == [3, 4] && reports.map(\.fingerprint) == [0, 0])
    #expect(reports.map(\.errors.count) == [1, 2])
    #expect(findings.allSatisfy { $0.warnings.isEmpty })
  }

  /// Pictures of the data set's other lists are as they should be; those of no list are not.
  @Test func imagesOfNoList() throws {
    let folder = try TemporaryFolder()
    try makeVOC(
      folder,
      [
        "Segmentation/train": "1\n2\n", "Segmentation/val": "3\n", "Main/trainval": "4\n",
        "Main/cat_train": "6 1\n",
      ])
    try folder.write("x".utf8, "JPEGImages/notes.txt")
    try folder.write(LabelMap(height: 2, width: 3), "SegmentationClass/9.png")
    let findings = DataInventory.findings(try voc(folder))
    #expect(findings.allSatisfy { $0.errors.isEmpty } && findings[1].warnings.isEmpty)
    #expect(
      findings[0].warnings == [
        "voc/train: 1 file is not used: not named as a file of its folder, <id>.jpg: 'JPEGImages/notes.txt'",
        "voc/train: 2 files are not used: images that no list of the data set names: 'JPEGImages/5.jpg', 'JPEGImages/6.jpg'",
        "voc/train: 1 file is not used: masks that no list of the data set names: 'SegmentationClass/5.png'",
        "voc/train: 1 file is not used: masks without an image: 'SegmentationClass/9.png'",
      ])
    #expect(
      findings[0].notes == [
        "voc/train: 1 file is not used: images of the data set's other lists: 'JPEGImages/4.jpg'",
        "voc/train: 1 file is not used: masks of the data set's other lists: 'SegmentationClass/4.png'",
      ])
  }

  /// A mask that is there and leads nowhere is no reason to take the other one.
  @Test func brokenMasks() throws {
    let folder = try TemporaryFolder()
    try makeVOC(folder, ["Segmentation/train": "1\n2\n", "Segmentation/val": "3\n"])
    let broken = "\(folder.path)/SegmentationClassAug/2.png"
    #expect(symlink("none.png", broken) == 0)
    #expect(mkdir("\(folder.path)/SegmentationClassAug/3.png", 0o755) == 0)
    let errors = check(try voc(folder)).map(\.errors)
    #expect(
      errors == [
        [.image(.file(path: broken, reason: "it is a link to nothing"))],
        [
          .image(
            .file(
              path: "\(folder.path)/SegmentationClassAug/3.png", reason: "it is a folder, not a regular file")
          )
        ],
      ])
    try FileManager.default.removeItem(atPath: "\(folder.path)/SegmentationClassAug")
    try folder.write("x".utf8, "SegmentationClassAug")
    let findings = DataInventory.findings(try voc(folder))
    #expect(
      findings.map(\.errors)
        == [[DatasetError]](
          repeating: [.folder(path: "\(folder.path)/SegmentationClassAug", reason: "Not a directory")],
          count: 2))
  }

  // MARK: Folders

  private func own(_ folder: TemporaryFolder, list: String? = nil, _ name: String = "own") throws
    -> FolderDataset
  {
    try FolderDataset(
      name: name, root: folder.path, images: "i/*.jpg", labels: "l/*.png", list: list,
      classNames: ["a", "b"],
      mapping: .values(classCount: 2, offset: 0, ignored: [255]))
  }

  private func makePairs(_ folder: TemporaryFolder, _ ids: [String]) throws {
    for (index, id) in ids.enumerated() {
      try folder.write(noiseImage(height: 2, width: 3, seed: UInt64(index)), "i/\(id).jpg")
      try folder.write(LabelMap(height: 2, width: 3, values: [0, 1, 1, 1, 0, 1]), "l/\(id).png")
    }
  }

  /// Of four pairs one in capitals: all are used. Hyphens and accents in names are bytes.
  @Test func everyPair() throws {
    let folder = try TemporaryFolder()
    try makePairs(folder, ["1", "2", "caf\u{E9}", "cafe\u{301}"])
    for (old, new) in [("i/2.jpg", "i/2.JPG"), ("l/2.png", "l/2.PNG")] {
      try FileManager.default.moveItem(atPath: "\(folder.path)/\(old)", toPath: "\(folder.path)/\(new)")
    }
    let dataset = try own(folder)
    #expect(
      dataset.samples.map { Array($0.id.utf8) }
        == ["1", "2", "cafe\u{301}", "caf\u{E9}"].map { Array($0.utf8) })
    let report = check([dataset])[0]
    #expect(report.errors.isEmpty && report.warnings.isEmpty && report.notes.isEmpty, "\(report)")
    #expect(report.classPixels == [8, 16])
  }

  @Test func whatFitsNoPattern() throws {
    let folder = try TemporaryFolder()
    try makePairs(folder, ["1", "2"])
    try folder.write(noiseImage(height: 2, width: 3), "i/3.png")
    try folder.write(noiseImage(height: 2, width: 3), "i/.4.jpg")
    for name in ["i/deep/Thumbs.db", "l/._1.txt", "other/x"] { try folder.write("x".utf8, name) }
    let findings = DataInventory.findings([try own(folder)])[0]
    #expect(findings.errors.isEmpty)
    #expect(
      findings.warnings == [
        "own: 1 file is not used: hidden pictures: 'i/.4.jpg'",
        "own: 1 file is not used: pictures that fit no pattern of the data set: 'i/3.png'",
        "own: 1 file is not used: neither images nor labels: 'i/deep/Thumbs.db'",
      ])
    #expect(
      findings.notes == [
        "own: 1 file is not used: hidden: 'l/._1.txt'", "\(folder.path): not looked at: 'other'",
      ])
  }

  @Test func lists() throws {
    let folder = try TemporaryFolder()
    try makePairs(folder, ["1", "2", "3", "a b"])
    try folder.write("a b\ni/1.jpg l/1.png\n./i/1.jpg\n".utf8, "train.txt")
    try folder.write("2\n1\n".utf8, "val.txt")
    let parts = [
      try own(folder, list: "train.txt", "own/train"), try own(folder, list: "val.txt", "own/val"),
    ]
    #expect(parts.map { $0.samples.map(\.id) } == [["a b", "1"], ["2", "1"]])
    let findings = DataInventory.findings(parts)
    #expect(
      findings.map(\.errors) == [
        [.repeatedIdentifier(path: "\(folder.path)/train.txt", line: 3, id: "1")],
        [.inTwoSplits(id: "1", path: "\(folder.path)/i/1.jpg", datasets: ["own/train", "own/val"])],
      ])
    #expect(
      findings[0].warnings == [
        "own/train: 1 file is not used: images of no split: 'i/3.jpg'",
        "own/train: 1 file is not used: labels of no split: 'l/3.png'",
      ])
    #expect(findings[1].warnings.isEmpty && findings.allSatisfy { $0.notes.isEmpty })
  }

  /// Links that go round, and two ways to one folder, would have images used twice; the names of others lead nowhere.
  @Test func links() throws {
    let folder = try TemporaryFolder()
    try makePairs(folder, ["1", "x/2"])
    #expect(symlink("..", "\(folder.path)/i/x/up") == 0 && symlink("x", "\(folder.path)/i/y") == 0)
    #expect(symlink("/nonexistent/more", "\(folder.path)/i/more") == 0)
    #expect(symlink("none.jpg", "\(folder.path)/i/3.jpg") == 0)
    #expect(symlink("none.txt", "\(folder.path)/i/none.txt") == 0)
    let dataset = try own(folder)
    #expect(dataset.samples.map(\.id) == ["1", "3", "x/2"])
    let report = check([dataset])[0]
    let i = "\(folder.path)/i"
    #expect(
      report.errors == [
        .sameFolder(paths: [i, "\(i)/x/up"]), .sameFolder(paths: ["\(i)/x", "\(i)/y"]),
        .folder(path: "\(i)/more", reason: "it is a link to nothing"),
        .image(.file(path: "\(i)/3.jpg", reason: "it is a link to nothing")),
      ])
    #expect(report.warnings.contains("own: 1 file is not used: neither images nor labels: 'i/none.txt'"))
  }

  /// Between the check and the run a folder goes.
  @Test func vanishedFolder() throws {
    let folder = try TemporaryFolder()
    try makePairs(folder, ["1"])
    let dataset = try own(folder)
    try FileManager.default.removeItem(atPath: "\(folder.path)/l")
    #expect(
      check([dataset])[0].errors == [
        .missingLabel(path: "\(folder.path)/l/1.png", image: "\(folder.path)/i/1.jpg")
      ])
    #expect {
      try own(folder)
    } throws: { "\($0)".contains("folder of labels 'l/*.png' not found; looked at \(folder.path)/l") }
  }
}

/// The calling thread as somebody for whom permissions count, where tests run as root.
private enum OtherUser {
  private typealias Call = @convention(c) (UInt32) -> Int32
  private static let nobody: UInt32 = 65534
  private static let call: Call? = dlsym(nil, "setfsuid").map { unsafeBitCast($0, to: Call.self) }

  /// Whether permissions of files can be made to count, and the folder can be read then.
  static func isPossible(_ folder: String) throws -> Bool {
    try run {
      opens(folder) && !opens("\(folder)/leftImg8bit/train/bb")
    }
  }

  private static func opens(_ folder: String) -> Bool {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }

  static func run<T>(_ body: () throws -> T) throws -> T {
    guard geteuid() == 0, let call else { return try body() }
    _ = call(nobody)
    defer { _ = call(0) }
    return try body()
  }
}
