import Foundation

/// Names of files and folders that are written aside, to be renamed when they are whole. They tell who writes them, so that
/// what a killed process has left can be told from what is being written.
public enum AsideName {
  public static let suffix = ".partial"

  /// `<name>.<host>.<process>.<number>.partial`
  /// - Parameter number: another one for each that this process makes of a name.
  public static func make(_ name: String, number: Int) -> String {
    "\(name).\(ProcessIdentity.hostName).\(getpid()).\(number)\(suffix)"
  }

  /// Whether a name is one that a process of this host has made which is not alive any more. Of other hosts nothing is known.
  public static func isLeftOver(_ name: String) -> Bool {
    guard name.hasSuffix(suffix) else { return false }
    let parts = name.dropLast(suffix.count).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 3, Int(parts[parts.count - 1]) != nil, let process = pid_t(parts[parts.count - 2]),
      process > 0, parts.dropLast(2).joined(separator: ".").hasSuffix(".\(ProcessIdentity.hostName)")
    else { return false }
    return ProcessIdentity.hasEnded(process)
  }
}
