import Figures
import Foundation
import JSON

/// The overview, and the list of tables.
struct OverviewPage {
  private let index: SiteIndex
  private var records: SiteRecords { index.records }

  init(_ index: SiteIndex) { self.index = index }

  private struct View {
    let heading: String
    let lead: String
    let warns: Bool
    let profileName: String
    let stats: [Stat]
    let hasClaims: Bool
    let claimsChart: String
    let claimsCaption: String
    let claimsHref: String
    let entries: [Entry]
    let figures: [Href]
    let hasFigures: Bool
  }

  private struct Stat {
    let label: String
    let number: String
    let small: String
  }

  private struct Entry {
    let number: Int
    let heading: String
    let href: String
    let badge: Badge
    let cells: String
    let runs: Int
  }

  private struct List {
    let lead: String
    let entries: [Entry]
  }

  private var state: [(table: TableRecord, done: Int, of: Int)] {
    records.tables.map { table in
      let (done, of) = table.filled
      return (table, done, of)
    }
  }

  private func entries(from page: String) -> [Entry] {
    state.map { table, done, of in
      let runs = Set(
        table.rows.indices.flatMap { row in
          table.titles.indices.flatMap { table.cell(row, $0)?.runs ?? [] }
        })
      return Entry(
        number: table.number, heading: table.title,
        href: index.link(SiteIndex.folder(ofTable: table), from: page),
        badge: done == of
          ? Badge("complete") : done == 0 ? Badge("not run yet", of: "open") : Badge("partial", of: "open"),
        cells: "\(done) of \(of)", runs: runs.count)
    }
  }

  private var complete: Int { state.count { $0.done == $0.of } }

  private var lead: String {
    "The tables of “Jaccard Metric Losses: Optimizing the Jaccard Index with Soft Labels” (NeurIPS 2023), trained anew: "
      + "every number with its seeds, its deviation and the record of the run behind it."
  }

  var page: SitePage {
    let seconds = records.runs.reduce(0) { $0 + $1.seconds }
    var stats = [
      Stat(label: "Tables complete", number: "\(complete)", small: " of \(records.tables.count)"),
      Stat(label: "Finished runs", number: "\(records.runs.count)", small: ""),
      Stat(label: "Training", number: Words.duration(seconds), small: ""),
    ]
    if let claims = records.claims {
      stats.insert(
        Stat(
          label: "Claims that hold in our numbers", number: "\(claims.count("holds", \.ours))",
          small: " of \(claims.claims.count)"), at: 1)
    }
    return SitePage(
      folder: "", title: "Overview", description: lead, section: "overview", template: "overview",
      content: View(
        heading: records.title, lead: lead,
        warns: records.tables.contains { $0.comparableWithPaper == false }, profileName: records.profile,
        stats: stats, hasClaims: records.claims != nil,
        claimsChart: records.claims.map { ClaimPages.chart($0, id: "held") } ?? "",
        claimsCaption: records.claims.map(ClaimPages.caption) ?? "",
        claimsHref: index.link("claims", from: ""), entries: entries(from: ""),
        figures: records.figures.map {
          Href("Figure \($0.number). \($0.title)", index.link("figures/figure\($0.number)", from: ""))
        }, hasFigures: !records.figures.isEmpty),
      json: json)
  }

  var tables: SitePage {
    let lead =
      "\(complete) of the paper’s \(Words.count(records.tables.count, "table")) have all of their numbers in profile "
      + "\(records.profile)."
    return SitePage(
      folder: "tables", title: "Tables", description: lead, section: "tables", template: "tables",
      content: List(lead: lead, entries: entries(from: "tables")), json: json)
  }

  private var json: JSONValue {
    var members: [String: JSONValue] = [
      "title": .string(records.title), "profile": .string(records.profile),
      "runs": .int(records.runs.count),
      "tables": .array(
        state.map { table, done, of in
          .object([
            "table": .string(table.table), "number": .int(table.number), "title": .string(table.title),
            "cells": .int(done), "planned": .int(of),
          ])
        }),
    ]
    if let claims = records.claims { members["claims"] = ClaimPages.counts(claims) }
    return .object(members)
  }
}
