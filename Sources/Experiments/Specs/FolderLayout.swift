import Foundation
import JSON

/// Images and labels in folders of one's own.
public struct FolderLayout: Equatable, Sendable {
  /// Path pattern below the data set's folder, such as `train/*_sat.jpg` or `images/{split}/*.jpg`. What `*` stands
  /// for is the identifier, which pairs image and label; without `*` it is a folder of PNG and JPEG files.
  public let images: String
  public let labels: String
  public let mapping: LabelMappingSpec
  public internal(set) var split: SplitSpec

  static let keys = ["images", "labels", "mapping", "split"]
  /// Stands for the folder of a split.
  public static let splitPlaceholder = "{split}"

  init(_ reader: StrictReader, classes: Int) throws {
    split = try SplitSpec(try reader.required("split"))
    images = try FolderLayout.pattern(try reader.required("images"), split)
    labels = try FolderLayout.pattern(try reader.required("labels"), split)
    if images == labels {
      throw try reader.required("labels").inconsistent("the same as images")
    }
    mapping = try LabelMappingSpec(try reader.required("mapping"), classes: classes)
  }

  private static func pattern(_ reader: StrictReader, _ split: SplitSpec) throws -> String {
    let text = try reader.relativePath()
    if text.filter({ $0 == "*" }).count > 1 { throw reader.outOfRange("a path with at most one *") }
    let places = text.components(separatedBy: splitPlaceholder).count - 1
    if case .folders = split {
      if places != 1 {
        throw reader.inconsistent("split has kind folders, and needs one \(splitPlaceholder) here")
      }
    } else if places != 0 {
      throw reader.inconsistent("\(splitPlaceholder) needs a split of kind folders")
    }
    return text
  }

  var json: [String: JSONValue] {
    ["images": .string(images), "labels": .string(labels), "mapping": mapping.json, "split": split.json]
  }
}

/// Which samples train and which validate.
public enum SplitSpec: Equatable, Sendable {
  /// List files below the data set's folder, one identifier a line.
  case lists(train: String, validation: String)
  /// What `{split}` stands for in the patterns.
  case folders(train: String, validation: String)
  /// Samples sorted by path; fold f validates on [size * f, size * (f + 1)) and trains on the rest.
  case folds(count: Int, size: Int)

  private enum Kind: String, CaseIterable { case lists, folders, folds }

  init(_ reader: StrictReader) throws {
    switch try reader.required("kind").choice(Kind.self) {
    case .lists:
      try reader.allowOnly(["kind", "train", "validation"])
      self = .lists(
        train: try reader.required("train").relativePath(),
        validation: try reader.required("validation").relativePath())
    case .folders:
      try reader.allowOnly(["kind", "train", "validation"])
      self = .folders(
        train: try reader.required("train").relativePath(),
        validation: try reader.required("validation").relativePath())
    case .folds:
      try reader.allowOnly(["kind", "count", "size"])
      self = .folds(
        count: try reader.required("count").int(2...100), size: try reader.required("size").int(1...1_000_000)
      )
    }
    switch self {
    case .lists(let train, let validation), .folders(let train, let validation):
      if train == validation { throw try reader.required("validation").inconsistent("the same as train") }
    case .folds: break
    }
  }

  var json: JSONValue {
    switch self {
    case .lists(let train, let validation):
      .object(["kind": .string("lists"), "train": .string(train), "validation": .string(validation)])
    case .folders(let train, let validation):
      .object(["kind": .string("folders"), "train": .string(train), "validation": .string(validation)])
    case .folds(let count, let size):
      .object(["kind": .string("folds"), "count": .int(count), "size": .int(size)])
    }
  }
}

/// Which value of a label file means which class.
public enum LabelMappingSpec: Equatable, Sendable {
  /// Grey level or palette index: class = value - offset. Offset 0 is `kind: ids`.
  case values(offset: Int, ignore: [Int])
  /// RGB colours, one a class. With a threshold, each channel is first set to 255 from that value on, else to 0.
  case colors([[Int]], ignore: [[Int]], threshold: Int?)

  private enum Kind: String, CaseIterable { case ids, offset, colours }

  private static let exact = "exact"

  init(_ reader: StrictReader, classes: Int) throws {
    switch try reader.required("kind").choice(Kind.self) {
    case .ids:
      try reader.allowOnly(["kind", "ignore"])
      self = .values(offset: 0, ignore: try LabelMappingSpec.ignored(reader, classes: classes, offset: 0))
    case .offset:
      try reader.allowOnly(["kind", "offset", "ignore"])
      let offset = try reader.required("offset").int(1...max(1, 256 - classes))
      self = .values(
        offset: offset, ignore: try LabelMappingSpec.ignored(reader, classes: classes, offset: offset))
    case .colours:
      try reader.allowOnly(["kind", "colours", "ignore", "threshold"])
      self = try LabelMappingSpec.colors(reader, classes: classes)
    }
  }

  private static func ignored(_ reader: StrictReader, classes: Int, offset: Int) throws -> [Int] {
    let list = try reader.required("ignore")
    let values = try list.list { item in
      let value = try item.int(0...255)
      if (offset..<offset + classes).contains(value) {
        throw item.inconsistent("is the value of class \(value - offset)")
      }
      return value
    }
    if Set(values).count != values.count { throw list.inconsistent("a value stands twice") }
    return values.sorted()
  }

  private static func colors(_ reader: StrictReader, classes: Int) throws -> LabelMappingSpec {
    let thresholdReader = try reader.required("threshold")
    var threshold: Int?
    guard case .scalar(let text, _) = thresholdReader.node else {
      throw thresholdReader.wrongType("exact, or an integer, 1...255")
    }
    if text != exact {
      guard let value = try? thresholdReader.int(1...255) else {
        throw thresholdReader.outOfRange("exact, or an integer, 1...255")
      }
      threshold = value
    }
    var seen: Set<[Int]> = []
    func read(_ list: StrictReader) throws -> [[Int]] {
      try list.list { item in
        let color = try item.list { try $0.int(0...255) }
        if color.count != 3 { throw item.outOfRange("a list of 3, red, green, blue") }
        if threshold != nil, !color.allSatisfy({ $0 == 0 || $0 == 255 }) {
          throw item.inconsistent("\(color) with a threshold; allowed: colours of 0 and 255")
        }
        if !seen.insert(color).inserted { throw item.inconsistent("\(color) stands twice") }
        return color
      }
    }
    let list = try reader.required("colours")
    let colors = try read(list)
    if colors.count != classes {
      throw list.inconsistent("there are \(classes) classes, in the same order")
    }
    return .colors(colors, ignore: try read(try reader.required("ignore")), threshold: threshold)
  }

  var json: JSONValue {
    switch self {
    case .values(let offset, let ignore):
      var members: [String: JSONValue] = [
        "kind": .string(offset == 0 ? "ids" : "offset"), "ignore": .array(ignore.map { .int($0) }),
      ]
      if offset > 0 { members["offset"] = .int(offset) }
      return .object(members)
    case .colors(let colors, let ignore, let threshold):
      func list(_ colors: [[Int]]) -> JSONValue { .array(colors.map { .array($0.map { .int($0) }) }) }
      return .object([
        "kind": .string("colours"), "colours": list(colors), "ignore": list(ignore),
        "threshold": threshold.map { .int($0) } ?? .string(LabelMappingSpec.exact),
      ])
    }
  }
}
