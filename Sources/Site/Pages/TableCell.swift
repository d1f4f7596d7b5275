import Figures
import Foundation

/// A cell of a table, and the box that tells where its number comes from.
struct TableCell {
  let place: Int
  let isBest: Bool
  let hasValue: Bool
  /// Id of the box.
  let key: String
  let value: String
  let deviation: String
  /// Where there is no value: why.
  let state: String
  let why: String
  let hasPaper: Bool
  let paper: String
  let paperBest: Bool
  /// Difference to the paper's, and n.
  let hasTail: Bool
  let tail: String
  let marks: [Mark]
  let spark: String
  let box: [Box]

  struct Mark { let letter: String }

  /// A box, or none: a list of one.
  struct Box {
    let key: String
    let title: String
    let hasValues: Bool
    let first: String
    let values: [Value]
    let facts: [Fact]
  }

  struct Value {
    let name: String
    let number: String
    let run: Href
    let seconds: String
  }

  init(_ table: TableRecord, row: Int, column: Int, index: SiteIndex, page: String) {
    let cell = table.cell(row, column)
    let labels = table.rows[row].labels
    place = column
    key = "c\(row)-\(column)"
    isBest = cell?.best ?? false
    marks = (cell?.footnotes ?? []).map { Mark(letter: $0) }
    let printed = cell?.paper ?? cell?.quoted
    hasPaper = printed != nil
    paper = printed.map { Words.minus($0.mean) + ($0.std.map { " ± \($0)" } ?? "") } ?? ""
    paperBest = cell?.paperBest ?? false
    let number = cell.flatMap { $0.mean ?? $0.text.flatMap { Double($0) } }
    let theirs = printed.flatMap { Double($0.mean) }
    let difference = number.flatMap { ours in theirs.map { Words.signed(ours - $0) } } ?? ""
    let n = cell?.n ?? 0
    let isDifference = column >= table.columns.count
    if let cell, cell.hasValue, let mean = cell.mean {
      value = isDifference ? Words.signed(mean) : Words.fixed(mean)
      deviation = n > 1 ? cell.std.map { "± \(Words.fixed($0))" } ?? "" : ""
      let replicates = n == (cell.planned ?? n) ? "n = \(n)" : "n = \(n) of \(cell.planned ?? n)"
      tail = [difference.isEmpty ? nil : "Δ \(difference)", replicates].compactMap { $0 }.joined(
        separator: " · ")
      hasValue = true
    } else if let cell, cell.hasValue, let text = cell.text {
      (value, deviation, tail) = (text, "", difference.isEmpty ? "" : "Δ \(difference)")
      hasValue = true
    } else {
      (value, deviation, tail, hasValue) = ("", "", "", false)
    }
    hasTail = !tail.isEmpty
    (state, why) = TableCell.state(cell)
    let name = "\(labels.joined(separator: ", ")) · \(table.titles[column])"
    spark = TableCell.spark([table.table] + labels + [table.titles[column]], key: key, name: name, index)
    guard hasValue, let cell, cell.mean != nil else {
      box = []
      return
    }
    box = [
      Box(
        key: "box-\(key)", title: name, hasValues: !(cell.values ?? []).isEmpty,
        first: isDifference ? "Pair" : "Seed",
        values: TableCell.values(cell, index, page),
        facts: TableCell.facts(cell, table, paper: paper, difference: difference, index, page))
    ]
  }

  private static func state(_ cell: TableRecord.Cell?) -> (String, String) {
    switch cell?.state {
    case "pending": ("pending", "no run of this cell is finished")
    case "failed": ("failed", cell?.reason ?? "")
    case "not_yet_run": ("quoted", "the paper's figure; not run here")
    default: ("–", "")
    }
  }

  private static func spark(_ place: [String], key: String, name: String, _ index: SiteIndex) -> String {
    guard let past = index.past(place), past.values.contains(where: { $0 != nil }) else { return "" }
    return Sparkline.drawing(past.values, reference: past.reference).inline(
      id: "spark-\(key)", title: "\(name): nights",
      description: "\(Words.count(past.values.count, "night")), the newest at the right.")
  }

  /// A value a run; values of differences belong to pairs of runs.
  private static func values(_ cell: TableRecord.Cell, _ index: SiteIndex, _ page: String) -> [Value] {
    let values = cell.values ?? []
    let runs = cell.runs ?? []
    // Where runs are missing, nobody can tell which run a value is of.
    let ids: [String?] = runs.count == values.count ? runs : values.map { _ in nil }
    return zip(values, ids).enumerated().map { place, pair in
      let (number, id) = pair
      let name = id.flatMap(RunName.init)
      return Value(
        name: name.map { $0.seed + ($0.fold.map { ", fold \($0)" } ?? "") } ?? "\(place + 1)",
        number: Words.fixed(number),
        run: id.map { index.href(toRun: $0, from: page) } ?? Href("", nil),
        seconds: id.flatMap { index.run($0) }.map { Words.duration($0.seconds) } ?? "")
    }
  }

  private static func facts(
    _ cell: TableRecord.Cell, _ table: TableRecord, paper: String, difference: String, _ index: SiteIndex,
    _ page: String
  ) -> [Fact] {
    var facts: [Fact] = []
    if let metric = cell.metric {
      let moments = [cell.point.map { "at the \($0) evaluation" }, cell.network.map { "of network \($0)" }]
      facts.append(
        Fact(
          "Metric",
          ([Words.metric(metric), Words.unit(metric)] + moments.compactMap { $0 }).joined(separator: " ")))
    }
    if !paper.isEmpty {
      facts.append(Fact("Paper", paper + (difference.isEmpty ? "" : ", difference \(difference)")))
    }
    let runs = (cell.runs ?? []).compactMap { index.run($0) }
    func distinct(_ name: String, _ value: (RunEntry) -> String?) {
      var seen: Set<String> = []
      let values = runs.compactMap(value).filter { !$0.isEmpty && seen.insert($0).inserted }
      if !values.isEmpty { facts.append(Fact(name, values.joined(separator: "; "))) }
    }
    let datasets = Set((cell.runs ?? []).compactMap { RunName($0)?.dataset }).sorted()
    let fingerprints = datasets.compactMap { name in (table.data?[name]).map { "\(name), \($0.fingerprint)" }
    }
    if !fingerprints.isEmpty { facts.append(Fact("Data", fingerprints.joined(separator: "; "))) }
    var roles: [(role: String, runs: [String])] = []
    for input in runs.flatMap(\.inputs) {
      if let place = roles.firstIndex(where: { $0.role == input.role }) {
        if !roles[place].runs.contains(input.run) { roles[place].runs.append(input.run) }
      } else {
        roles.append((input.role, [input.run]))
      }
    }
    for (role, runs) in roles {
      let title = role == "backbone" ? "Weights" : role.prefix(1).uppercased() + role.dropFirst()
      facts.append(Fact(title, links: runs.map { index.href(toRun: $0, from: page) }))
    }
    distinct("Commit") { String($0.commit.prefix(10)) }
    distinct("Versions") { run in
      run.detail.map { $0.versions.sorted { $0.key < $1.key }.map { "\($0) \($1)" }.joined(separator: ", ") }
    }
    distinct("Machine") { "\($0.cpu), \(Words.count($0.threads, "thread"))" }
    return facts
  }
}
