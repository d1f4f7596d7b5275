import Experiments
import JSON
import Results

/// The record of a run whose process crashed and could not write one.
enum CrashRecord {
  static func write(_ run: PlannedRun, reason: String, iteration: Int, store: ResultStore) throws {
    guard case .claimed(let claim) = try store.claim(run.id.text) else { return }
    let revision = SourceRevision.current
    try claim.close(
      RunRecord(
        runID: run.id.text, state: .failed,
        spec: run.spec.json,
        seed: UInt64(run.spec.seed),
        commit: revision.commit, dirty: revision.dirty, versions: Machine.versions, threads: 0,
        cpu: Machine.cpu,
        wallSeconds: 0, peakMemoryBytes: 0, iterations: iteration,
        dataFingerprint: run.spec.data.fingerprint, error: reason))
  }
}
