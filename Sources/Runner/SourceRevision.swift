import Foundation

/// The source that this program was built from, as far as can be told.
public struct SourceRevision: Sendable {
  public let commit: String
  /// Whether tracked files differ from the commit; tables that were rendered and published since do not count.
  public let dirty: Bool

  /// Asks git about the checkout around this program; "unknown" without one.
  public static let current: SourceRevision = {
    guard let root = ProjectLocation.packageRoot?.path,
      let head = output(["git", "-C", root, "rev-parse", "HEAD"])
    else { return SourceRevision(commit: "unknown", dirty: false) }
    let changes =
      output([
        "git", "-C", root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)results",
      ]) ?? ""
    return SourceRevision(commit: head, dirty: !changes.isEmpty)
  }()

  private static func output(_ command: [String]) -> String? {
    let collected = LineCollector()
    guard let process = try? Subprocess(command, onOutput: collected.add, onError: { _ in }) else {
      return nil
    }
    guard process.wait() == .exited(0) else { return nil }
    return collected.text
  }
}
