import Experiments
import Figures
import Foundation
import JSON
import Metrics
import Results

/// A run: what it was, what it reached, and, where its folder is here, what lies behind that.
struct RunPage {
  private let run: RunEntry
  private let index: SiteIndex
  private let folder: String

  init(_ run: RunEntry, _ index: SiteIndex) {
    (self.run, self.index) = (run, index)
    folder = SiteIndex.folder(ofRun: run.id)
  }

  private var name: RunName? { RunName(run.id) }

  var page: SitePage {
    let name = name
    var crumbs = [SitePage.Link(text: "Runs", path: "runs")]
    if let name { crumbs.append(.init(text: name.dataset, path: SiteIndex.folder(ofDataset: name.dataset))) }
    return SitePage(
      folder: folder, title: heading,
      description: "Run \(run.id): metrics, where it was trained, and the cells that it is in.",
      section: "runs", crumbs: crumbs, template: "run", content: view, json: data)
  }

  private var heading: String {
    guard let name else { return run.id }
    return "\(name.model), \(name.method), seed \(name.seed)" + (name.fold.map { ", fold \($0)" } ?? "")
  }

  private struct View {
    let id: String
    let heading: String
    let facts: [Fact]
    let metrics: [MetricRow]
    let points: [Point]
    let hasUses: Bool
    let uses: [Use]
    let hasDetail: Bool
    let command: String
    let charts: [Chart]
    let pictures: [Picture]
    let hasPictures: Bool
    let hasSpec: Bool
    let spec: String
  }

  private struct Point { let label: String }
  private struct MetricRow {
    let label: String
    let unit: String
    let better: String
    let numbers: [String]
  }
  private struct Use {
    let link: Href
    let place: String
  }
  struct Chart {
    let heading: String
    let svg: String
    let caption: String
  }
  private struct Picture {
    let file: String
    let caption: String
    let width: Int
    let height: Int
  }

  private var view: View {
    let points = run.metrics.keys.sorted { Self.order($0) < Self.order($1) }
    let rows = Metric.all.filter { metric in points.contains { run.value(metric.name, point: $0) != nil } }
    return View(
      id: run.id, heading: heading, facts: facts,
      metrics: rows.map { metric in
        MetricRow(
          label: metric.title, unit: metric.unit.rawValue,
          better: metric.higherIsBetter ? "higher" : "lower",
          numbers: points.map { point in run.value(metric.name, point: point).map(Words.fixed) ?? "–" })
      },
      points: points.map { Point(label: $0) }, hasUses: !uses.isEmpty, uses: uses,
      hasDetail: run.detail != nil, command: index.command(toTrain: run.id), charts: charts,
      pictures: (run.detail?.pictures ?? []).enumerated().map { place, picture in
        Picture(
          file: RunPage.pictureName(place), caption: picture.title, width: picture.width,
          height: picture.height)
      }, hasPictures: !(run.detail?.pictures ?? []).isEmpty, hasSpec: run.spec != nil,
      spec: run.spec?.pretty ?? "")
  }

  /// The end of the run first.
  private static func order(_ point: String) -> String { point == EvaluationPoint.last ? "" : point }

  static func pictureName(_ place: Int) -> String { "picture\(place + 1).png" }

  /// Pictures of the page, beside it.
  var files: [GeneratedFolder.File] {
    (run.detail?.pictures ?? []).enumerated().map { place, picture in
      GeneratedFolder.File(path: "\(folder)/\(RunPage.pictureName(place))", data: picture.png)
    }
  }

  private var uses: [Use] {
    index.uses(of: run.id).map { use in
      let table = index.records.tables[use.table]
      return Use(
        link: Href(
          "Table \(table.number)", index.link(SiteIndex.folder(ofTable: table), from: folder)),
        place: (table.rows[use.row].labels + [table.titles[use.column]]).joined(separator: ", "))
    }
  }

  private var facts: [Fact] {
    var facts: [Fact] = []
    if let name {
      facts += [Fact("Data set", name.dataset), Fact("Network", name.model), Fact("Method", name.method)]
    }
    for input in run.inputs {
      facts.append(
        Fact(
          input.role.prefix(1).uppercased() + input.role.dropFirst(),
          links: [index.href(toRun: input.run, from: folder)]))
    }
    facts.append(Fact("Data", run.data + (run.detail.map { ", fingerprint \($0.dataFingerprint)" } ?? "")))
    if let name { facts.append(Fact("Spec hash", name.hash)) }
    facts.append(Fact("Commit", run.commit + (run.detail?.isDirty == true ? ", with changes" : "")))
    if let versions = run.detail?.versions {
      facts.append(
        Fact(
          "Versions", versions.sorted { $0.key < $1.key }.map { "\($0) \($1)" }.joined(separator: ", ")))
    }
    facts.append(Fact("Machine", "\(run.cpu), \(Words.count(run.threads, "thread"))"))
    facts.append(Fact("Wall time", Words.duration(run.seconds)))
    facts.append(Fact("Peak memory", Words.bytes(run.peakMemoryBytes)))
    return facts
  }

  private var charts: [Chart] {
    guard let detail = run.detail else { return [] }
    var charts = [RunCharts.classes(detail.evaluation), RunCharts.confusions(detail.evaluation)]
    if let counts = detail.confusion {
      charts.append(RunCharts.matrix(counts, classes: detail.evaluation.classNames))
    }
    if detail.losses.count > 1 { charts.append(RunCharts.losses(detail.losses)) }
    if detail.scores.count > 1 { charts.append(RunCharts.scores(detail.scores)) }
    return charts + RunCharts.reliability(detail.evaluation)
  }

  // MARK: JSON

  /// What is known of where a run comes from.
  static func provenance(_ run: RunEntry) -> JSONValue {
    var members: [String: JSONValue] = [
      "run": .string(run.id), "commit": .string(run.commit), "seconds": .number(run.seconds),
      "threads": .int(run.threads), "cpu": .string(run.cpu), "data": .string(run.data),
      "peak_memory_bytes": .int(run.peakMemoryBytes),
      "inputs": .object(
        Dictionary(uniqueKeysWithValues: run.inputs.map { ($0.role, JSONValue.string($0.run)) })),
    ]
    if let name = RunName(run.id) {
      members["spec_hash"] = .string(name.hash)
    }
    if let detail = run.detail {
      members["versions"] = .object(detail.versions.mapValues { .string($0) })
      members["data_fingerprint"] = .string(detail.dataFingerprint)
    }
    return .object(members)
  }

  private var data: JSONValue {
    guard case .object(var members) = RunPage.provenance(run) else { return .null }
    members["metrics"] = .object(run.metrics.mapValues { .object($0.mapValues { .number($0) }) })
    members["spec"] = run.spec ?? .null
    members["cells"] = .array(
      index.uses(of: run.id).map { use in
        let table = index.records.tables[use.table]
        return .object([
          "table": .string(table.table), "row": .array(table.rows[use.row].labels.map { .string($0) }),
          "column": .string(table.titles[use.column]),
        ])
      })
    if let detail = run.detail { members["detail"] = RunCharts.json(detail) }
    return .object(members)
  }
}
