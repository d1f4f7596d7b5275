import Experiments

/// Compares a night with its reference.
///
/// A run without a value is a regression whatever it is compared with. Nothing else is said across versions of the arithmetic,
/// or across classes of machines: a difference would be nobody's mistake.
public enum NightJudge {
  /// - Parameters:
  ///   - reference: nil where there is none yet.
  ///   - test: nil where bits are compared.
  ///   - across: whether versions of the numerics and machines may differ, as somebody asks who wants to know what the change
  ///     costs. Bits are never compared across them.
  public static func report(
    _ night: Night, reference: Reference.Accepted?, test: RegressionSpec.Test?, across: Bool = false
  ) -> RegressionReport {
    let differences = differences(night, reference, bits: test == nil)
    let isAcross = across && test != nil
    let obstacles = obstacles(night, reference) + (isAcross ? [] : differences)
    let known = obstacles.isEmpty ? reference?.cells ?? [] : []
    let pairs = night.cells.map { cell in
      (night: cell, reference: known.first { $0.place == cell.place && $0.metric == cell.metric })
    }
    // Test by test in the order of the cells; what failed, or has no counterpart, takes no part.
    let tested = pairs.indices.filter { pairs[$0].night.problems.isEmpty && pairs[$0].reference != nil }
    let statistics = test.map { CellTests(tested.map { pairs[$0] }, $0) }
    let cells = pairs.indices.map { index in
      let pair = pairs[index]
      guard let reference = pair.reference, let place = tested.firstIndex(of: index) else {
        return failedOrAlone(pair.night, pair.reference, obstacles)
      }
      return statistics?.verdict(place) ?? bits(pair.night, reference)
    }
    return RegressionReport(
      name: night.name, tier: night.tier, obstacles: obstacles, cells: cells, means: statistics?.means ?? [],
      notes: (isAcross ? differences : []) + (obstacles.isEmpty ? notes(night, reference, cells) : []))
  }

  /// Why the two are not of one subset.
  private static func obstacles(_ night: Night, _ reference: Reference.Accepted?) -> [String] {
    guard let reference else { return ["there is no reference"] }
    return [
      difference("the tier", night.tier, reference.tier),
      difference("the profile", night.profile, reference.profile),
    ].compactMap { $0 }
  }

  /// Why numbers of one subset are not the same by right.
  private static func differences(_ night: Night, _ reference: Reference.Accepted?, bits: Bool) -> [String] {
    guard let reference else { return [] }
    let numerics = difference(
      "the version of the numerics", String(night.numerics), String(reference.numerics))
    return [numerics].compactMap { $0 } + night.machine.differences(from: reference.machine, bits: bits)
  }

  private static func difference(_ what: String, _ own: String, _ other: String) -> String? {
    own == other ? nil : "\(what) is \(own), the reference's \(other)"
  }

  private static func failedOrAlone(
    _ night: CellResult, _ reference: CellResult?, _ obstacles: [String]
  ) -> RegressionReport.CellVerdict {
    let problem = night.problems.first.map { first in
      first + (night.problems.count > 1 ? " (and \(night.problems.count - 1) more runs)" : "")
    }
    return RegressionReport.CellVerdict(
      night: night, reference: reference, state: problem == nil ? .notCompared : .regressed,
      reason: problem ?? obstacles.first ?? "the reference has no such cell", worse: nil, p: nil,
      corrected: nil)
  }

  private static func notes(
    _ night: Night, _ reference: Reference.Accepted?, _ cells: [RegressionReport.CellVerdict]
  ) -> [String] {
    guard let reference else { return [] }
    let lost = reference.cells.filter { old in
      !night.cells.contains { $0.place == old.place && $0.metric == old.metric }
    }
    var notes = lost.map { "\($0.place) is in the reference and not declared any more" }
    for name in night.data.keys.sorted() where night.data[name] != reference.data[name] {
      guard let old = reference.data[name] else { continue }
      notes.append(
        "the data of \(name) has the fingerprint \(night.data[name] ?? ""), the reference's \(old)")
    }
    let moved = cells.filter { cell in
      guard let reference = cell.reference else { return false }
      return cell.night.isSpecOther(than: reference)
    }
    if !moved.isEmpty {
      notes.append(
        "\(moved.count) of \(cells.count) cells are of other runs (specs or data) than the reference's")
    }
    let bits = cells.count { cell in cell.reference.map { cell.night.hasBits(of: $0) } ?? false }
    if bits < cells.count, bits > 0 {
      notes.append("\(bits) of \(cells.count) cells have the reference's bits")
    }
    return notes
  }

  // MARK: Bits

  private static func bits(_ night: CellResult, _ reference: CellResult) -> RegressionReport.CellVerdict {
    let difference = night.bitDifference(from: reference)
    return RegressionReport.CellVerdict(
      night: night, reference: reference, state: difference == nil ? .same : .regressed, reason: difference,
      worse: night.worse(than: reference), p: nil, corrected: nil)
  }
}

extension CellResult {
  var higherIsBetter: Bool { Metric(metric)?.higherIsBetter ?? true }

  /// Positive is worse; nil without values.
  func worse(than reference: CellResult) -> Double? {
    guard let mean, let other = reference.mean else { return nil }
    return higherIsBetter ? other - mean : mean - other
  }

  func isSpecOther(than reference: CellResult) -> Bool {
    replicates.contains { own in
      reference.replicates.contains { own.isReplicate(of: $0) && own.run != $0.run }
    }
  }

  func hasBits(of reference: CellResult) -> Bool { bitDifference(from: reference) == nil }

  /// What the first run that differs differs in; nil if every run has the reference's value, counts and weights, as far as
  /// they are known.
  func bitDifference(from reference: CellResult) -> String? {
    let other = isSpecOther(than: reference) ? "; its spec or data is another one" : ""
    guard replicates.count == reference.replicates.count else {
      return "\(replicates.count) runs, \(reference.replicates.count) in the reference\(other)"
    }
    for own in replicates {
      let seed = "seed \(own.seed)" + (own.fold.map { ", fold \($0)" } ?? "")
      guard let old = reference.replicates.first(where: { own.isReplicate(of: $0) }) else {
        return "\(seed) is not in the reference\(other)"
      }
      func differ(_ own: String?, _ old: String?) -> Bool {
        guard let own, let old else { return false }
        return own != old
      }
      if own.value != old.value { return "\(seed): \(own.value), \(old.value) in the reference\(other)" }
      if differ(own.counts, old.counts) { return "\(seed): counts differ, the metric does not\(other)" }
      if differ(own.model, old.model) { return "\(seed): weights differ, counts do not\(other)" }
    }
    return nil
  }
}
