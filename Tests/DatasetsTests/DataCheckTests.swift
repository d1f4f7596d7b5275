import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized)
struct DataCheckTests {
  private func street(_ folder: TemporaryFolder, _ number: Int) -> (image: String, label: String) {
    let id = "arden_00000\(number)_000019"
    return (
      "cityscapes/leftImg8bit/train/arden/\(id)_leftImg8bit.png",
      "cityscapes/gtFine/train/arden/\(id)_gtFine_labelIds.png"
    )
  }

  /// Ten pairs that are in order.
  private func makeStreets(_ folder: TemporaryFolder) throws {
    for number in 0..<10 {
      let files = street(folder, number)
      try folder.write(noiseImage(height: 12, width: 20, seed: UInt64(number)), files.image)
      try folder.write(
        LabelMap(height: 12, width: 20, values: (0..<240).map { UInt8($0 % 34) }), files.label)
    }
  }

  private func check(_ folder: TemporaryFolder, threads: Int = 2) throws -> DataReport {
    DataCheck.run(try Cityscapes(root: folder.path, split: .train), threads: threads) { _, _ in }
  }

  @Test func goodData() throws {
    let folder = try TemporaryFolder()
    try makeStreets(folder)
    let report = try check(folder)
    #expect(report.errors.isEmpty && report.warnings.isEmpty)
    #expect(report.imageCount == 10)
    #expect(report.classPixels.reduce(report.ignoredPixels, +) == 2400)
    // Raw id 7 is at 7, 41, ... 211 of 240 pixels, 10 times; 15 of 34 raw ids are ignored.
    #expect(report.classPixels[0] == 70)
    #expect(report.ignoredFraction > 0.4 && report.ignoredFraction < 0.5)
    #expect(report == (try check(folder, threads: 1)))
    #expect(report.fingerprintText.count == 16)
  }

  @Test func fingerprintFollowsTheContentOnly() throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    try makeStreets(first)
    try makeStreets(second)
    let before = try check(second).fingerprint
    #expect(try check(first).fingerprint == before)
    try second.write(noiseImage(height: 12, width: 20, seed: 77), street(second, 4).image)
    #expect(try check(second).fingerprint != before)
  }

  @Test func progressCountsUp() throws {
    let folder = try TemporaryFolder()
    try makeStreets(folder)
    let calls = Locked<Int>([])
    _ = DataCheck.run(try Cityscapes(root: folder.path, split: .train)) { done, all in
      #expect(all == 10)
      calls.append(done)
    }
    #expect(calls.values == Array(1...10))
  }

  @Test func absentClassIsAWarning() throws {
    let folder = try TemporaryFolder()
    let files = street(folder, 0)
    try folder.write(noiseImage(height: 12, width: 20), files.image)
    try folder.write(
      LabelMap(height: 12, width: 20, values: (0..<240).map { UInt8($0 % 33) }), files.label)
    let report = try check(folder)
    #expect(report.errors.isEmpty)
    #expect(report.warnings == ["cityscapes/train: class 18 'bicycle' never occurs"])
  }

  /// Many absent classes are one line.
  @Test func absentClassesAreOneWarning() throws {
    let folder = try TemporaryFolder()
    try folder.write(noiseImage(height: 2, width: 4), "i/1.png")
    try folder.write(LabelMap(height: 2, width: 4, values: [1, 2, 3, 4, 5, 6, 7, 0]), "l/1.png")
    func warnings(_ classes: Int) throws -> [String] {
      DataCheck.run(
        try FolderDataset(
          name: "own", root: folder.path, images: "i", labels: "l",
          classNames: (1...classes).map { "c\($0)" },
          mapping: .values(classCount: classes, offset: 1, ignored: [0]))
      ) { _, _ in }.warnings
    }
    #expect(try warnings(7).isEmpty)
    #expect(try warnings(8) == ["own: class 7 'c8' never occurs"])
    #expect(try warnings(9) == ["own: 2 of 9 classes never occur: 7 'c8', 8 'c9'"])
    let many = try #require(try warnings(150).first)
    #expect(try warnings(150).count == 1)
    #expect(
      many.hasPrefix("own: 143 of 150 classes never occur: 7 'c8', ")
        && many.hasSuffix("16 'c17' and 133 more"))
  }

  /// One folder with every kind of damage: each is reported, with its file's name, in one run.
  @Test func everyErrorIsCollected() throws {
    let folder = try TemporaryFolder()
    try makeStreets(folder)
    let files = (0..<10).map { street(folder, $0) }
    func path(_ name: String) -> String { "\(folder.path)/\(name)" }
    try FileManager.default.removeItem(atPath: path(files[0].label))
    try FileManager.default.removeItem(atPath: path(files[1].image))
    try folder.write(LabelMap(height: 20, width: 12, repeating: 7), files[2].label)
    try folder.write(noiseImage(height: 12, width: 20), files[3].label)
    var label = LabelMap(height: 12, width: 20, repeating: 7)
    label[3, 5] = 34
    try folder.write(label, files[4].label)
    let image = try FileBytes.read(path(files[5].image))
    try folder.write(image.prefix(image.count / 2), files[5].image)
    var corrupt = try FileBytes.read(path(files[6].image))
    corrupt[corrupt.count / 2] ^= 0xFF
    try folder.write(corrupt, files[6].image)
    try folder.write([UInt8](), files[7].image)
    try folder.write("<html>not found</html>".utf8, files[8].label)

    let report = try check(folder)
    #expect(report.errors.count == 9)
    #expect(report.fingerprint == 0)
    let culprits = [
      files[0].label, files[1].image, files[2].label, files[3].label, files[4].label, files[5].image,
      files[6].image,
      files[7].image, files[8].label,
    ]
    for (error, culprit) in zip(report.errors, culprits) {
      #expect("\(error)".hasPrefix(path(culprit)), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
    guard report.errors.count == 9 else { return }
    #expect(report.errors[0] == .missingLabel(path: path(files[0].label), image: path(files[0].image)))
    #expect(report.errors[1] == .missingImage(path: path(files[1].image), label: path(files[1].label)))
    #expect("\(report.errors[2])".contains("label is 20x12, but its image"))
    #expect(report.errors[3] == .image(.wrongMode(path: path(files[3].label), found: "8-bit RGB")))
    #expect(
      report.errors[4]
        == .labelValue(
          path: path(files[4].label), value: 34, x: 5, y: 3, allowed: "0...33 and 255", hint: nil))
    #expect(
      report.errors[7]
        == .image(.unknownFormat(path: path(files[7].image), found: "the file is empty: copy it again")))
  }

  @Test func emptyDataset() {
    let report = DataCheck.run(MemoryDataset(count: 0)) { _, _ in }
    #expect(report.errors == [.emptySplit(dataset: "memory", path: nil)])
  }
}
