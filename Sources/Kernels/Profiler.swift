import Synchronization

/// Seconds by kind of work, operations and bytes, for `jml bench`: where a training step goes. Off unless asked for; no result
/// depends on it.
public enum Profiler {
  private struct State {
    var isOn = false
    var seconds: [String: Double] = [:]
    var operations = 0.0
    var done: [Precision: Double] = [:]
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

  /// Adds a product; a multiply-add is two operations.
  /// - Parameters:
  ///   - multiplyAdds: of the definition, whatever the algorithm saves.
  ///   - done: by the algorithm; nil: those of the definition.
  ///   - precision: of what is done.
  ///   - numbers: of float32 that it reads and writes, each operand once, whatever the algorithm reads twice.
  static func count(
    multiplyAdds: @autoclosure () -> Int, done: @autoclosure () -> Int? = nil,
    in precision: @autoclosure () -> Precision = .float32, numbers: @autoclosure () -> Int
  ) {
    state.withLock {
      guard $0.isOn else { return }
      let defined = multiplyAdds()
      $0.operations += 2 * Double(defined)
      $0.done[precision(), default: 0] += 2 * Double(done() ?? defined)
      $0.bytes += Double(numbers() * MemoryLayout<Float>.stride)
    }
  }

  /// Seconds by kind since `set(on:)`, the largest first.
  public static var report: [(kind: String, seconds: Double)] {
    state.withLock { $0.seconds }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      ($0.key, $0.value)
    }
  }

  /// Floating-point operations since `set(on:)`, by definition.
  public static var operations: Double { state.withLock { $0.operations } }

  /// Those that were done.
  public static func done(in precision: Precision) -> Double { state.withLock { $0.done[precision] ?? 0 } }

  /// Bytes since `set(on:)`.
  public static var bytes: Double { state.withLock { $0.bytes } }
}
