import Foundation

/// How a process has ended.
enum End: Equatable, CustomStringConvertible {
  case exited(Int32)
  case killed(Int32)

  var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .killed(let signal): "signal \(signal)"
    }
  }
}

/// What a process writes, read on a thread of its own. A pipe and no file, since a limit on file sizes would count for it.
private final class Reader: @unchecked Sendable {
  /// Guards `bytes`.
  private let lock = NSLock()
  private var bytes = Data()
  private let end = DispatchSemaphore(value: 0)

  init(_ descriptor: Int32) {
    Thread { [self] in
      var block = [UInt8](repeating: 0, count: 1 << 14)
      while true {
        let count = read(descriptor, &block, block.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        lock.withLock { bytes.append(contentsOf: block[..<count]) }
      }
      close(descriptor)
      end.signal()
    }.start()
  }

  /// Until everything has come, at most a second: a process that lives on may hold the other end.
  func finish() {
    if end.wait(timeout: .now() + 1) == .success { end.signal() }
  }

  var text: String { lock.withLock { String(decoding: bytes, as: UTF8.self) } }
}

/// A command in a process group of its own, as a shell with job control would start it.
final class Child {
  let pid: pid_t
  private let outReader: Reader
  private let errReader: Reader
  private var ended: End?

  /// - Parameters:
  ///   - command: an absolute path and arguments.
  ///   - limits: for the shell's `ulimit`, such as `-f 256`.
  /// - Throws: `CampaignError.cannotStart`.
  init(
    _ command: [String], in folder: String, environment: [String: String], limits: [String] = []
  ) throws {
    let script =
      "cd \"$1\" && shift && " + (["-c 0"] + limits).map { "ulimit \($0) && " }.joined() + "exec \"$@\""
    let arguments = ["/bin/bash", "-c", script, "bash", folder] + command
    var (out, err): ([Int32], [Int32]) = ([0, 0], [0, 0])
    guard pipe(&out) == 0, pipe(&err) == 0 else { throw CampaignError.cannotStart(command[0], errno) }
    for end in out + err { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, out[1], 1)
    posix_spawn_file_actions_adddup2(&actions, err[1], 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, defaults) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigemptyset(&defaults)
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] { texts.map { strdup($0) } + [nil] }
    var (argv, envp) = (strings(arguments), strings(environment.map { "\($0.key)=\($0.value)" }))
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, arguments[0], &actions, &attributes, &argv, &envp)
    close(out[1])
    close(err[1])
    guard status == 0 else {
      close(out[0])
      close(err[0])
      throw CampaignError.cannotStart(command[0], status)
    }
    self.pid = pid
    (outReader, errReader) = (Reader(out[0]), Reader(err[0]))
  }

  var out: String { outReader.text }
  var err: String { errReader.text }

  func send(_ signal: Int32) { if ended == nil { kill(pid, signal) } }

  /// To every process that it has started as well.
  func sendToGroup(_ signal: Int32) { kill(-pid, signal) }

  /// How it has ended; nil while it runs.
  func poll() -> End? {
    if ended == nil {
      var status: Int32 = 0
      if waitpid(pid, &status, WNOHANG) == pid {
        let signal = status & 0x7F
        ended = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
        outReader.finish()
        errReader.finish()
      }
    }
    return ended
  }

  /// nil if it still runs after these seconds.
  func wait(_ seconds: Double) -> End? {
    let clock = Stopwatch()
    while clock.seconds < seconds {
      if let end = poll() { return end }
      usleep(1000)
    }
    return poll()
  }
}

struct Stopwatch {
  private let begin = ContinuousClock.now
  var seconds: Double {
    let spent = begin.duration(to: .now).components
    return Double(spent.seconds) + Double(spent.attoseconds) * 1e-18
  }
}

enum CampaignError: Error, CustomStringConvertible {
  case cannotStart(String, Int32)
  case usage(String)
  /// The undisturbed grid did not end well: nothing to compare with.
  case noReference(String)
  case fileSystem(String)

  var description: String {
    switch self {
    case .cannotStart(let program, let code): "\(program): cannot start: \(String(cString: strerror(code)))"
    case .usage(let text): text
    case .noReference(let text): "the undisturbed grid failed: \(text)"
    case .fileSystem(let text): text
    }
  }
}
