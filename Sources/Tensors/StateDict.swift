/// Everything that one part of a training run remembers: plain tensors and whole numbers by dotted path, in the order
/// in which they were added.
///
/// Weights, running statistics, optimizer memory, moving averages, queues and discriminators all take this form, so
/// that whoever stores a run need not know what it is made of.
public struct StateDict: Sendable {
  public struct Entry: Sendable {
    /// Dotted, for instance "backbone.backbone.layer1.0.conv1.weight".
    public let path: String
    /// Plain layout.
    public let tensor: Tensor
  }

  public struct Counter: Sendable, Equatable {
    public let path: String
    public let value: Int
  }

  public private(set) var tensors: [Entry] = []
  public private(set) var counters: [Counter] = []
  private var places: [String: Int] = [:]

  public init() {}

  public init(_ tensors: some Sequence<(String, Tensor)>) {
    for (path, tensor) in tensors { add(path, tensor) }
  }

  /// - Parameter tensor: plain; shared, not copied.
  public mutating func add(_ path: String, _ tensor: Tensor) {
    precondition(tensor.layout == .plain, "StateDict: \(path) \(tensor.shape) is not in plain layout")
    precondition(!path.isEmpty && !path.contains("/"), "StateDict: '\(path)' is no dotted path")
    precondition(places[path] == nil, "StateDict: \(path) is there already")
    places[path] = tensors.count
    tensors.append(Entry(path: path, tensor: tensor))
  }

  public mutating func add(_ path: String, _ value: Int) {
    precondition(!path.isEmpty && !path.contains("/"), "StateDict: '\(path)' is no dotted path")
    precondition(counter(path) == nil, "StateDict: counter \(path) is there already")
    counters.append(Counter(path: path, value: value))
  }

  /// Adds everything of `other` below `prefix`.
  public mutating func add(_ other: StateDict, below prefix: String) {
    for entry in other.tensors { add("\(prefix).\(entry.path)", entry.tensor) }
    for counter in other.counters { add("\(prefix).\(counter.path)", counter.value) }
  }

  public subscript(path: String) -> Tensor? { places[path].map { tensors[$0].tensor } }

  public func counter(_ path: String) -> Int? { counters.first { $0.path == path }?.value }

  public var isEmpty: Bool { tensors.isEmpty && counters.isEmpty }

  /// What lies below `prefix`, with the prefix taken away.
  public func below(_ prefix: String) -> StateDict {
    let start = prefix + "."
    var part = StateDict()
    for entry in tensors where entry.path.hasPrefix(start) {
      part.add(String(entry.path.dropFirst(start.count)), entry.tensor)
    }
    for counter in counters where counter.path.hasPrefix(start) {
      part.add(String(counter.path.dropFirst(start.count)), counter.value)
    }
    return part
  }
}

/// Something whose state can be taken and put back.
public protocol Stateful: AnyObject {
  /// Copies, safe to keep while training goes on.
  var state: StateDict { get }

  /// - Throws: `StateError` when a path is missing or unknown, or has another shape; nothing is changed then.
  func restore(_ state: StateDict) throws(StateError)
}

/// Why a state does not fit.
public enum StateError: Error, Equatable, CustomStringConvertible {
  case missing([String])
  case unexpected([String])
  case mismatchedShape(path: String, found: String, expected: String)

  public var description: String {
    switch self {
    case .missing(let paths): "the state lacks \(StateError.list(paths))"
    case .unexpected(let paths): "the state holds \(StateError.list(paths)), which nothing here has"
    case .mismatchedShape(let path, let found, let expected):
      "\(path) has shape \(found), \(expected) is needed"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}

extension StateDict {
  /// Whether exactly the tensors of `targets` are here, in their shapes.
  public func check(against targets: [(path: String, shape: Shape)]) throws(StateError) {
    let missing = targets.map(\.path).filter { places[$0] == nil }
    guard missing.isEmpty else { throw .missing(missing) }
    let known = Set(targets.map(\.path))
    let unexpected = tensors.map(\.path).filter { !known.contains($0) }
    guard unexpected.isEmpty else { throw .unexpected(unexpected) }
    for (path, shape) in targets {
      guard let found = self[path]?.shape, found != shape else { continue }
      throw .mismatchedShape(path: path, found: found.description, expected: shape.description)
    }
  }

  /// The value of a counter that must be there.
  public func required(_ path: String) throws(StateError) -> Int {
    guard let value = counter(path) else { throw .missing([path]) }
    return value
  }
}
