import Experiments
import Foundation
import Methods
import Testing

/// Figures of pictures.
@Suite struct QualitativeSpecTests {
  private static let experiments = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("experiments")

  private func registry(_ old: String = "", _ new: String = "") throws -> Registry {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("pictures-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: Self.experiments, to: root)
    defer { try? FileManager.default.removeItem(at: root) }
    let file = root.appendingPathComponent("figures/figure08.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(old.isEmpty || text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
    return try Registry(root: root, methods: Methods.catalogue)
  }

  /// The networks of the figures are runs of the tables: the same ids.
  @Test(arguments: ["figure07", "figure08"], ["smoke", "mini"])
  func sharesRunsWithTables(_ figure: String, _ profile: String) throws {
    let registry = try registry()
    let fingerprints = ["cityscapes": "a", "pascal_voc": "b", "pretraining_objects": "c"]
    let table = try Plan(
      registry: registry, tables: ["table04"], profile: profile, dataFingerprints: fingerprints)
    let plan = try Plan(
      registry: registry, tables: [], figures: [figure], profile: profile, dataFingerprints: fingerprints)
    #expect(plan.qualitative.map(\.name) == [figure] && plan.sweeps.isEmpty)
    let ids = try #require(plan.pictured[figure])
    // CE, JML-BLS, JML-KD; and the teacher of the last one and two backbones, which are in the table as well.
    #expect(ids.count == 3 && plan.runs.count == 6)
    #expect(table[ids[0]] != nil && table[ids[2]] != nil)
    #expect(plan.runs.allSatisfy { $0.spec.seed == 0 })
    #expect(plan.runs.filter { table[$0.id] != nil }.count == 5)
  }

  @Test func rule() throws {
    let spec = try #require(try registry().qualitative["figure08"])
    #expect(spec.number == 8 && spec.rule.quantiles == [0.9, 0.7, 0.5, 0.3])
    #expect(spec.columns[spec.rule.of].title == "JML-KD" && spec.columns[spec.rule.minus].title == "CE")
    #expect(spec.ruleText.contains("0.9, 0.7, 0.5, 0.3") && spec.ruleText.contains("JML-KD - CE"))
  }

  @Test(arguments: [
    (
      "kind: qualitative", "kind: pictures",
      "kind: 'pictures' is out of range; allowed: one of sweep, qualitative"
    ),
    ("of: JML-KD", "of: JML", "images.of: there is no 'JML'; allowed: CE, JML-BLS, JML-KD"),
    ("quantiles: [0.9,", "quantiles: [1.9,", "images.quantiles[0]: '1.9' is out of range"),
    ("quantiles: [0.9,", "quantiles: [0.7,", "a number stands twice"),
    ("title: JML-BLS", "title: CE", "a title stands twice"),
    ("loss: ce}", "loss: cee}", "columns[0].loss: there is no 'cee'"),
    ("loss: ce}", "loss: ce, metric: miou}", "columns[0].metric: unknown key"),
  ])
  func badFiles(_ old: String, _ new: String, _ says: String) throws {
    do {
      _ = try registry(old, new)
      Issue.record("no error for \(new)")
    } catch let error as RegistryError {
      #expect(
        error.description.contains("figures/figure08.yaml") && error.description.contains(says), "\(error)")
    }
  }
}
