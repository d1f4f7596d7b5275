import Experiments
import Foundation
import Methods
import Tables

/// The repository's experiment files with tables and sweeps of a test's own.
struct TemporaryTables {
  let root: URL

  init(_ files: [String: String]) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("tables-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: TableTests.package.appendingPathComponent("experiments"), to: root)
    for (file, text) in files {
      let url = root.appendingPathComponent(file)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: true, encoding: .utf8)
    }
  }

  /// The plan of a table or of a sweep; the files are gone afterwards.
  static func plan(_ name: String, _ text: String, folder: String = "tables") throws -> Plan {
    let files = try TemporaryTables(["\(folder)/\(name).yaml": text, "datasets/tiles.yaml": tiles])
    defer { try? FileManager.default.removeItem(at: files.root) }
    return try Plan(
      registry: try Registry(root: files.root, methods: Methods.catalogue),
      tables: folder == "tables" ? [name] : [],
      figures: folder == "figures" ? [name] : [], profile: "mini",
      // The runs of the table alone, none of backbones before them.
      overrides: [try Override("model.weights=random")],
      dataFingerprints: ["cityscapes": "street-1", "pascal_voc": "objects-1", "tiles": "tiles-1"])
  }

  /// A data set with folds.
  private static let tiles = """
    layout: folders
    folder: tiles
    classes: [field, wood, lake]
    images: photos
    labels: masks
    mapping: {kind: ids, ignore: [255]}
    split: {kind: folds, count: 5, size: 160}

    """
}

/// Cells of the rendered Markdown: rows x columns, labels included.
func grid(_ markdown: String) -> [[String]] {
  markdown.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2).map { line in
    line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
  }
}
