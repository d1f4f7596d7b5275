import Synchronization

/// Seconds by kind of work, operations and bytes, for `jml bench`: where a training step goes. Off unless asked for; numbers
/// never depend on it.
public enum Profiler {
  private struct State {
    var isOn = false
    var seconds: [String: Double] = [:]
    var operations = 0.0
    var bytes = 0.0
  }

  private static let state = Mutex(State())

  /// Starts counting from zero, or stops.
  public static func set(on: Bool) { state.withLock { $0 = State(isOn: on) } }

  /// Runs `body` and adds its wall time to `kind`. Where one measurement lies within another, its time counts in both.
  public static func measure<Result, Failure: Error>(
    _ kind: @autoclosure () -> String, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard state.withLock({ $0.isOn }) else { return try body() }
    let start = ContinuousClock.now
    let result = try body()
    let elapsed = start.duration(to: .now).components
    let name = kind()
    state.withLock {
      $0.seconds[name, default: 0] += Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
    return result
  }

  /// Adds floating-point operations: those of the definition, whatever the algorithm saves. And bytes: each operand once,
  /// whatever the algorithm reads twice.
  public static func count(operations: @autoclosure () -> Double, bytes: @autoclosure () -> Double) {
    state.withLock {
      guard $0.isOn else { return }
      $0.operations += operations()
      $0.bytes += bytes()
    }
  }

  /// Adds a product with `multiplyAdds` multiply-adds, which are two operations each, and its operands.
  /// - Parameter numbers: of float32 that it reads and writes.
  static func count(multiplyAdds: @autoclosure () -> Int, numbers: @autoclosure () -> Int) {
    count(
      operations: 2 * Double(multiplyAdds()), bytes: Double(numbers() * MemoryLayout<Float>.stride))
  }

  /// Seconds by kind since `set(on:)`, the largest first.
  public static var report: [(kind: String, seconds: Double)] {
    state.withLock { $0.seconds }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      ($0.key, $0.value)
    }
  }

  /// Floating-point operations since `set(on:)`.
  public static var operations: Double { state.withLock { $0.operations } }

  /// Bytes since `set(on:)`.
  public static var bytes: Double { state.withLock { $0.bytes } }
}
