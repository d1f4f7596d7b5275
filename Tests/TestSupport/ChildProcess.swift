import Foundation

/// Runs tests of this very test program in a process of their own, which may be killed or starved of disk.
/// The child's tests are enabled by an environment variable, so that an ordinary run skips them.
public final class ChildProcess {
  private let process = Process()
  private let output: URL

  /// - Parameters:
  ///   - filter: a regular expression for the test to run, such as "ResultsTests.StoreChild/writer".
  ///   - environment: set on top of this process's.
  ///   - scratch: a folder for the child's output.
  public init(test filter: String, environment: [String: String], scratch: URL) throws {
    output = scratch.appendingPathComponent("child-\(UUID().uuidString).txt")
    try Data().write(to: output)
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["--testing-library", "swift-testing", "--no-parallel", "--filter", filter]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let handle = try FileHandle(forWritingTo: output)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  public var pid: Int32 { process.processIdentifier }
  public var isRunning: Bool { process.isRunning }

  /// SIGKILL, then waits for the end.
  public func kill() {
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Waits for the end; the exit status, or the signal's number negated.
  public func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }

  /// What it printed.
  public var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
}
