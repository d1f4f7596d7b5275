import Experiments
import Foundation
import Kernels
import Results

/// What `jml doctor` looks at before somebody spends hours on runs.
public struct Doctor: Sendable {
  public enum Verdict: String, Sendable {
    case ok
    /// Works, but deserves a look.
    case warning
    case failure
  }

  public struct Finding: Sendable {
    public let name: String
    public let verdict: Verdict
    public let text: String
  }

  private let options: Workspace.Options

  public init(_ options: Workspace.Options) { self.options = options }

  public func findings() -> [Finding] {
    var findings = [
      Finding(name: "program", verdict: .ok, text: program),
      Finding(name: "system", verdict: .ok, text: Machine.system),
      Finding(
        name: "cpu", verdict: .ok,
        text: "\(Machine.cpu), \(Machine.cores) cores, \(Doctor.gibibytes(Machine.memoryBytes)) of memory"),
      Finding(name: "layout", verdict: .ok, text: "activations \(KernelRuntime.preferredLayout)"),
    ]
    for (name, version) in Machine.versions.sorted(by: { $0.key < $1.key }) where name != "system" {
      findings.append(Finding(name: name, verdict: .ok, text: version))
    }
    let workspace: Workspace
    do {
      workspace = try Workspace(options)
    } catch {
      return findings + [Finding(name: "experiments", verdict: .failure, text: "\(error)")]
    }
    findings.append(experiments(workspace))
    findings += data(workspace)
    findings.append(results(workspace))
    findings.append(disk(workspace))
    return findings
  }

  /// Which program this is: results of other numerics are not mixed with its own.
  public static var version: String {
    let revision = SourceRevision.current
    return
      "commit \(revision.commit)\(revision.dirty ? " with changes" : ""), numerics \(RunSpec.currentNumerics)"
  }

  private var program: String { "\(ProjectLocation.executable.path), \(Doctor.version)" }

  private func experiments(_ workspace: Workspace) -> Finding {
    let registry = workspace.registry
    return Finding(
      name: "experiments", verdict: .ok,
      text: "\(registry.tableNames.count) tables, \(registry.models.count) models, "
        + "\(registry.datasets.count) data sets, \(registry.profileNames.count) profiles; profile "
        + workspace.profile.name)
  }

  private func data(_ workspace: Workspace) -> [Finding] {
    do {
      let names = try Plan.datasets(
        of: workspace.tables, profile: workspace.profile, in: workspace.registry)
      return names.compactMap { name in
        guard let spec = workspace.registry.datasets[name] else { return nil }
        do {
          let summary = try workspace.preparation.prepare(spec, progress: { _, _, _ in }).summary
          let text = "\(summary.description), fingerprint \(summary.fingerprint)"
          guard let first = summary.warnings.first else {
            return Finding(name: name, verdict: .ok, text: text)
          }
          let more = summary.warnings.count > 1 ? " and \(summary.warnings.count - 1) more" : ""
          return Finding(name: name, verdict: .warning, text: "\(text); \(first)\(more)")
        } catch {
          return Finding(name: name, verdict: .failure, text: "\(error)")
        }
      }
    } catch {
      return [Finding(name: "data", verdict: .failure, text: "\(error)")]
    }
  }

  private func results(_ workspace: Workspace) -> Finding {
    let probe = workspace.folder.appendingPathComponent(".doctor")
    do {
      try FileManager.default.createDirectory(at: workspace.folder, withIntermediateDirectories: true)
      try AtomicFile.write(Data("doctor\n".utf8), to: probe)
      try FileManager.default.removeItem(at: probe)
      return Finding(name: "results", verdict: .ok, text: "\(workspace.folder.path) can be written")
    } catch let error as ResultsError {
      return Finding(name: "results", verdict: .failure, text: error.description)
    } catch {
      return Finding(
        name: "results", verdict: .failure,
        text: "\(workspace.folder.path): cannot be written: \(error.localizedDescription)")
    }
  }

  private func disk(_ workspace: Workspace) -> Finding {
    guard let free = Machine.freeBytes(at: workspace.folder) else {
      return Finding(name: "disk", verdict: .warning, text: "free space is unknown")
    }
    // A large model with two generations of checkpoints is about 1.5 GB.
    let enough = free >= 4 << 30
    return Finding(
      name: "disk", verdict: enough ? .ok : .warning,
      text: "\(Doctor.gibibytes(free)) free for results\(enough ? "" : ", which is little")")
  }

  private static func gibibytes(_ bytes: UInt64) -> String {
    String(format: "%.1f GiB", Double(bytes) / 0x1p30)
  }
}
