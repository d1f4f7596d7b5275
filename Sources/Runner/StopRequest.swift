import Foundation
import Platform
import Synchronization

/// Ctrl-C and friends: the first signal asks for a clean stop, the second one ends the process at once. What was
/// saved stays good either way.
public enum StopRequest {
  /// The exit code of a run that was stopped.
  public static let exitCode: Int32 = 130
  private static let signals = Atomic<Int>(0)
  /// By a signal that may come again and never ends the process.
  private static let isAsked = Atomic<Bool>(false)

  private static let looksItself = Atomic<Bool>(false)

  public static var isRequested: Bool {
    if looksItself.load(ordering: .relaxed), inputHasEnded { request() }
    return signals.load(ordering: .relaxed) > 0 || isAsked.load(ordering: .relaxed)
  }

  private static var inputHasEnded: Bool {
    var input = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    return poll(&input, 1, 0) > 0 && input.revents & Int16(POLLHUP) != 0
  }

  /// Asks for a stop from within.
  public static func request() { signals.wrappingAdd(1, ordering: .relaxed) }

  /// How long a process that has lost its scheduler may take to end by itself: whatever it is doing, an evaluation of a
  /// large picture included, is not waited for, and what was saved stays good.
  private static let patience: UInt32 = 4

  /// Before there is anything to save, the first signal ends the process, with the exit code of a stop. `listen` comes after.
  public static func listenBeforeWork() {
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
      signal(number) { _ in _exit(StopRequest.exitCode) }
    }
  }

  /// Listens to SIGINT, SIGTERM and SIGHUP; one that was ignored when this program began, as SIGHUP is under nohup, stays
  /// ignored. SIGUSR1 asks for a clean stop too, however often it comes: a batch script that passes on the warning of its
  /// queueing system cannot know which signals its program has had from there.
  /// - Parameter supervised: as the child of a scheduler, which gets the terminal's signals itself and passes on
  ///   SIGTERM; a parent that dies closes the standard input.
  public static func listen(supervised: Bool = false) {
    // Made here, since a handler must not.
    _ = signals.load(ordering: .relaxed)
    _ = isAsked.load(ordering: .relaxed)
    signal(SIGUSR1) { _ in StopRequest.isAsked.store(true, ordering: .relaxed) }
    let handler: @convention(c) (Int32) -> Void = { _ in
      if StopRequest.signals.wrappingAdd(1, ordering: .relaxed).oldValue > 0 { _exit(StopRequest.exitCode) }
    }
    signal(SIGTERM, handler)
    guard supervised else {
      for number in [SIGINT, SIGHUP] where !isIgnored(number) { signal(number, handler) }
      return
    }
    signal(SIGINT, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    let watches = BackgroundThread.start {
      var byte: UInt8 = 0
      while true {
        let count = read(0, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      request()
      sleep(patience)
      _exit(exitCode)
    }
    // Without a thread to watch, whoever asks looks himself.
    if !watches { looksItself.store(true, ordering: .relaxed) }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    // The handler as a number: C's constants for it are no values in Swift.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
