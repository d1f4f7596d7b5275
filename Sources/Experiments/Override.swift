import JSON
import Schemas

/// One changed value: a dotted key of a run spec, such as `recipe.optimizer.learning_rate=0.02`. It passes the same
/// checks as the value in the file, and is part of the run's id.
public struct Override: Equatable, Sendable, CustomStringConvertible {
  /// Section and key, such as `loss.smooth`.
  public let key: String
  /// Names the origin in errors.
  public let source: String
  private let value: ConfigNode
  private let text: String

  init(key: String, value: ConfigNode, source: String) {
    self.key = key
    self.value = value
    self.source = source
    text = Override.text(value)
  }

  /// - Parameter argument: `key=value`; the value is a YAML scalar or a list such as `[12, 24, 36]`.
  /// - Throws: `RegistryError` when there is no `=` or the value is not YAML.
  public init(_ argument: String) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw RegistryError.wrongType(
        file: "--set", path: "(argument)", value: "'\(argument)'",
        allowed: "key=value, such as recipe.schedule.power=0.9")
    }
    let value = try ConfigNode(yaml: String(parts[1]), file: "--set \(parts[0])")
    self.init(key: String(parts[0]), value: value, source: "--set")
  }

  /// `key=value`, which `init(_:)` reads back.
  public var description: String { "\(key)=\(text)" }

  var isNull: Bool { value.isNull }

  /// The value alone, as `description` has it.
  public var valueText: String { text }

  /// Changes what of `overrides` the run has a key for.
  ///
  /// Values that only fit together may be given one after another: what does not fit yet is judged after the last one.
  /// - Returns: the changed spec, and the keys that were found.
  /// - Throws: `RegistryError` when a value is of the wrong type or out of range, or when they do not fit together.
  static func apply(
    _ overrides: [Override], to spec: RunSpec, methods: MethodCatalogue
  ) throws -> (spec: RunSpec, used: [String]) {
    var spec = spec
    var tree = ConfigNode(spec.overridableJSON)
    var used: [String] = []
    var unfit: RegistryError?
    for override in overrides where spec.overridableKeys.contains(override.key) {
      let path = override.key.split(separator: ".").map(String.init)
      guard let changed = tree.replacing(path[...], with: override.value) else { continue }
      used.append(override.key)
      do {
        spec = try RunSpec(StrictReader(changed, file: override.source), methods: methods)
        tree = ConfigNode(spec.overridableJSON)
        unfit = nil
      } catch let error as RegistryError {
        guard case .inconsistent = error else { throw error }
        tree = changed
        unfit = error
      }
    }
    if let unfit { throw unfit }
    spec.useCurrentNumerics()
    return (spec, used)
  }

  private static func text(_ node: ConfigNode) -> String {
    switch node {
    case .scalar(let text, let quoted): return quoted ? JSONValue.string(text).canonical : text
    case .sequence(let items): return "[" + items.map { Override.text($0) }.joined(separator: ", ") + "]"
    case .mapping(let pairs):
      return "{" + pairs.map { "\($0.key): \(Override.text($0.node))" }.joined(separator: ", ") + "}"
    }
  }
}
