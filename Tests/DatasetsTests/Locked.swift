import Synchronization

/// A list that several threads append to.
final class Locked<Value: Sendable>: Sendable {
  private let state: Mutex<[Value]>

  init(_ values: [Value]) { state = Mutex(values) }

  func append(_ value: Value) { state.withLock { $0.append(value) } }

  var values: [Value] { state.withLock { $0 } }
}
