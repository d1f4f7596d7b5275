import Datasets
import Experiments
import Foundation
import Results

extension Workspace {
  /// Stands where a run id's data fingerprint will be.
  private static let unknownFingerprint = "unknown"

  /// The data sets of the tables and of the backbones' pretraining, sorted by name.
  private func datasets() throws -> [DatasetSpec] {
    try Plan.datasets(of: tables, figures: figures, profile: profile, in: registry).compactMap {
      registry.datasets[$0]
    }
  }

  /// Makes or finds the data of the tables, and checks it unless it has passed before.
  /// - Throws: `RunnerError`, `DatasetError`, `RegistryError`.
  public func prepare(
    fresh: Bool = false, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> [String: PreparedData] {
    var prepared: [String: PreparedData] = [:]
    for spec in try datasets() {
      prepared[spec.name] = try preparation.prepare(spec, fresh: fresh, progress: progress)
    }
    return prepared
  }

  /// The plan over data that has been prepared.
  public func plan(_ data: [String: PreparedData]) throws -> Plan {
    let plan = try plan(fingerprints: data.mapValues(\.summary.fingerprint))
    try plan.requireWeights()
    return plan
  }

  /// Reads the lists of labelled images that the plan's runs name, so that none of them begins with a wrong one.
  /// - Throws: as `PreparedData.labelled(_:of:)`.
  public func checkLabelled(_ plan: Plan, _ data: [String: PreparedData]) throws {
    var seen: Set<String> = []
    for run in plan.runs.map(\.spec) {
      guard let split = run.labelled, let prepared = data[run.data.name],
        seen.insert("\(run.data.name) \(split.json.canonical) \(run.fold ?? -1)").inserted
      else { continue }
      _ = try prepared.labelled(split, of: prepared.samples(fold: run.fold).train)
    }
  }

  /// A plan of this workspace's over the same data, with further overrides.
  /// - Throws: `RegistryError`.
  public func plan(_ plan: Plan, overriding more: [Override]) throws -> Plan {
    try self.plan(fingerprints: plan.dataFingerprints, overriding: more)
  }

  /// - Parameters:
  ///   - fingerprints: by data set; of others nothing is known, and their runs have provisional ids.
  ///   - more: overrides besides the workspace's.
  private func plan(fingerprints: [String: String], overriding more: [Override] = []) throws -> Plan {
    let unknown = try datasets().map { ($0.name, Workspace.unknownFingerprint) }
    return try Plan(
      registry: registry, tables: tables, figures: figures, profile: profile.name,
      overrides: overrides + more,
      seeds: seeds,
      dataFingerprints: fingerprints.merging(unknown) { known, _ in known })
  }

  /// A data set, or a file of weights, whose content a plan does not know: the ids of its runs are provisional.
  public struct UnknownData: Equatable, Sendable {
    /// Name of the data set, or path of the file.
    public let dataset: String
    /// One line for people: why, and what to do.
    public let notice: String
  }

  /// The plan for looking at results. Draws nothing, opens no picture and writes no file. Data that is not at hand is
  /// taken to be the one that results were made of here.
  /// - Throws: `RegistryError`, `RunnerError`; `DatasetError` for a list that cannot be read.
  public func planForReading() throws -> (plan: Plan, unknown: [UnknownData]) {
    var fingerprints: [String: String] = [:]
    var unknown: [UnknownData] = []
    for spec in try datasets() {
      switch try preparation.knowledge(spec) {
      case .fingerprint(let known): fingerprints[spec.name] = known
      case .unchecked:
        unknown.append(
          UnknownData(
            dataset: spec.name,
            notice: "\(spec.name) in \(source.root.path) has not been checked as it is: ids of its runs are "
              + "provisional until 'jml data check' with the same options has passed"))
      case .absent(let reason):
        unknown.append(
          UnknownData(
            dataset: spec.name,
            notice: "no data for \(spec.name) at hand (\(reason)): ids of its runs are provisional"))
      }
    }
    let plan = try plan(fingerprints: fingerprints)
    unknown += plan.missingWeights.map { path in
      UnknownData(
        dataset: path, notice: "no backbone weights \(path): ids of runs that start from them are provisional"
      )
    }
    return (plan, unknown)
  }

  /// One run of the plan with its data, and no other data than must be read to know the run by its id.
  /// - Parameter name: as `Plan.run(named:)` takes it.
  /// - Throws: as `prepare` and `Plan.run(named:)`; `RunnerError.changedData`.
  public func planForTraining(
    _ name: String, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> (plan: Plan, run: PlannedRun, data: PreparedData) {
    var known: [String: String] = [:]
    var unknown: [DatasetSpec] = []
    for spec in try datasets() {
      if case .fingerprint(let fingerprint) = try preparation.knowledge(spec) {
        known[spec.name] = fingerprint
      } else {
        unknown.append(spec)
      }
    }
    for spec in unknown {
      let plan = try plan(fingerprints: known)
      if let run = try? plan.run(named: name), known[run.spec.data.name] != nil { break }
      known[spec.name] = try preparation.prepare(spec, progress: progress).summary.fingerprint
    }
    let plan = try plan(fingerprints: known)
    let run = try plan.run(named: name)
    guard let spec = registry.datasets[run.spec.data.name] else { throw RunnerError.unknownRun(name) }
    let data = try preparation.prepare(spec, progress: progress)
    try plan.requireWeights()
    guard data.summary.fingerprint == run.spec.data.fingerprint else {
      throw RunnerError.changedData(dataset: spec.name)
    }
    return (plan, run, data)
  }

  /// Lines about results of this folder that the plan does not speak of: runs of other data, and of another version of
  /// the engine.
  public func otherResultsNotices(_ plan: Plan) throws -> [String] {
    try olderRunsNotices(plan) + otherDataNotices(plan)
  }

  private func olderRunsNotices(_ plan: Plan) throws -> [String] {
    let older = try store.runIDs().count { text in
      guard let id = RunID(text), plan[id] == nil else { return false }
      do {
        return try store.record(text).flatMap { RunSpec.hasCurrentNumerics($0.spec) } == false
      } catch ResultsError.unsupportedSchema {
        return true
      } catch {
        // A run of another plan that cannot be read is that plan's matter.
        return false
      }
    }
    guard older > 0 else { return [] }
    return [
      "\(folder.path) also has \(older) run\(older == 1 ? "" : "s") of another version of the engine; they are kept, "
        + "and no table takes them (this program's numerics are version \(RunSpec.currentNumerics))"
    ]
  }

  private func otherDataNotices(_ plan: Plan) -> [String] {
    plan.datasets.compactMap { name in
      // Of data that nobody has read nothing can be said.
      guard plan.dataFingerprints[name] != Workspace.unknownFingerprint else { return nil }
      let others = preparation.cache.fingerprints(dataset: name).filter { $0 != plan.dataFingerprints[name] }
      guard !others.isEmpty else { return nil }
      return "\(folder.path) also has runs of other data for \(name) (fingerprint "
        + "\(others.joined(separator: ", "))); they are kept, and no table mixes them"
    }
  }
}

extension Plan {
  /// - Throws: `RegistryError.unreadable` for the first file of weights that is not there.
  fileprivate func requireWeights() throws {
    guard let path = missingWeights.first else { return }
    throw RegistryError.unreadable(
      file: path,
      reason:
        "backbones of profile \(profile.name) start from it; --set recipe.backbone_weights=PATH names others")
  }

  /// The run whose id is `text`, begins with it, or whose hash begins with it.
  /// - Throws: `RunnerError.unknownRun`, `.ambiguousRun`.
  public func run(named text: String) throws -> PlannedRun {
    if let id = RunID(text), let run = self[id] { return run }
    let found = runs.filter { $0.id.text.hasPrefix(text) || $0.id.text.suffix(16).hasPrefix(text) }
    guard let run = found.first, !text.isEmpty else { throw RunnerError.unknownRun(text) }
    guard found.count == 1 else {
      throw RunnerError.ambiguousRun(text, candidates: found.prefix(4).map(\.id.text))
    }
    return run
  }
}
