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
  private let condition = NSCondition()
  private var messages: [Message] = []

  func post(_ message: Message) {
    condition.withLock {
      messages.append(message)
      condition.signal()
    }
  }

  /// Everything that has come, waiting for the first one at most `timeout` seconds.
  func take(timeout: Double) -> [Message] {
    condition.withLock {
      if messages.isEmpty { _ = condition.wait(until: Date(timeIntervalSinceNow: timeout)) }
      defer { messages.removeAll() }
      return messages
    }
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
    let said = (error ?? complaints.first).map { ": " + TerminalText.line($0) } ?? ""
    switch end {
    case .exited(StopRequest.exitCode), .killed(SIGTERM), .killed(SIGINT): return .interrupted
    case .exited(let code): return .failed("its process ended with exit code \(code)\(said)")
    case .killed(let signal): return .failed("its process was killed by signal \(signal)\(said)")
    }
  }

  private static let prefix = "jml: error: "

  /// Whether the process fell over its own mistake, rather than being ended by somebody.
  func hasCrashed(_ end: Subprocess.End) -> Bool {
    guard last == nil, case .killed(let signal) = end else { return false }
    return [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV].contains(signal)
  }
}
