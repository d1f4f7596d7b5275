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
