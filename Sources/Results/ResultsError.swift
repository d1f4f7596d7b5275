import Foundation
import Platform

/// What can go wrong between a run and its folder.
public enum ResultsError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// The operating system refused; `code` is its errno.
  case fileSystem(path: String, operation: String, code: Int32)
  /// Something else than a regular file or a folder, where one was to be read or replaced.
  case wrongKind(path: String, reason: String)
  /// A JSON file that is damaged or lacks something.
  case unreadableJSON(path: String, reason: String)
  /// A value that JSON cannot hold, such as NaN.
  case unwritableJSON(path: String, reason: String)
  case unsupportedSchema(path: String, found: Int, supported: Int)
  case badRunID(String)
  /// Another process has taken a run over, since this one gave no sign of life for too long.
  case lostClaim(path: String, reason: String)
  /// A stored file whose content contradicts itself or belongs to another run.
  case damaged(path: String, reason: String)

  public var description: String {
    switch self {
    case .fileSystem(let path, let operation, let code):
      "\(path): \(operation) failed: \(FileFailure.reason(code)) (errno \(code))"
    case .wrongKind(let path, let reason): "\(path): \(reason)"
    case .unreadableJSON(let path, let reason): "\(path): not readable: \(reason)"
    case .unwritableJSON(let path, let reason): "\(path): cannot be written as JSON: \(reason)"
    case .unsupportedSchema(let path, let found, let supported):
      "\(path): schema version \(found), this program reads \(supported): another version of jml wrote it; move its "
        + "run's folder away, or train the run again"
    case .badRunID(let id):
      "run id '\(id)': letters, digits, '-', '_' and '.' are allowed, and no leading '.'"
    case .lostClaim(let path, let reason):
      "\(path): the run is no longer this process's: \(reason); nothing more is written, and the same command goes on"
    case .damaged(let path, let reason): "\(path): damaged: \(reason)"
    }
  }

  /// Whether the content of a file is wrong, rather than the way to it.
  public var isDamage: Bool {
    switch self {
    case .unreadableJSON, .unsupportedSchema, .damaged: true
    case .fileSystem, .wrongKind, .unwritableJSON, .badRunID, .lostClaim: false
    }
  }

  public var errorDescription: String? { description }
}
