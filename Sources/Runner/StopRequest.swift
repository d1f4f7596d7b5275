import Foundation
import Synchronization

/// Ctrl-C and friends: the first signal asks for a clean stop, the second one ends the process at once. What was
/// saved stays good either way.
public enum StopRequest {
  /// The exit code of a run that was stopped.
  public static let exitCode: Int32 = 130
  private static let signals = Atomic<Int>(0)

  public static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }

  /// Asks for a stop from within.
  public static func request() { signals.wrappingAdd(1, ordering: .relaxed) }

  /// Listens to SIGINT, SIGTERM and SIGHUP.
  /// - Parameter supervised: as the child of a scheduler, which gets the terminal's signals itself and passes on
  ///   SIGTERM; a parent that dies closes the standard input.
  public static func listen(supervised: Bool = false) {
    // Made here, since a handler must not.
    _ = signals.load(ordering: .relaxed)
    let handler: @convention(c) (Int32) -> Void = { _ in
      if StopRequest.signals.wrappingAdd(1, ordering: .relaxed).oldValue > 0 { _exit(StopRequest.exitCode) }
    }
    signal(SIGTERM, handler)
    guard supervised else {
      signal(SIGINT, handler)
      signal(SIGHUP, handler)
      return
    }
    signal(SIGINT, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    Thread {
      var byte: UInt8 = 0
      while true {
        let count = read(0, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { break }
      }
      request()
    }.start()
  }
}
