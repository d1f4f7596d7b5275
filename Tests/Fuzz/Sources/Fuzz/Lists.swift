import Datasets
import Foundation

extension Target {
  /// Lists of a split's images, and of the labelled ones among them. The first byte says whose list it is.
  static let lists = Target(
    name: "lists", longest: 1024, memory: 16 << 20, seconds: 1, seeds: { _ in Lists.seeds() }
  ) { bytes in
    guard let first = bytes.first else { return }
    let text = Array(bytes.dropFirst())
    switch first % 3 {
    case 0: Lists.voc(text)
    case 1: Lists.folders(text)
    default: Lists.labelled(text)
    }
  }
}

private enum Lists {
  private static let root: String = {
    let root = Scratch.folder.appendingPathComponent("data")
    for folder in ["ImageSets/Segmentation", "JPEGImages", "SegmentationClass", "images", "labels"] {
      Scratch.make(root.appendingPathComponent(folder))
    }
    for name in names {
      for path in [
        "JPEGImages/\(name).jpg", "SegmentationClass/\(name).png", "images/\(name).jpg", "labels/\(name).png",
      ] {
        Scratch.write([], to: "\(root.path)/\(path)")
      }
    }
    return root.path
  }()
  private static let lists = (
    voc: root + "/ImageSets/Segmentation/train.txt", folders: root + "/list.txt",
    labelled: root + "/labelled.txt"
  )
  private static let names = ["2008_000003", "b c", "d.e", "é", "aachen"]

  private static func attempt<Value>(_ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch {
      Broken.unlessTyped(error, DatasetError.self)
      return nil
    }
  }

  /// Every sample is there once, and none lies outside of the folder.
  private static func check(_ samples: [SampleFiles], _ text: [UInt8]) {
    Broken.unless(!samples.isEmpty, "a split of nothing")
    Broken.unless(
      samples.count <= text.split(whereSeparator: { $0 == 10 || $0 == 13 }).count
        || !text.allSatisfy { $0 < 0x80 }, "more samples than lines")
    var seen: Set<[UInt8]> = []
    for sample in samples {
      Broken.unless(seen.insert(Array(sample.id.utf8)).inserted, "'\(sample.id)' twice")
      for path in [sample.imagePath] + (sample.labelPath.map { [$0] } ?? []) {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        Broken.unless(
          path.hasPrefix(root) && !parts.contains { $0.elementsEqual("..".utf8) }
            && !path.utf8.contains(0),
          "'\(sample.id)' leaves the folder: \(path)")
      }
    }
  }

  static func voc(_ text: [UInt8]) {
    Scratch.write(text, to: lists.voc)
    guard let voc = attempt({ try PascalVOC(root: root, split: .train, labels: .official) }) else {
      return
    }
    check(voc.samples, text)
  }

  private static let mapping = LabelMapping.values(classCount: 2, offset: 0, ignored: [255])

  static func folders(_ text: [UInt8]) {
    Scratch.write(text, to: lists.folders)
    let set = attempt {
      try FolderDataset(
        name: "own", root: root, images: "images/*.jpg", labels: "labels/*.png", list: "list.txt",
        classNames: ["a", "b"], mapping: mapping)
    }
    if let set { check(set.samples, text) }
  }

  static func labelled(_ text: [UInt8]) {
    let samples = names.map { SampleFiles(id: $0, imagePath: "JPEGImages/\($0).jpg", labelPath: nil) }
    Scratch.write(text, to: lists.labelled)
    let listed = attempt { try LabelledSamples.listed(path: lists.labelled, in: samples) }
    guard let found = listed else { return }
    Broken.unless(
      !found.isEmpty && found.count < samples.count && found == Set(found).sorted()
        && found.allSatisfy(samples.indices.contains), "labelled samples \(found)")
    let others = LabelledSamples.others(than: found, of: samples.count)
    Broken.unless(
      Set(found).union(others).count == samples.count, "samples that are neither labelled nor not")
  }

  static func seeds() -> [(name: String, bytes: [UInt8])] {
    let texts = [
      "2008_000003\naachen\n", "\u{FEFF}2008_000003\r\naachen\r\n", "b c\nd.e\né\n",
      "2008_000003 1\naachen -1\n",
      "JPEGImages/2008_000003.jpg SegmentationClass/2008_000003.png\n", "../x\n", "a\0b\n",
      "aachen\naachen\n",
    ]
    return ["voc", "folders", "labelled"].enumerated().flatMap { kind, name in
      texts.enumerated().map { index, text in
        (name: "\(name)-\(index)", bytes: [UInt8(ascii: "B") + UInt8(kind)] + Array(text.utf8))
      }
    }
  }
}
