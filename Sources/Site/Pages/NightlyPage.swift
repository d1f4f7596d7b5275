import Foundation
import JSON
import Regression

/// The nights that were: what was compared, what was found, and where the numbers changed.
struct NightlyPage {
  private let index: SiteIndex
  private let points = ChangePoints()
  private let series: [NightSeries]
  private var records: SiteRecords { index.records }

  init(_ index: SiteIndex) {
    self.index = index
    series = NightSeries.all(index.records, points)
  }

  private struct View {
    let hasNights: Bool
    let lead: String
    let rule: String
    let hasChanges: Bool
    let noChange: String
    let changes: [Changed]
    let nights: [Night]
    let cells: [Cell]
    let isCut: Bool
    let cut: String
    let hasUnreadable: Bool
    let unreadable: String
  }

  /// What changed with one night.
  private struct Changed {
    let date: String
    let subset: String
    let hasCommit: Bool
    let commit: String
    let cells: [String]
  }

  private struct Night {
    let date: String
    let name: String
    let hasVerdict: Bool
    let badge: Badge
    let compared: Int
    let commit: String
    let lines: [String]
  }

  private struct Cell {
    let label: String
    let subset: String
    let newest: String
    let reference: String
    let count: Int
    let spark: String
  }

  var page: SitePage {
    let nights = nights
    return SitePage(
      folder: "nightly", title: "Nightly", description: "History of the nightly runs.", section: "nightly",
      template: "nightly",
      content: View(
        hasNights: !records.nights.isEmpty, lead: Words.count(nights.count, "night") + ", the newest first.",
        rule: rule, hasChanges: !changes.isEmpty, noChange: noChange, changes: changes,
        nights: Array(nights.prefix(NightSeries.drawn)), cells: cells,
        isCut: nights.count > NightSeries.drawn,
        cut: "The \(NightSeries.drawn) newest are shown; page.json has all of them.",
        hasUnreadable: records.unreadableNights > 0,
        unreadable: "\(Words.count(records.unreadableNights, "line")) of the history could not be read."),
      json: json)
  }

  // MARK: Change points

  /// Series that are long enough for a change point.
  private var long: Int { series.count { $0.known >= points.needed } }

  private var rule: String {
    let rate = Words.minus(String(format: "%g", 100 * points.alpha))
    return
      "A change point is the first night of another mean than before, at least \(points.least) nights on either "
      + "side (circular binary segmentation; a step of less than \(String(format: "%g", points.smallest)) is none). "
      + "Where nights scatter around one mean, any of the series has one with a probability of at most \(rate) %."
  }

  private var noChange: String {
    guard long > 0 else {
      let most = series.map(\.known).max() ?? 0
      return
        "None can be told yet: that takes \(points.needed) nights of a cell, and no cell has more than \(most)."
    }
    return
      "None, in \(long) of \(Words.count(series.count, "cell")) with the \(points.needed) nights or more that it takes."
  }

  /// Night by night, the newest first.
  private var changes: [Changed] {
    let found = series.flatMap { one in
      one.changes.map { (night: one.nights[$0.index], text: text($0, of: one)) }
    }
    var groups: [(night: NightRecord, cells: [String])] = []
    for item in found {
      if let place = groups.firstIndex(where: { $0.night == item.night }) {
        groups[place].cells.append(item.text)
      } else {
        groups.append((item.night, [item.text]))
      }
    }
    let order = groups.indices.sorted { (groups[$1].night.date, $0) < (groups[$0].night.date, $1) }
    return order.map { index in
      let (night, cells) = groups[index]
      return Changed(
        date: night.date, subset: night.name, hasCommit: night.commit != nil,
        commit: String((night.commit ?? "").prefix(10)), cells: cells)
    }
  }

  private func text(_ change: ChangePoints.Change, of one: NightSeries) -> String {
    func level(_ level: ChangePoints.Level) -> String {
      "\(Words.fixed(level.mean)) (\(Words.count(one.count(level), "night")))"
    }
    return "\(label(one.place)): from \(level(change.before)) to \(level(change.after))"
  }

  /// With the table's number where it is one of the site's.
  private func label(_ place: [String]) -> String {
    guard place.count > 1, let table = records.tables.first(where: { $0.table == place[0] }) else {
      return place.joined(separator: ", ")
    }
    return (["Table \(table.number)"] + place.dropFirst()).joined(separator: ", ")
  }

  // MARK: Nights

  /// Lines of one date and subset together, the newest first.
  private var grouped: [[NightRecord]] {
    var groups: [[NightRecord]] = []
    for night in records.nights {
      // A line of a single cell belongs to its neighbours.
      if let last = groups.last?.last, last.date == night.date, last.name == night.name,
        last.cells.count == 1, night.cells.count == 1
      {
        groups[groups.count - 1].append(night)
      } else {
        groups.append([night])
      }
    }
    return groups.reversed()
  }

  private var nights: [Night] {
    grouped.map { group in
      let cells = group.flatMap(\.cells)
      let bad = cells.filter { $0.verdict == "regressed" }
      let verdict =
        group.count == 1
        ? group[0].verdict : bad.isEmpty ? cells.compactMap(\.verdict).first : "regressed"
      return Night(
        date: group[0].date, name: group[0].name, hasVerdict: verdict != nil, badge: Badge(verdict ?? ""),
        compared: cells.count, commit: String((group[0].commit ?? "").prefix(10)),
        lines: group.flatMap(\.lines) + Array(Set(group.flatMap(\.overrides))).sorted().map { "with \($0)" }
          + (group.allSatisfy(\.lines.isEmpty) ? bad.map { Self.text($0) } : []))
    }
  }

  private static func text(_ cell: NightCell) -> String {
    cell.place.joined(separator: ", ")
      + (cell.value.map { ": \(Words.fixed($0))" } ?? "")
      + (cell.reference.map { ", reference \(Words.fixed($0))" } ?? "")
  }

  private var cells: [Cell] {
    series.enumerated().map { number, one in
      let label = label(one.place)
      return Cell(
        label: label, subset: one.subset,
        newest: one.past.values.last { $0 != nil }.flatMap { $0 }.map(Words.fixed) ?? "–",
        reference: one.past.reference.map(Words.fixed) ?? "–", count: one.past.values.count,
        spark: one.drawing(id: "night-\(number)", title: "\(label): nights"))
    }
  }

  private var json: JSONValue {
    .object([
      "nights": .array(
        records.nights.map { night in
          .object([
            "date": .string(night.date), "name": .string(night.name),
            "verdict": night.verdict.map { .string($0) } ?? .null,
            "commit": night.commit.map { .string($0) } ?? .null,
            "overrides": .array(night.overrides.map { .string($0) }),
            "cells": .array(
              night.cells.map { cell in
                .object([
                  "place": .array(cell.place.map { .string($0) }),
                  "value": cell.value.map { .number($0) } ?? .null,
                  "reference": cell.reference.map { .number($0) } ?? .null,
                  "verdict": cell.verdict.map { .string($0) } ?? .null,
                ])
              }),
            "lines": .array(night.lines.map { .string($0) }),
          ])
        }),
      "change_points": .array(series.flatMap { $0.json }),
      "change_point_rule": .object([
        "alpha": .number(points.alpha), "least_nights_a_side": .int(points.least),
        "smallest_step": .number(points.smallest), "series": .int(series.count),
        "series_long_enough": .int(long),
      ]),
      "unreadable_lines": .int(records.unreadableNights),
    ])
  }
}
