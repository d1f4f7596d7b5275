import Figures
import Foundation
import JSON
import Regression

/// The values of one cell of a subset, night by night, and where their mean changed.
struct NightSeries {
  let subset: String
  let place: [String]
  private(set) var past = CellPast()
  /// One for each value of `past`.
  private(set) var nights: [NightRecord] = []
  /// Ascending; places among the values of `past`.
  private(set) var changes: [ChangePoints.Change] = []

  /// How many of the newest nights are drawn, so that pages stay small.
  static let drawn = 120

  /// Every cell of every subset in the order in which they came. Nights with values from the command line are
  /// of other runs.
  static func all(_ records: SiteRecords, _ points: ChangePoints) -> [NightSeries] {
    struct Key: Hashable {
      let subset: String
      let place: [String]
    }
    var places: [Key: Int] = [:]
    var series: [NightSeries] = []
    for night in records.nights where night.overrides.isEmpty {
      for cell in night.cells {
        let key = Key(subset: night.name, place: cell.place)
        let index = places[key] ?? series.count
        if index == series.count {
          places[key] = index
          series.append(NightSeries(subset: night.name, place: cell.place))
        }
        series[index].past.add(cell, accepted: records.accepted(night.name, cell.place))
        series[index].nights.append(night)
      }
    }
    // Nights without a value, such as those of diverged runs, are no part of a level.
    let known = series.map { one in one.past.values.indices.filter { one.past.values[$0] != nil } }
    let found = points.find(
      in: zip(series, known).map { one, places in places.compactMap { one.past.values[$0] } })
    for index in series.indices {
      series[index].changes = found[index].map { change in
        NightSeries.placed(change, known[index], of: series[index].past.values.count)
      }
    }
    return series
  }

  /// A change of the known values as one of all: a level lasts until the next begins.
  private static func placed(
    _ change: ChangePoints.Change, _ known: [Int], of count: Int
  ) -> ChangePoints.Change {
    func level(_ level: ChangePoints.Level) -> ChangePoints.Level {
      let from = known[level.range.lowerBound]
      let to = level.range.upperBound < known.count ? known[level.range.upperBound] : count
      return ChangePoints.Level(range: from..<to, mean: level.mean)
    }
    return ChangePoints.Change(
      index: known[change.index], before: level(change.before), after: level(change.after))
  }

  /// How many nights have a value.
  var known: Int { past.values.count { $0 != nil } }

  /// Nights of a level that have a value.
  func count(_ level: ChangePoints.Level) -> Int { past.values[level.range].count { $0 != nil } }

  /// The newest nights and the levels among them; empty where no night has a value.
  func drawing(id: String, title: String) -> String {
    let values = Array(past.values.suffix(NightSeries.drawn))
    let known = values.compactMap { $0 }
    guard let first = known.first, let last = known.last else { return "" }
    let cut = past.values.count - values.count
    let levels = (changes.first.map { [$0.before] } ?? []) + changes.map(\.after)
    let shown = levels.filter { $0.range.upperBound > cut }.map {
      Sparkline.Level(range: max(0, $0.range.lowerBound - cut)..<$0.range.upperBound - cut, mean: $0.mean)
    }
    let words = changes.map { ", \(nights[$0.index].date) to \(Words.fixed($0.after.mean))" }.joined()
    return Sparkline.drawing(values, reference: past.reference, levels: shown, size: [160, 32]).inline(
      id: id, title: title,
      description: "From \(Words.fixed(first)) to \(Words.fixed(last))."
        + (changes.isEmpty
          ? "" : " \(Words.count(changes.count, "change point"))\(words)."))
  }

  /// One for each change point.
  var json: [JSONValue] {
    changes.map { change in
      let night = nights[change.index]
      return .object([
        "date": .string(night.date), "subset": .string(subset), "place": .array(place.map { .string($0) }),
        "commit": night.commit.map { .string($0) } ?? .null,
        "before": .number(change.before.mean), "nights_before": .int(count(change.before)),
        "after": .number(change.after.mean), "nights_after": .int(count(change.after)),
      ])
    }
  }
}
