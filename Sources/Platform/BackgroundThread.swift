import Foundation
import Synchronization

/// Threads beside the calling one, for work that may as well be done by it.
///
/// `Foundation.Thread.start()` says nothing where the system has no thread left (a limit on processes in a container or a
/// queue), and whoever waits for its work waits for ever. This one says so.
public enum BackgroundThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// As much as Foundation's threads have, bytes.
  private static let stack = 1 << 20

  /// Starts a thread that runs `body` once.
  /// - Returns: whether there is one; without, `body` is not run.
  public static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stack)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard status == 0 else {
      work.release()
      return false
    }
    return true
  }

  /// Runs `body` on up to `count` threads at once and waits for all of them. Where no thread can be started the calling
  /// one works: `body` is run at least once.
  public static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    let group = DispatchGroup()
    for _ in 1..<max(count, 1) {
      group.enter()
      let started = start {
        body()
        group.leave()
      }
      if !started { group.leave() }
    }
    body()
    group.wait()
  }

  /// Runs `body` once for each of 0..<count, on up to `threads` threads at once, and waits for all; lower indices begin
  /// earlier. Where no thread can be started the calling one does all of it.
  public static func forEach(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void
  ) {
    let next = Atomic<Int>(0)
    run(min(threads, count)) {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body(index)
      }
    }
  }
}
