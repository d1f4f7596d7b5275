import Figures
import Foundation
import JSON

/// Seconds and memory beside those of other programs that do the same work.
struct SpeedPage {
  private let record: SpeedRecord?
  private let json: JSONValue?

  init(_ index: SiteIndex) {
    (record, json) = (index.records.speed, index.records.speedJSON)
  }

  private struct View {
    let hasRows: Bool
    let facts: [Fact]
    let chart: String
    let rows: [Row]
    let hasNotes: Bool
    let notes: [String]
  }

  private struct Row {
    let label: String
    let detail: String
    let ours: SortableNumber
    let plain: SortableNumber
    let ratio: SortableNumber
    let range: String
    let best: SortableNumber
    let bestMode: String
    let bestRatio: SortableNumber
    let bytes: SortableNumber
    let peerBytes: SortableNumber
  }

  var page: SitePage {
    let rows = record?.rows ?? []
    return SitePage(
      folder: "speed", title: "Speed", description: "Training steps beside PyTorch's.", section: "speed",
      template: "speed",
      content: View(
        hasRows: !rows.isEmpty, facts: facts, chart: rows.isEmpty ? "" : chart(rows), rows: rows.map(row),
        hasNotes: rows.contains { !$0.notes.isEmpty },
        notes: rows.flatMap { row in row.notes.map { "\(Self.title(row)): \($0)" } }), json: json ?? .null)
  }

  private static func title(_ row: SpeedRecord.Row) -> String {
    row.title ?? row.name.replacingOccurrences(of: "_", with: " ")
  }

  /// A title up to its first comma, and what follows the last where others begin alike.
  private static func short(_ title: String, among titles: [String]) -> String {
    let parts = title.components(separatedBy: ", ")
    guard parts.count > 1 else { return title }
    let alike = titles.count { $0.components(separatedBy: ", ")[0] == parts[0] }
    return alike > 1 ? "\(parts[0]), \(parts[parts.count - 1])" : parts[0]
  }

  /// What is timed, as far as the record says.
  private static func detail(_ row: SpeedRecord.Row) -> String {
    guard let ours = row.pairs.first?.ours else { return "" }
    return [
      ours.model, ours.teacher.map { "teacher \($0)" }, ours.batch.map { "batch \($0)" },
      ours.crop.map { "crop \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
  }

  private func row(_ row: SpeedRecord.Row) -> Row {
    let best = row.best
    let ratio = row.ratio(SpeedRecord.Row.plain)
    func times(_ value: Double) -> String { "\(Words.fixed(value))×" }
    return Row(
      label: Self.title(row), detail: Self.detail(row), ours: SortableNumber(row.ourSeconds, Words.seconds),
      plain: SortableNumber(row.seconds(SpeedRecord.Row.plain), Words.seconds),
      ratio: SortableNumber(ratio?.median, times),
      range: ratio.map { row.pairs.count > 1 ? "\(Words.fixed($0.least)) to \(Words.fixed($0.most))" : "" }
        ?? "",
      best: SortableNumber(best.flatMap(row.seconds), Words.seconds), bestMode: best ?? "",
      bestRatio: SortableNumber(best.flatMap { row.ratio($0)?.median }, times),
      bytes: SortableNumber(row.ourBytes.map(Double.init)) { Words.bytes(Int($0)) },
      peerBytes: SortableNumber(row.bytes(SpeedRecord.Row.plain).map(Double.init)) { Words.bytes(Int($0)) })
  }

  private func chart(_ rows: [SpeedRecord.Row]) -> String {
    let bars = rows.compactMap { row -> BarChart.Row? in
      guard let ratio = row.ratio(SpeedRecord.Row.plain)?.median else { return nil }
      return BarChart.Row(
        label: Self.short(Self.title(row), among: rows.map(Self.title)), parts: [BarChart.Part(ratio, .blue)],
        note: "\(Words.fixed(ratio))×")
    }
    let top = rows.compactMap { $0.ratio(SpeedRecord.Row.plain)?.median }.max() ?? 1
    return BarChart(rows: bars, top: max(1, top)).drawing.inline(
      id: "ratios", title: "How many times as long the peer takes in float32",
      description: bars.map { "\($0.label) \($0.note)" }.joined(separator: ", "))
  }

  private var facts: [Fact] {
    guard let record else { return [] }
    var facts: [Fact] = []
    func distinct(_ values: [String]) -> String {
      var seen: Set<String> = []
      return values.filter { !$0.isEmpty && seen.insert($0).inserted }.joined(separator: "; ")
    }
    func versions(_ measurement: SpeedRecord.Measurement) -> String {
      (measurement.versions ?? [:]).sorted { $0.key < $1.key }.map { "\($0) \($1)" }.joined(separator: ", ")
    }
    let pairs = record.rows.flatMap(\.pairs)
    let machine = distinct(pairs.compactMap(\.ours.cpu))
    if !machine.isEmpty {
      facts.append(Fact("Machine", "\(machine), \(Words.count(record.threads, "thread"))"))
    }
    let ours = distinct(pairs.map { versions($0.ours) })
    if !ours.isEmpty { facts.append(Fact("jml", ours)) }
    let peers = distinct(
      pairs.flatMap { pair in pair.peers.sorted { $0.key < $1.key }.map { versions($0.value) } })
    if !peers.isEmpty { facts.append(Fact("Peers", peers)) }
    return facts
  }
}
