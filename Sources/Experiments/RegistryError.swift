import Foundation

/// What can be wrong with the experiment files, an override or a stored run spec.
///
/// `file` is the path relative to the registry's root (or `--set`, or the name of a stored record), `path`
/// the dotted key path inside it, `value` the text found there, `allowed` what would have been accepted.
public enum RegistryError: Error, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  case unreadable(file: String, reason: String)
  case syntax(file: String, line: Int?, reason: String)
  case duplicateKey(file: String, line: Int, key: String)
  case unknownKey(file: String, path: String, allowed: [String])
  case missingKey(file: String, path: String)
  case wrongType(file: String, path: String, value: String, allowed: String)
  case outOfRange(file: String, path: String, value: String, allowed: String)
  /// A name that no file of the registry has.
  case brokenReference(file: String, path: String, value: String, allowed: [String])
  /// Values that are fine one by one and contradict each other.
  case inconsistent(file: String, path: String, value: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      return "\(file): cannot be read: \(reason)"
    case .syntax(let file, let line, let reason):
      return "\(file)\(line.map { ":\($0)" } ?? ""): not valid YAML: \(reason)"
    case .duplicateKey(let file, let line, let key):
      return "\(file):\(line): key '\(key)' stands twice; allowed: once"
    case .unknownKey(let file, let path, let allowed):
      return "\(file): \(path): unknown key; allowed: \(allowed.joined(separator: ", "))"
    case .missingKey(let file, let path):
      return "\(file): \(path): required key is missing"
    case .wrongType(let file, let path, let value, let allowed):
      return "\(file): \(path): got \(value); allowed: \(allowed)"
    case .outOfRange(let file, let path, let value, let allowed):
      return "\(file): \(path): \(value) is out of range; allowed: \(allowed)"
    case .brokenReference(let file, let path, let value, let allowed):
      return "\(file): \(path): there is no '\(value)'; allowed: \(allowed.joined(separator: ", "))"
    case .inconsistent(let file, let path, let value, let reason):
      return "\(file): \(path): \(value): \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
