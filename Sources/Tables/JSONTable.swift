import Experiments
import JSON

/// The same table for programs: full precision, sorted keys, full run ids.
enum JSONTable {
  static func text(_ table: BuiltTable) -> String {
    let spec = table.spec
    let profile = table.plan.profile
    return JSONValue.object([
      "table": .string(spec.name), "number": .int(spec.number), "title": .string(spec.title),
      "unit": .string(spec.unit),
      "profile": .string(profile.name), "comparable_with_paper": .bool(profile.comparableWithPaper),
      "overrides": .array(table.plan.overrides.map { .string($0.description) }),
      "standard_deviation": .string("population"),
      "seeds": .array(table.seeds.map { .int($0) }),
      "data": .object(Dictionary(uniqueKeysWithValues: table.datasets.map { ($0, data(table, $0)) })),
      "hardware": .array(
        table.distinct { $1.hardware }.map { .string($0) }),
      "threads": .array(table.distinct { String($1.threads) }.compactMap { Int($0) }.map { .int($0) }),
      "row_headers": .array(spec.rowHeaders.map { .string($0) }),
      "columns": .array(spec.columns.map { .string($0.title) }),
      "rows": .array(table.cells.indices.map { row(table, $0) }),
      "teachers": .array(
        table.runs.filter { table.teachers.contains($0.run.id) }.map { .string($0.run.id.text) }),
      "failures": .object(
        Dictionary(uniqueKeysWithValues: table.failures.map { ($0.id.text, .string($0.reason)) })),
      "notes": .array((spec.exceptions.map(\.reason) + spec.notes).map { .string($0) }),
    ]).pretty
  }

  private static func data(_ table: BuiltTable, _ name: String) -> JSONValue {
    .object([
      "fingerprint": .string(table.plan.dataFingerprints[name] ?? ""),
      "description": .array(
        table.distinct { $0.spec.data.name == name ? $1.dataDescription : "" }.map { .string($0) }),
    ])
  }

  private static func row(_ table: BuiltTable, _ index: Int) -> JSONValue {
    let titles = table.spec.columns.map(\.title)
    let cells = zip(titles, table.cells[index]).map { ($0, cell($1)) }
    let differences = zip(table.spec.differences, table.differences[index]).map { spec, value in
      (
        spec.title,
        JSONValue.object([
          "ours": value.ours.map { .number($0) } ?? .null,
          "paper": value.paper.map { .string(MarkdownTable.signed($0)) } ?? .null,
        ])
      )
    }
    return .object([
      "labels": .array(table.spec.rows[index].labels.map { .string($0) }),
      "cells": .object(Dictionary(uniqueKeysWithValues: cells)),
      "differences": .object(Dictionary(differences) { first, _ in first }),
    ])
  }

  private static func cell(_ cell: BuiltTable.BuiltCell) -> JSONValue {
    var members: [String: JSONValue] = ["runs": .array(cell.runs.map { .string($0.text) })]
    if let metric = cell.metric { members["metric"] = .string(metric.rawValue) }
    if let paper = cell.paper {
      members[cell.isQuoted ? "quoted" : "paper"] = .object([
        "mean": .string(paper.mean.text), "std": paper.std.map { .string($0.text) } ?? .null,
      ])
    }
    switch cell.ours {
    case .value(let aggregate, let planned):
      members["state"] = .string("value")
      members["mean"] = .number(aggregate.mean)
      members["std"] = .number(aggregate.std)
      members["n"] = .int(aggregate.count)
      members["planned"] = .int(planned)
      members["values"] = .array(aggregate.values.map { .number($0) })
    case .pending(let planned):
      members["state"] = .string("pending")
      members["planned"] = .int(planned)
    case .failed(let reason):
      members["state"] = .string("failed")
      members["reason"] = .string(reason)
    case .notYetRun: members["state"] = .string("not_yet_run")
    case .absent: members["state"] = .string("absent")
    }
    return .object(members)
  }
}
