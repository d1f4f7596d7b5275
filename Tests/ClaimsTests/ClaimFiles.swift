import Claims
import Experiments
import Foundation
import Methods
import TestSupport

/// The repository's experiment files, or with one table and claims of a test's own in the place of theirs.
enum ClaimFiles {
  static let experiments = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("experiments")

  static func registry() throws -> Registry { try Registry(root: experiments, methods: Methods.catalogue) }

  /// - Parameter claims: the list that stands under `claims:`, indented by two.
  static func registry(claims: String, file: String = "own") throws -> Registry {
    try withTemporaryDirectory { folder in
      let root = folder.appendingPathComponent("experiments")
      try FileManager.default.copyItem(at: experiments, to: root)
      for (place, text) in [("tables/table97", table), ("claims/\(file)", "claims:\n\(claims)\n")] {
        let url = root.appendingPathComponent("\(place).yaml")
        try FileManager.default.removeItem(at: url.deletingLastPathComponent())
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      return try Registry(root: root, methods: Methods.catalogue)
    }
  }

  /// One claim with the keys of a check, a line each.
  static func claim(_ check: [String], quantifier: String = "all", id: String = "Z01") -> String {
    """
      - id: \(id)
        section: "1"
        text: A statement.
        quantifier: \(quantifier)
        checks:
          - check: own
    \(check.map { "        \($0)" }.joined(separator: "\n"))
    """
  }

  static func plan(_ registry: Registry) throws -> Plan {
    try Plan(
      registry: registry, tables: registry.tableNames, profile: "mini",
      // The runs of the table alone, none of backbones before them.
      overrides: [try Override("model.weights=random")], dataFingerprints: ["cityscapes": "street-1"])
  }

  /// Two networks in two metrics; OTHER is only quoted, LATE has one seed of its own, and DL3-MB2 is not printed in LATE.
  private static let table = """
    number: 97
    title: Own
    row_headers: [Model, Metric]
    defaults: {dataset: cityscapes, recipe: sgd_cityscapes}
    columns:
      - {title: CE, kind: run, loss: ce, label: hard, seeds: [0, 1, 2]}
      - {title: JML, kind: run, loss: ce_jml, label: hard, seeds: [0, 1, 2]}
      - {title: BLS, kind: run, loss: ce_jml, label: boundary_smoothing, seeds: [0, 1, 2]}
      - {title: LATE, kind: run, loss: ce_sjl_l2, label: hard, seeds: [2, 3]}
      - {title: OTHER, kind: quoted}
    rows:
      - labels: [DL3-R18, mIoU]
        model: deeplabv3_resnet18d
        metric: miou
        paper:
          CE: {mean: 70.00, std: 0.30}
          JML: {mean: 72.50, std: 0.20}
          BLS: {mean: 73.00, std: 0.40}
          LATE: {mean: 69.00, std: 0.10}
          OTHER: {mean: 72.60}
      - labels: [DL3-R18, ECE]
        model: deeplabv3_resnet18d
        metric: ece
        paper:
          CE: {mean: 1.00, std: 0.10}
          JML: {mean: 3.00, std: 0.10}
          BLS: {mean: 2.00, std: 0.10}
      - labels: [DL3-MB2, mIoU]
        model: deeplabv3_mobilenetv2_100
        metric: miou
        paper:
          CE: {mean: 68.00, std: 0.30}
          JML: {mean: 67.90, std: 0.20}
          BLS: {mean: 69.00, std: 0.40}

    """
}
