import Foundation

/// Why a weight file cannot be used.
public enum WeightsError: Error, Equatable, CustomStringConvertible, LocalizedError {
  case unreadable(path: String, reason: String)
  /// The file breaks its format's rules.
  case malformed(path: String, reason: String)
  case unknownType(path: String, tensor: String, type: String, allowed: [String])
  case notFinite(path: String, tensor: String, index: Int, value: String)
  /// Names or shapes differ from the model's. `cause`: what that probably comes from, and what to do about it.
  case doesNotFit(path: String, model: String, cause: String?, problems: [String])
  /// No name begins with what is to be taken from the names; `names` are the file's first.
  case noSuchPrefix(path: String, prefix: String, names: [String])
  /// The file is not the one that the run was planned with.
  case otherContent(path: String, found: String, expected: String)
  case unknownEnding(path: String, allowed: [String])

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): return "\(path): cannot be read: \(reason)"
    case .malformed(let path, let reason): return "\(path): \(reason)"
    case .unknownType(let path, let tensor, let type, let allowed):
      return "\(path): tensor '\(tensor)' is of type '\(type)'; allowed: \(allowed.joined(separator: ", "))"
    case .notFinite(let path, let tensor, let index, let value):
      return "\(path): tensor '\(tensor)' holds \(value) at index \(index)"
    case .doesNotFit(let path, let model, let cause, let problems):
      return
        "\(path) does not fit \(model): \(((cause.map { [$0] } ?? []) + problems).joined(separator: "; "))"
    case .noSuchPrefix(let path, let prefix, let names):
      return
        "\(path): none of its names begins with '\(ShortList.shortened(prefix))'; they are \(ShortList.text(names)), ..."
    case .otherContent(let path, let found, let expected):
      return "\(path): its SHA-256 is \(found), the run was planned with \(expected)"
    case .unknownEnding(let path, let allowed):
      return "\(path): the name must end in \(allowed.joined(separator: " or "))"
    }
  }

  public var errorDescription: String? { description }
}
