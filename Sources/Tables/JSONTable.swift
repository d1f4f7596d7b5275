import Experiments
import JSON

/// The same table for programs: full precision, sorted keys, full run ids.
public enum JSONTable {
  static func text(_ table: BuiltTable) -> String {
    let spec = table.spec
    var members: [String: JSONValue] = [
      "table": .string(spec.name), "number": .int(spec.number), "title": .string(spec.title),
      "unit": spec.unit.map { .string($0) } ?? .null,
      "row_headers": .array(spec.rowHeaders.map { .string($0) }),
      "columns": .array(spec.columns.map { .string($0.title) }),
      "rows": .array(table.cells.indices.map { row(table, $0) }),
      "notes": .array(spec.remarks(profile: table.runs.plan.profile.name).map { .string($0) }),
    ]
    if !spec.footnotes.isEmpty {
      members["footnotes"] = .object(
        Dictionary(
          uniqueKeysWithValues: spec.footnotes.enumerated().map { (Footnote.letter($0), .string($1.text)) }))
    }
    if spec.hasRuns {
      members.merge(runs(table.runs, used: table.usedRuns)) { own, _ in own }
      members["metrics"] = metrics(table.metrics)
    }
    if let costs = spec.costs {
      members["costs"] = .object([
        "classes": .int(costs.classes), "height": .int(costs.height), "width": .int(costs.width),
        "training": .object([
          "batch": .int(costs.training.batch), "height": .int(costs.training.height),
          "width": .int(costs.training.width),
        ]),
      ])
    }
    return JSONValue.object(members).pretty
  }

  static func metrics(_ metrics: [Metric]) -> JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: metrics.map {
          (
            $0.name,
            .object([
              "title": .string($0.title), "unit": .string($0.unit.rawValue),
              "higher_is_better": .bool($0.higherIsBetter),
            ])
          )
        }))
  }

  /// What the runs are and where they were made.
  static func runs(_ runs: RunSet, used: [RunID]) -> [String: JSONValue] {
    let members: [String: JSONValue] = [
      "seeds": .array(runs.seeds.map { .int($0) }), "folds": .array(runs.folds.map { .int($0) }),
      "data": .object(Dictionary(uniqueKeysWithValues: runs.datasets(used).map { ($0, data(runs, $0)) })),
      "hardware": .array(runs.distinct { $1.hardware }.map { .string($0) }),
      "threads": .array(runs.distinct { String($1.threads) }.compactMap { Int($0) }.map { .int($0) }),
      "inputs": .array(
        runs.runs.compactMap { run, _ in
          runs.role(of: run.id).map {
            .object(["role": .string($0), "run": .string(run.id.text)])
          }
        }),
      "failures": .object(
        Dictionary(uniqueKeysWithValues: runs.failures.map { ($0.id.text, .string($0.reason)) })),
    ]
    return members.merging(scale(runs.plan)) { own, _ in own }
  }

  /// At which scale, and how deviations are computed.
  public static func scale(_ plan: Plan) -> [String: JSONValue] {
    [
      "profile": .string(plan.profile.name), "comparable_with_paper": .bool(plan.profile.comparableWithPaper),
      "overrides": .array(plan.overrides.map { .string($0.description) }),
      "standard_deviation": .string("population"),
    ]
  }

  private static func data(_ runs: RunSet, _ name: String) -> JSONValue {
    .object([
      "fingerprint": .string(runs.plan.dataFingerprints[name] ?? ""),
      "description": .array(
        runs.distinct { $0.spec.data.name == name ? $1.dataDescription : "" }.map { .string($0) }),
    ])
  }

  private static func row(_ table: BuiltTable, _ index: Int) -> JSONValue {
    let cells = zip(table.titles, table.cells[index]).map { ($0, cell($1)) }
    let own = table.spec.columns.count
    return .object([
      "labels": .array(table.spec.rows[index].labels.map { .string($0) }),
      "cells": .object(Dictionary(uniqueKeysWithValues: cells.prefix(own))),
      "differences": .object(Dictionary(uniqueKeysWithValues: cells.dropFirst(own))),
    ])
  }

  private static func cell(_ cell: BuiltTable.BuiltCell) -> JSONValue {
    var members = ours(cell.ours)
    if !cell.isDifference { members["runs"] = .array(cell.runs.map { .string($0.text) }) }
    switch cell.measure {
    case .metric(let metric, let evaluation):
      members["metric"] = .string(metric.name)
      if evaluation.point != .last { members["point"] = .string(evaluation.point.rawValue) }
      if let network = evaluation.network { members["network"] = .string(network) }
    case .cost(let quantity):
      members["quantity"] = .string(quantity.rawValue)
      members["unit"] = .string(quantity.unit)
    case nil: break
    }
    if let paper = cell.paper {
      members[cell.isQuoted ? "quoted" : "paper"] = .object([
        "mean": .string(paper.mean), "std": paper.std.map { .string($0) } ?? .null,
      ])
    }
    if !cell.footnotes.isEmpty { members["footnotes"] = .array(cell.footnotes.map { .string($0) }) }
    for (key, isMarked) in [
      ("best", cell.marks.best), ("worst", cell.marks.worst), ("paper_best", cell.paperMarks.best),
      ("paper_worst", cell.paperMarks.worst),
    ] where isMarked { members[key] = .bool(true) }
    return .object(members)
  }

  /// State and numbers of a cell or a point.
  public static func ours(_ cell: Cell) -> [String: JSONValue] {
    var members: [String: JSONValue] = ["state": .string(cell.stateName)]
    switch cell {
    case .value(let aggregate, let planned):
      members["mean"] = .number(aggregate.mean)
      members["std"] = .number(aggregate.std)
      members["n"] = .int(aggregate.count)
      members["planned"] = .int(planned)
      members["values"] = .array(aggregate.values.map { .number($0) })
    case .cost(let value, let text):
      members["value"] = .number(value)
      members["text"] = .string(text)
    case .pending(let planned): members["planned"] = .int(planned)
    case .failed(let reason): members["reason"] = .string(reason)
    case .notYetRun, .absent: break
    }
    return members
  }
}
