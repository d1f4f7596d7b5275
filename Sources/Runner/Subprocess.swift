import Foundation
import Platform
import Synchronization

/// A child process whose two outputs are read line by line on threads of their own, so that a full pipe never stops
/// it, and whose standard input stays open as long as this process lives.
public final class Subprocess: Sendable {
  public enum End: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)

    /// For whoever needed it to succeed: its exit code, 1 where it has none or was not what was needed.
    public var exitCode: Int32 {
      if case .exited(let code) = self, code != 0 { return code }
      return ExitCodes.failed
    }
  }

  public let pid: pid_t
  private let input: Int32
  private let peak = Atomic<Int>(0)
  private let readers = DispatchGroup()

  /// - Parameters:
  ///   - command: program, looked up in PATH if it has no slash, and arguments.
  ///   - onOutput: called with each line of standard output, without its end.
  ///   - onError: the same for standard error.
  ///   - endsWithParent: whether a child that is this program (`endWithParent()`) ends as soon as this process does.
  /// - Throws: `RunnerError.cannotStart`.
  public init(
    _ command: [String], onOutput: @escaping @Sendable (String) -> Void,
    onError: @escaping @Sendable (String) -> Void, endsWithParent: Bool = false
  ) throws {
    // Close-on-exec, or a second child would hold the first one's pipes open.
    let (inRead, inWrite) = try Subprocess.pipe(command)
    let (outRead, outWrite) = try Subprocess.pipe(command)
    let (errRead, errWrite) = try Subprocess.pipe(command)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, inRead, 0)
    posix_spawn_file_actions_adddup2(&actions, outWrite, 1)
    posix_spawn_file_actions_adddup2(&actions, errWrite, 2)
    // The mask is inherited: a thread pool's threads block every signal, and a child of theirs could not be stopped.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var variables = Subprocess.environment(with: endsWithParent ? "\(Subprocess.watchesParent)=1" : nil)
    defer { for variable in variables { free(variable) } }
    var pid: pid_t = 0
    let status = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, &variables)
    for descriptor in [inRead, outWrite, errWrite] { close(descriptor) }
    guard status == 0 else {
      for descriptor in [inWrite, outRead, errRead] { close(descriptor) }
      let limit = status == EAGAIN ? ": the limit on processes (ulimit -u) is reached" : ""
      throw RunnerError.cannotStart(program: command[0], reason: FileFailure.reason(status) + limit)
    }
    self.pid = pid
    input = inWrite
    for (descriptor, handler) in [(outRead, onOutput), (errRead, onError)] {
      readers.enter()
      let started = BackgroundThread.start { [readers] in
        Subprocess.readLines(descriptor, handler)
        readers.leave()
      }
      guard started else {
        close(descriptor)
        readers.leave()
        end()
        throw RunnerError.noThread(program: command[0])
      }
    }
  }

  private static let watchesParent = "JML_ENDS_WITH_PARENT"

  /// This process's variables and one more.
  private static func environment(with more: String?) -> [UnsafeMutablePointer<CChar>?] {
    var variables: [UnsafeMutablePointer<CChar>?] = []
    var next = environ
    while let variable = next.pointee {
      variables.append(strdup(variable))
      next += 1
    }
    if let more { variables.append(strdup(more)) }
    return variables + [nil]
  }

  /// At the beginning of a program: where this process was started to end with its parent, it does, whatever it is doing.
  /// A parent that is gone, even killed, has closed this process's standard input.
  public static func endWithParent() {
    guard getenv(watchesParent) != nil else { return }
    // Not for its own children.
    unsetenv(watchesParent)
    _ = BackgroundThread.start {
      var byte: UInt8 = 0
      while true {
        let count = read(0, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { _exit(StopRequest.exitCode) }
      }
    }
  }

  /// Ends it at once and waits for that: for a process that nobody can listen to.
  func end() {
    send(signal: SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  deinit { close(input) }

  public func send(signal: Int32) { kill(pid, signal) }

  /// Waits until it has ended and all its lines have been handed on. To be called once.
  public func wait() -> End {
    readers.wait()
    var status: Int32 = 0
    var usage = rusage()
    while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
    peak.store(usage.ru_maxrss << 10, ordering: .relaxed)
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
  }

  /// The most memory that it has had resident, bytes; 0 before its end.
  public var peakMemoryBytes: Int { peak.load(ordering: .relaxed) }

  private static func pipe(_ command: [String]) throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Foundation.pipe(&ends) == 0 else {
      throw RunnerError.cannotStart(program: command[0], reason: FileFailure.reason(errno))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func readLines(_ descriptor: Int32, _ handler: (String) -> Void) {
    defer { close(descriptor) }
    var line: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(descriptor, &block, block.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      for byte in block[..<count] {
        if byte == UInt8(ascii: "\n") {
          handler(String(decoding: line, as: UTF8.self))
          line.removeAll(keepingCapacity: true)
        } else {
          line.append(byte)
        }
      }
    }
    if !line.isEmpty { handler(String(decoding: line, as: UTF8.self)) }
  }
}

/// Keeps the first line and the last ones that a process has said.
final class LineCollector: Sendable {
  private let lines = Mutex<[String]>([])
  private let opening = Mutex<String?>(nil)
  private let limit: Int

  init(limit: Int = 40) { self.limit = limit }

  func add(_ line: String) {
    if !line.isEmpty { opening.withLock { $0 = $0 ?? line } }
    lines.withLock { lines in
      lines.append(line)
      if lines.count > limit { lines.removeFirst() }
    }
  }

  /// The first that says something: of a crash the reason, before its backtrace.
  var first: String? { opening.withLock { $0 } }
  var last: String? { lines.withLock { $0.last { !$0.isEmpty } } }
  var all: [String] { lines.withLock { $0 } }
  var text: String { all.joined(separator: "\n") }
}
