import Foundation
import JSON

/// All runs by data set, and a page of each data set's runs.
struct RunLists {
  private let index: SiteIndex
  /// Sorted by name; runs whose id is no id of a run come last, under their own name.
  private let datasets: [(name: String, runs: [RunEntry])]

  init(_ index: SiteIndex) {
    self.index = index
    let named = index.records.runs.compactMap { run in RunName(run.id).map { (name: $0.dataset, run: run) } }
    datasets = Dictionary(grouping: named, by: \.name).sorted { $0.key < $1.key }.map {
      (name: $0.key, runs: $0.value.map(\.run))
    }
  }

  var pages: [SitePage] { [overview] + datasets.map(page) }

  // MARK: All

  private struct Overview {
    let lead: String
    let entries: [Entry]
  }

  private struct Entry {
    let label: String
    let href: String
    let count: Int
    let methods: Int
    let networks: Int
    let hours: String
    let here: Int
  }

  private var overview: SitePage {
    let runs = index.records.runs
    let seconds = runs.reduce(0) { $0 + $1.seconds }
    let here = runs.count { $0.detail != nil }
    let lead =
      "\(Words.count(runs.count, "finished run")), \(Words.duration(seconds)) of training together. "
      + (here == 0
        ? "Their folders are not here: pages show what was published of them."
        : "The folders of \(here) of them are here: their pages show classes, calibration and curves.")
    return SitePage(
      folder: "runs", title: "Runs", description: lead, section: "runs", template: "runs",
      content: Overview(
        lead: lead,
        entries: datasets.map { name, runs in
          Entry(
            label: name, href: index.link(SiteIndex.folder(ofDataset: name), from: "runs"),
            count: runs.count, methods: distinct(runs, \.method), networks: distinct(runs, \.model),
            hours: Words.duration(runs.reduce(0) { $0 + $1.seconds }), here: runs.count { $0.detail != nil })
        }),
      json: .object([
        "runs": .array(runs.map { .string($0.id) }), "seconds": .number(seconds),
        "datasets": .object(
          Dictionary(uniqueKeysWithValues: datasets.map { ($0.name, JSONValue.int($0.runs.count)) })),
      ]))
  }

  private func distinct(_ runs: [RunEntry], _ part: (RunName) -> String) -> Int {
    Set(runs.compactMap { RunName($0.id).map(part) }).count
  }

  // MARK: Of a data set

  private struct List {
    let heading: String
    let lead: String
    let listID: String
    let filters: [TablePage.Filter]
    let rows: [Row]
  }

  private struct Row {
    let href: String
    let short: String
    let model: String
    let method: String
    let seed: String
    let miou: SortableNumber
    let accuracy: SortableNumber
    let ece: SortableNumber
    let wall: SortableNumber
  }

  private func page(_ name: String, _ runs: [RunEntry]) -> SitePage {
    let folder = SiteIndex.folder(ofDataset: name)
    let named = runs.compactMap { run in RunName(run.id).map { (run: run, name: $0) } }
    func filter(_ label: String, _ part: String, _ value: (RunName) -> String) -> TablePage.Filter {
      TablePage.Filter(
        label: label, key: "runs-\(part)", part: part, isColumns: false,
        options: Set(named.map { value($0.name) }).sorted().map { .init(value: $0, label: $0) })
    }
    return SitePage(
      folder: folder, title: "Runs on \(name)",
      description: "\(Words.count(runs.count, "finished run")) on \(name).", section: "runs",
      crumbs: [.init(text: "Runs", path: "runs")], template: "dataset",
      content: List(
        heading: "Runs on \(name)",
        lead: "\(Words.count(runs.count, "finished run")): after their last iteration, in percent.",
        listID: "runs",
        filters: [filter("Network", "model", \.model), filter("Method", "method", \.method)],
        rows: named.map { run, name in
          Row(
            href: index.link(SiteIndex.folder(ofRun: run.id), from: folder), short: name.short,
            model: name.model, method: name.method,
            seed: name.seed + (name.fold.map { ", fold \($0)" } ?? ""),
            miou: SortableNumber(run.value("miou"), Words.fixed),
            accuracy: SortableNumber(run.value("accuracy"), Words.fixed),
            ece: SortableNumber(run.value("ece"), Words.fixed),
            wall: SortableNumber(run.seconds, Words.duration))
        }),
      json: .object(["dataset": .string(name), "runs": .array(runs.map(RunPage.provenance))]))
  }
}
