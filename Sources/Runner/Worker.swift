import Experiments
import Foundation
import Platform

/// What the threads that watch processes tell the scheduler's thread.
final class Mailbox: @unchecked Sendable {
  enum Message: Sendable {
    case event(RunID, RunEvent)
    case ended(RunID, Subprocess.End)
  }

  /// Guards `messages`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var messages: [Message] = []

  /// Waits by the clock that nobody sets: by the other one a wait would take until that has come so far again.
  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(arrival, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(arrival)
    pthread_mutex_destroy(mutex)
    arrival.deallocate()
    mutex.deallocate()
  }

  func post(_ message: Message) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    messages.append(message)
    pthread_cond_signal(arrival)
  }

  /// Everything that has come, waiting for the first one at most `timeout` seconds.
  func take(timeout: Double) -> [Message] {
    var end = timespec()
    clock_gettime(CLOCK_MONOTONIC, &end)
    let nanoseconds = end.tv_nsec + Int(timeout * 1e9)
    end = timespec(tv_sec: end.tv_sec + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if messages.isEmpty { pthread_cond_timedwait(arrival, mutex, &end) }
    defer { messages.removeAll() }
    return messages
  }
}

/// The process that trains one run. Used on the scheduler's thread.
final class Worker {
  private let id: RunID
  private let process: Subprocess
  private let complaints = LineCollector()
  private var last: RunEnd?
  /// Iterations done, as far as it has said.
  private(set) var iteration = 0
  /// Of the control group, when the process began.
  private let memoryKills = ControlGroup.current.memoryKills

  /// - Throws: `RunnerError.cannotStart`.
  init(_ id: RunID, command: [String], mailbox: Mailbox) throws {
    self.id = id
    let process = try Subprocess(
      command,
      onOutput: { line in if let event = RunEvent(line: line) { mailbox.post(.event(id, event)) } },
      onError: complaints.add)
    self.process = process
    guard BackgroundThread.start({ mailbox.post(.ended(id, process.wait())) }) else {
      process.end()
      throw RunnerError.noThread(program: command[0])
    }
  }

  func note(_ event: RunEvent) {
    switch event {
    case .started(let iteration, _), .step(let iteration, _, _, _, _): self.iteration = iteration
    case .done: last = .done
    case .failed(let reason): last = .failed(reason)
    case .diverged(let reason): last = .diverged(reason)
    case .interrupted: last = .interrupted
    case .taken(let holder): last = .taken(holder)
    case .evaluating, .notice: break
    }
  }

  /// Asks for a checkpoint and the end.
  func stop() { process.send(signal: SIGTERM) }

  /// What has become of the run.
  func end(_ end: Subprocess.End) -> RunEnd {
    if let last { return last }
    let error = complaints.all.last { $0.hasPrefix(Worker.prefix) }.map {
      String($0.dropFirst(Worker.prefix.count))
    }
    if hasNoMemory(end) { return .failed(memoryReason(end, said: error)) }
    let said = (error ?? complaints.first).map { ": " + TerminalText.line($0) } ?? ""
    switch end {
    case .exited(StopRequest.exitCode), .killed(SIGTERM), .killed(SIGINT): return .interrupted
    case .exited(let code): return .failed("its process ended with exit code \(code)\(said)")
    case .killed(let signal): return .failed("its process was killed by signal \(signal)\(said)")
    }
  }

  private static let prefix = "jml: error: "

  /// Whether it ended for want of memory: it has said so, or the kernel has killed it, which leaves it no word.
  private func hasNoMemory(_ end: Subprocess.End) -> Bool {
    switch end {
    case .exited(OutOfMemory.exitCode):
      return complaints.all.contains { $0.hasPrefix(Worker.prefix + OutOfMemory.prefix) }
    case .killed(SIGKILL):
      if let before = memoryKills, let now = ControlGroup.current.memoryKills, now > before { return true }
      // Somebody else's kill says nothing of why. Whoever had most of the memory was chosen for that.
      return UInt64(process.peakMemoryBytes) > MemoryLimits.current.resident / 2
    default: return false
    }
  }

  private func memoryReason(_ end: Subprocess.End, said: String?) -> String {
    if case .exited = end, let said { return TerminalText.line(said) }
    return OutOfMemory.prefix
      + "its process was killed by the system (signal \(SIGKILL)) after it had \(process.peakMemoryBytes >> 20) MiB in use; "
      + "there is: \(MemoryLimits.current)"
  }

  /// Whether the process fell over its own mistake or its need of memory, rather than being ended by somebody.
  func hasCrashed(_ end: Subprocess.End) -> Bool {
    if last == nil, hasNoMemory(end) { return true }
    guard last == nil, case .killed(let signal) = end else { return false }
    return [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV].contains(signal)
  }
}
