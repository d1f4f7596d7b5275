import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct FolderDatasetTests {
  private let three = ["a", "b", "c"]
  private let ids = LabelMapping.values(classCount: 3, offset: 0, ignored: [255])

  private func add(_ folder: TemporaryFolder, image: String?, label: String?, value: UInt8 = 1) throws {
    if let image { try folder.write(noiseImage(height: 5, width: 8), image) }
    if let label { try folder.write(LabelMap(height: 5, width: 8, repeating: value), label) }
  }

  private func dataset(
    _ folder: TemporaryFolder, images: String, labels: String?, list: String? = nil
  ) throws -> FolderDataset {
    try FolderDataset(
      name: "own", root: folder.path, images: images, labels: labels, list: list, classNames: three,
      mapping: ids)
  }

  // MARK: Pairs

  /// As DeepGlobe's: in one folder, sorted by path and not by identifier.
  @Test func pairsInOneFolder() throws {
    let folder = try TemporaryFolder()
    for id in ["119", "119079", "10452", "86"] {
      try add(folder, image: "train/\(id)_sat.jpg", label: "train/\(id)_mask.png")
    }
    try folder.write("notes".utf8, "train/readme.txt")
    try folder.write("hidden".utf8, "train/.x_sat.jpg")
    let dataset = try dataset(folder, images: "train/*_sat.jpg", labels: "train/*_mask.png")
    // '_' comes after digits.
    #expect(dataset.samples.map(\.id) == ["10452", "119079", "119", "86"])
    #expect(dataset.samples[2].imagePath == "\(folder.path)/train/119_sat.jpg")
    #expect(dataset.samples[2].labelPath == "\(folder.path)/train/119_mask.png")
    #expect(try dataset.load(2).label == LabelMap(height: 5, width: 8, repeating: 1))
    #expect(dataset.classColors.count == 3)
  }

  @Test func identifiersRunOverFolders() throws {
    let folder = try TemporaryFolder()
    for id in ["x/2", "x/1", "y/deep/1"] { try add(folder, image: "in/\(id).png", label: "gt/\(id)-l.png") }
    #expect(
      try dataset(folder, images: "in/*.png", labels: "gt/*-l.png").samples.map(\.id) == [
        "x/1", "x/2", "y/deep/1",
      ])
  }

  @Test func plainFolders() throws {
    let folder = try TemporaryFolder()
    try add(folder, image: "images/b.jpg", label: "labels/b.png")
    try add(folder, image: "images/a.png", label: "labels/a.png")
    let pairs = try dataset(folder, images: "images", labels: "labels/")
    #expect(pairs.samples.map(\.id) == ["a", "b"])
    #expect(try pairs.load(1).label.values.allSatisfy { $0 == 1 })
    try add(folder, image: "images/b.png", label: nil)
    let errors = DataCheck.run(try dataset(folder, images: "images", labels: "labels")) { _, _ in }.errors
    #expect(
      errors == [
        .ambiguous(
          dataset: "own", id: "b", paths: ["\(folder.path)/images/b.jpg", "\(folder.path)/images/b.png"])
      ])
  }

  /// A missing partner on either side is an error of its sample, and the check names all of them.
  @Test func missingPartners() throws {
    let folder = try TemporaryFolder()
    try add(folder, image: "i/1.png", label: "l/1.png")
    try add(folder, image: "i/2.png", label: nil)
    try add(folder, image: nil, label: "l/3.png")
    let dataset = try dataset(folder, images: "i/*.png", labels: "l/*.png")
    let errors = DataCheck.run(dataset) { _, _ in }.errors
    #expect(
      errors == [
        .missingLabel(path: "\(folder.path)/l/2.png", image: "\(folder.path)/i/2.png"),
        .missingImage(path: "\(folder.path)/i/3.png", label: "\(folder.path)/l/3.png"),
      ])
  }

  @Test func lists() throws {
    let folder = try TemporaryFolder()
    for id in ["a", "b", "c"] { try add(folder, image: "i/\(id).png", label: "l/\(id).png") }
    try folder.write("c\r\n\na\n".utf8, "val.txt")
    let listed = try dataset(folder, images: "i/*.png", labels: "l/*.png", list: "val.txt")
    #expect(listed.samples.map(\.id) == ["c", "a"])
    func errors(_ list: String) throws -> [DatasetError] {
      DataCheck.run(try dataset(folder, images: "i/*.png", labels: "l/*.png", list: list)) { _, _ in }.errors
    }
    let twice = try folder.write("a\nb\na\n".utf8, "twice.txt")
    #expect(try errors("twice.txt") == [.repeatedIdentifier(path: twice, line: 3, id: "a")])
    // A blank is as good as any other character; what leaves the folder is not.
    try folder.write("a\nb c\n".utf8, "blank.txt")
    #expect(
      try errors("blank.txt") == [
        .missingImage(path: "\(folder.path)/i/b c.png", label: "\(folder.path)/l/b c.png")
      ])
    let bad = try folder.write("a\n../i/b\n/b\nx//b\n./c\n".utf8, "bad.txt")
    let found = try errors("bad.txt")
    #expect(found.count == 4)
    for (line, text) in [(2, "../i/b"), (3, "/b"), (4, "x//b"), (5, "./c")] {
      #expect(
        found.contains { "\($0)".hasPrefix("\(bad):\(line): '\(text)' is not an image identifier") },
        "\(found)")
    }
    try folder.write("a\nd\n".utf8, "more.txt")
    let more = try dataset(folder, images: "i/*.png", labels: "l/*.png", list: "more.txt")
    #expect(
      throws: DatasetError.missingImage(path: "\(folder.path)/i/d.png", label: "\(folder.path)/l/d.png")
    ) {
      try more.load(1)
    }
    #expect {
      try dataset(folder, images: "i/*.png", labels: "l/*.png", list: "none.txt")
    } throws: { "\($0)".contains("\(folder.path)/none.txt") }
    #expect {
      try dataset(folder, images: "j/*.png", labels: "l/*.png")
    } throws: { "\($0)".contains("folder of images 'j/*.png' not found; looked at \(folder.path)/j") }
    #expect {
      try dataset(folder, images: "i/*.tif", labels: "l/*.tif")
    } throws: { "\($0)".contains("no images in \(folder.path)/i/*.tif") }
  }

  // MARK: Label values

  /// As ADE20K's: 0 is nothing, classes begin at 1.
  @Test func offsets() throws {
    let folder = try TemporaryFolder()
    let raw = LabelMap(height: 2, width: 3, values: [0, 1, 2, 3, 0, 1])
    try folder.write(raw, "l/1.png")
    try folder.write(noiseImage(height: 2, width: 3), "i/1.png")
    func load(_ offset: Int, _ ignored: [Int]) throws -> LabelMap {
      try FolderDataset(
        name: "own", root: folder.path, images: "i", labels: "l", classNames: three,
        mapping: .values(classCount: 3, offset: offset, ignored: ignored)
      ).load(0).label
    }
    #expect(try load(1, [0]).values == [255, 0, 1, 2, 255, 0])
    #expect(
      throws: DatasetError.labelValue(
        path: "\(folder.path)/l/1.png", value: 0, x: 0, y: 0, allowed: "1...3", hint: nil)
    ) { try load(1, []) }
    #expect(
      throws: DatasetError.labelValue(
        path: "\(folder.path)/l/1.png", value: 3, x: 0, y: 1, allowed: "0...2 and 255", hint: nil)
    ) { try load(0, [255]) }
  }

  /// Colours of three classes, one ignored colour, and colours of nothing.
  private func colorData(_ folder: TemporaryFolder) throws {
    let colors: [[UInt8]] = [
      [0, 255, 255], [255, 255, 0], [255, 0, 255], [0, 0, 0], [0, 250, 251], [127, 128, 3], [1, 0, 200],
      [255, 255, 255],
    ]
    try folder.write(
      ImageBuffer(height: 4, width: 2, pixels: colors.flatMap { $0 }), "l/1.png")
    try folder.write(noiseImage(height: 4, width: 2), "i/1.png")
  }

  private func colored(_ folder: TemporaryFolder, threshold: UInt8?) throws -> FolderDataset {
    let colors: [[UInt8]] = [[0, 255, 255], [255, 255, 0], [255, 0, 255]]
    return try FolderDataset(
      name: "own", root: folder.path, images: "i", labels: "l", classNames: three, classColors: colors,
      mapping: .colors(colors, ignored: [[0, 0, 0]], threshold: threshold))
  }

  @Test func colorsExactly() throws {
    let folder = try TemporaryFolder()
    try colorData(folder)
    let sample = try colored(folder, threshold: nil).load(0)
    #expect(sample.label.values == [0, 1, 2, 255, 255, 255, 255, 255])
    #expect(sample.unmatchedPixels == 4)
  }

  /// 127 is dark and 128 bright; pure blue and green are no class's.
  @Test func colorsAtAThreshold() throws {
    let folder = try TemporaryFolder()
    try colorData(folder)
    let dataset = try colored(folder, threshold: 128)
    let sample = try dataset.load(0)
    #expect(sample.label.values == [0, 1, 2, 255, 0, 255, 255, 255])
    #expect(sample.unmatchedPixels == 3)
    // A band has the same rows.
    let band = try dataset.load(0) { _, _ in 1..<3 }
    #expect(
      band.label.values == Array(sample.label.values[band.rows.lowerBound * 2..<band.rows.upperBound * 2]))
    #expect(band.rows == 1..<3)

    let report = DataCheck.run(dataset) { _, _ in }
    #expect(report.errors.isEmpty)
    #expect(report.classPixels == [2, 1, 1] && report.ignoredPixels == 4 && report.unmatchedPixels == 3)
    #expect(
      report.warnings == [
        "own: 3 pixels (37.500 %) in 1 of 1 labels have a colour of no class and are ignored, most of them in '1'"
      ])
    #expect(dataset.classColors == [[0, 255, 255], [255, 255, 0], [255, 0, 255]])
    #expect(ShrunkDataset(dataset, shortSide: 2).classColors == dataset.classColors)
  }

  @Test func colorsNeedAPNG() throws {
    let folder = try TemporaryFolder()
    try folder.write(noiseImage(height: 4, width: 2), "l/1.jpg")
    try folder.write(noiseImage(height: 4, width: 2), "i/1.png")
    #expect {
      try colored(folder, threshold: 128).load(0)
    } throws: { "\($0)".contains("l/1.jpg") && "\($0)".contains("allowed: PNG") }
    // And colours where numbers are wanted are refused with a hint.
    try folder.write(noiseImage(height: 4, width: 2), "k/1.png")
    #expect {
      try dataset(folder, images: "i", labels: "k").load(0)
    } throws: { "\($0)".contains("8-bit RGB") && "\($0)".contains("colour mapping") }
  }

  // MARK: Folds

  @Test(arguments: [(803, 5, 160), (11, 3, 3), (12, 4, 3), (7, 2, 1)])
  func folds(_ setting: (samples: Int, count: Int, size: Int)) throws {
    let all = MemoryDataset(count: setting.samples)
    let folds = FoldSplit(count: setting.count, size: setting.size)
    try folds.check(all)
    var validated: [String] = []
    for fold in 0..<setting.count {
      let (train, validation) = folds.parts(of: all, fold: fold)
      let ids = (train.samples.map(\.id), validation.samples.map(\.id))
      #expect(ids.1 == (setting.size * fold..<setting.size * (fold + 1)).map { "s\($0)" })
      #expect(Set(ids.0).isDisjoint(with: ids.1))
      #expect(Set(ids.0).union(ids.1).count == setting.samples)
      #expect(ids.0.count == setting.samples - setting.size)
      // What no fold validates is always trained on.
      #expect(
        ids.0.suffix(setting.samples - setting.count * setting.size).allSatisfy { !validated.contains($0) })
      #expect(ids.0.contains("s\(setting.samples - 1)") || setting.count * setting.size == setting.samples)
      validated += ids.1
    }
    #expect(validated == (0..<setting.count * setting.size).map { "s\($0)" })
  }

  @Test func foldsThatDoNotFit() throws {
    #expect(throws: DatasetError.tooFewForFolds(dataset: "memory", samples: 11, count: 4, size: 3)) {
      try FoldSplit(count: 4, size: 3).check(MemoryDataset(count: 11))
    }
  }

  @Test func subsetsLoadTheirOwn() throws {
    let base = MemoryDataset(count: 6)
    let subset = SubsetDataset(base, indices: [4, 1], name: "some")
    #expect(subset.name == "some" && subset.count == 2)
    #expect(try subset.load(0) == base.load(4))
    #expect(try subset.load(1) { _, _ in 2..<5 } == SampleBand(base.load(1)))
    let batch = try BatchLoader(
      dataset: subset,
      augmentation: Augmentation(
        scale: 1...1, flipProbability: 0, cropHeight: 9, cropWidth: 13,
        normalization: ResampleTests.normalization),
      batchSize: 2, seed: 1
    ).batch(at: 0)
    #expect(Set(batch.ids) == ["s4", "s1"])
  }
}
