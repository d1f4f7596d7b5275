import Experiments
import JSON
import Tables

/// What a night came to beside its reference.
public struct RegressionReport: Equatable, Sendable {
  public enum Verdict: String, Codable, Sendable {
    /// No cell is a regression.
    case passed
    case regressed
    /// Nothing could be compared, and no run failed.
    case notCompared = "not compared"
  }

  public let name: String
  public let tier: String
  /// Why nothing is compared; empty if something is.
  public let obstacles: [String]
  public let cells: [CellVerdict]
  /// Of each metric over all cells; none where bits are compared.
  public let means: [MeanVerdict]
  /// What is worth knowing and decides nothing.
  public let notes: [String]

  public enum State: String, Sendable {
    /// The reference's bits.
    case same
    /// No worse, as far as can be told.
    case passed
    case regressed
    /// There is nothing to compare with, for a reason.
    case notCompared = "not compared"
  }

  public struct CellVerdict: Equatable, Sendable {
    public let night: CellResult
    public let reference: CellResult?
    public let state: State
    /// One line: why it is a regression, or is not compared.
    public let reason: String?
    /// In the metric's unit; positive is worse.
    public let worse: Double?
    /// One-sided, alone and among all cells.
    public let p: Double?
    public let corrected: Double?
  }

  /// The mean of a metric over cells, run by run.
  public struct MeanVerdict: Equatable, Sendable {
    public let metric: String
    public let cells: Int
    public let night: Aggregate
    public let reference: Aggregate
    public let state: State
    /// As of cells.
    public let worse: Double
    public let p: Double?
    public let corrected: Double?
  }

  public var verdict: Verdict {
    if cells.contains(where: { $0.state == .regressed }) || means.contains(where: { $0.state == .regressed })
    {
      return .regressed
    }
    return cells.contains { $0.state != .notCompared } ? .passed : .notCompared
  }

  /// One line for each regressed cell and mean.
  public var lines: [String] {
    cells.filter { $0.state == .regressed }.map { cell in
      "\(cell.night.place): \(cell.night.metric) \(cell.night.text)"
        + (cell.reference.map { ", reference \($0.text)" } ?? "") + (cell.reason.map { ": \($0)" } ?? "")
    }
      + means.filter { $0.state == .regressed }.map { mean in
        "mean of \(mean.metric) over \(mean.cells) cells: \(NumberText.fixed(mean.night.mean)), reference "
          + "\(NumberText.fixed(mean.reference.mean)): "
          + RegressionReport.text(worse: mean.worse, p: mean.p, corrected: mean.corrected)
      }
  }

  static func text(worse: Double, p: Double?, corrected: Double?) -> String {
    "\(NumberText.fixed(worse)) worse"
      + (p.map { ", p \(PText.text($0))" } ?? "") + (corrected.map { " (Holm \(PText.text($0)))" } ?? "")
  }

  /// One line for people.
  public var summary: String {
    let counts: [(Int, String)] = [State.same, .passed, .regressed, .notCompared].map { state in
      (cells.count { $0.state == state }, state == .same ? "with the same bits" : state.rawValue)
    }
    let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return "\(name): \(verdict.rawValue): \(cells.count) cells: \(parts.joined(separator: ", "))"
      + (obstacles.isEmpty ? "" : "; " + obstacles.joined(separator: "; "))
  }

  public var json: JSONValue {
    .object([
      "name": .string(name), "tier": .string(tier), "verdict": .string(verdict.rawValue),
      "obstacles": .array(obstacles.map { .string($0) }), "notes": .array(notes.map { .string($0) }),
      "regressions": .array(lines.map { .string($0) }),
      "cells": .array(
        cells.map { cell in
          .object([
            "table": .string(cell.night.place.table),
            "row": .array(cell.night.place.row.map { .string($0) }),
            "column": .string(cell.night.place.column), "metric": .string(cell.night.metric),
            "state": .string(cell.state.rawValue), "reason": cell.reason.map { .string($0) } ?? .null,
            "mean": number(cell.night.mean), "std": number(cell.night.std), "n": .int(cell.night.n),
            "reference_mean": number(cell.reference?.mean), "reference_std": number(cell.reference?.std),
            "reference_n": .int(cell.reference?.n ?? 0), "worse": number(cell.worse), "p": number(cell.p),
            "p_holm": number(cell.corrected),
          ])
        }),
      "means": .array(
        means.map { mean in
          .object([
            "metric": .string(mean.metric), "cells": .int(mean.cells), "state": .string(mean.state.rawValue),
            "mean": .number(mean.night.mean), "reference_mean": .number(mean.reference.mean),
            "worse": .number(mean.worse), "p": number(mean.p), "p_holm": number(mean.corrected),
          ])
        }),
    ])
  }

  private func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
