import Benchmarks
import Experiments
import Foundation
import JSON
import Results

/// How often the runs of a plan are used, and what they cost.
struct PlanCost {
  /// Cells and points of runs.
  let cells: Int
  let iterations: Int
  private let order: [RunID]
  private let used: [RunID: Int]
  private let known: [RunID: Double]
  /// Core-seconds of training, from the measured steps of the networks; in the paper's own scale only.
  private let estimated: [RunID: Double]
  private let tables: [Group]

  private struct Group {
    let name: String
    let runs: Int
    /// Runs that no earlier table or figure has.
    let own: Int
    let seconds: Double?
    let coreSeconds: Double?
  }

  private struct Kind: Hashable {
    let dataset: String
    let model: String

    init(_ run: PlannedRun) {
      dataset = run.spec.data.name
      model = run.spec.model.name
    }
  }

  /// Reads the records of finished runs, and what training steps of the networks were measured to take.
  ///
  /// - Parameters:
  ///   - states: of the plan's runs, in their order.
  ///   - published: what runs took where they were trained; for kinds of which none is finished here.
  ///   - measurements: the folder that `jml model measure` writes to.
  /// - Throws: `ResultsError`.
  init(
    _ plan: Plan, _ states: [RunState], _ store: ResultStore, published: PublishedRuns, measurements: URL
  ) throws {
    order = plan.runs.map(\.id)
    iterations = plan.runs.reduce(0) { $0 + $1.spec.scale.iterations }
    var groups: [(name: String, cells: [[RunID]])] = []
    for table in plan.tables {
      let cells = (plan.cells[table.name] ?? []).joined().compactMap { cell -> [RunID]? in
        if case .runs(let ids, _, _) = cell { ids } else { nil }
      }
      groups.append((table.name, cells))
    }
    for sweep in plan.sweeps {
      groups.append((sweep.name, (plan.points[sweep.name] ?? []).joined().map(\.runs)))
    }
    var used: [RunID: Int] = [:]
    for id in groups.flatMap({ $0.cells.joined() }) { used[id, default: 0] += 1 }
    self.used = used
    cells = groups.reduce(0) { $0 + $1.cells.count }

    var measured: [RunID: Double] = [:]
    var kinds: [Kind: (seconds: Double, runs: Int)] = [:]
    for (run, state) in zip(plan.runs, states) where state == .done {
      guard let record = try store.record(run.id.text) else { continue }
      measured[run.id] = record.wallSeconds
      let old = kinds[Kind(run)] ?? (0, 0)
      kinds[Kind(run)] = (old.seconds + record.wallSeconds, old.runs + 1)
    }
    var known: [RunID: Double] = [:]
    for run in plan.runs {
      let mean = kinds[Kind(run)].map { $0.seconds / Double($0.runs) }
      known[run.id] = measured[run.id] ?? mean ?? published[run.id]?.seconds
    }
    self.known = known
    let estimated = plan.profile.comparableWithPaper ? try PlanCost.estimate(plan, measurements) : [:]
    self.estimated = estimated

    // Of each table and figure: its runs with those that they need, and how many of them no earlier one has.
    var seen: Set<RunID> = []
    tables = groups.map { group in
      var wanted: Set<RunID> = []
      var open = group.cells.flatMap { $0 }
      while let id = open.popLast() {
        if wanted.insert(id).inserted { open += plan[id]?.dependencies ?? [] }
      }
      let ids = plan.runs.map(\.id).filter(wanted.contains)
      let own = ids.filter { !seen.contains($0) }.count
      seen.formUnion(wanted)
      return Group(
        name: group.name, runs: ids.count, own: own, seconds: PlanCost.sum(ids, known),
        coreSeconds: PlanCost.sum(ids, estimated))
    }
  }

  /// A measured step, scaled to a run's batch, crop and iterations, times the threads that it had. Teachers' passes,
  /// evaluations and reading are not in it.
  private static func estimate(_ plan: Plan, _ folder: URL) throws -> [RunID: Double] {
    var steps: [String: Double] = [:]
    for name in Set(plan.runs.map(\.spec.model.name)).sorted() {
      guard let measured = try ModelMeasurement(reading: folder.appendingPathComponent("\(name).json")) else {
        continue
      }
      let pixels = measured.trainingBatch * measured.trainingHeight * measured.trainingWidth
      steps[name] = measured.trainingSecondsPerStep * Double(measured.threads) / Double(pixels)
    }
    var seconds: [RunID: Double] = [:]
    for run in plan.runs {
      let scale = run.spec.scale
      let pixels = Double(scale.batch * scale.cropHeight * scale.cropWidth) * Double(scale.iterations)
      seconds[run.id] = steps[run.spec.model.name].map { $0 * pixels }
    }
    return seconds
  }

  /// In how many cells and points a run is; 0 for one that others need only.
  func uses(_ id: RunID) -> Int { used[id] ?? 0 }

  /// Of the whole run; nil when no run of its kind is finished and it is not published.
  func seconds(_ id: RunID) -> Double? { known[id] }

  func usesText(_ id: RunID) -> String {
    uses(id) == 0 ? "input" : "\(uses(id)) cell\(uses(id) == 1 ? "" : "s")"
  }

  func secondsText(_ id: RunID) -> String { seconds(id).map { "\(Int($0.rounded())) s" } ?? "? s" }

  /// nil without an estimate.
  var estimateText: String? {
    guard !estimated.isEmpty, let sum = PlanCost.sum(order, estimated) else { return nil }
    return "core-hours of training, estimated from measured steps: \(Int((sum / 3600).rounded()))"
  }

  var totalText: String {
    let unknown = order.count { known[$0] == nil }
    let sum = order.compactMap { known[$0] }.reduce(0, +)
    guard unknown < order.count else { return "seconds: not known, no run is finished" }
    return "seconds of all runs, one after the other: \(Int(sum.rounded()))"
      + (unknown == 0 ? "" : ", and \(unknown) runs of data sets and models of which none is finished")
  }

  func json(finished: Int) -> JSONValue {
    .object([
      "runs": .int(order.count), "finished": .int(finished), "cells": .int(cells),
      "iterations": .int(iterations),
      "seconds": PlanCost.sum(order, known).map { .number($0) } ?? .null,
      "seconds_known": .number(order.compactMap { known[$0] }.reduce(0, +)),
      "runs_of_unknown_seconds": .int(order.count { known[$0] == nil }),
      "estimated_core_hours": PlanCost.hours(PlanCost.sum(order, estimated)),
      "tables": .array(
        tables.map {
          .object([
            "name": .string($0.name), "runs": .int($0.runs), "first_here": .int($0.own),
            "seconds": $0.seconds.map { .number($0) } ?? .null,
            "estimated_core_hours": PlanCost.hours($0.coreSeconds),
          ])
        }),
    ])
  }

  private static func hours(_ seconds: Double?) -> JSONValue {
    seconds.map { .number(($0 / 360).rounded() / 10) } ?? .null
  }

  /// nil as soon as one is not known.
  private static func sum(_ ids: [RunID], _ known: [RunID: Double]) -> Double? {
    let seconds = ids.compactMap { known[$0] }
    return seconds.count == ids.count ? seconds.reduce(0, +) : nil
  }
}
