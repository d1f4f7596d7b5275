import Figures
import Foundation
import JSON

/// The nights that were: what was compared, and what was found.
struct NightlyPage {
  private let index: SiteIndex
  private var records: SiteRecords { index.records }

  init(_ index: SiteIndex) { self.index = index }

  private struct View {
    let hasNights: Bool
    let lead: String
    let nights: [Night]
    let cells: [Cell]
    let hasUnreadable: Bool
    let unreadable: String
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
    SitePage(
      folder: "nightly", title: "Nightly", description: "History of the nightly runs.", section: "nightly",
      template: "nightly",
      content: View(
        hasNights: !records.nights.isEmpty, lead: Words.count(nights.count, "night") + ", the newest first.",
        nights: nights, cells: cells, hasUnreadable: records.unreadableNights > 0,
        unreadable: "\(Words.count(records.unreadableNights, "line")) of the history could not be read."),
      json: json)
  }

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
        lines: group.flatMap(\.lines)
          + (group.allSatisfy(\.lines.isEmpty) ? bad.map { Self.text($0) } : []))
    }
  }

  private static func text(_ cell: NightCell) -> String {
    cell.place.joined(separator: ", ")
      + (cell.value.map { ": \(Words.fixed($0))" } ?? "")
      + (cell.reference.map { ", reference \(Words.fixed($0))" } ?? "")
  }

  /// Each cell of each subset, in the order in which they came.
  private var cells: [Cell] {
    struct Key: Hashable {
      let subset: String
      let place: [String]
    }
    var keys: [Key] = []
    var pasts: [Key: CellPast] = [:]
    for night in records.nights {
      for cell in night.cells {
        let key = Key(subset: night.name, place: cell.place)
        if pasts[key] == nil { keys.append(key) }
        pasts[key, default: CellPast()].add(cell)
      }
    }
    return keys.enumerated().compactMap { number, key in
      guard let past = pasts[key] else { return nil }
      let values = past.values.compactMap { $0 }
      let label = key.place.joined(separator: ", ")
      guard let first = values.first, let last = values.last else {
        return Cell(
          label: label, subset: key.subset, newest: "–", reference: past.reference.map(Words.fixed) ?? "–",
          count: past.values.count, spark: "")
      }
      return Cell(
        label: label, subset: key.subset, newest: Words.fixed(last),
        reference: past.reference.map(Words.fixed) ?? "–", count: past.values.count,
        spark: Sparkline.drawing(past.values, reference: past.reference).inline(
          id: "night-\(number)", title: "\(label): nights",
          description: "From \(Words.fixed(first)) to \(Words.fixed(last))."))
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
      "unreadable_lines": .int(records.unreadableNights),
    ])
  }
}
