import Foundation
import Platform

/// What keeps a night from being recorded, or a reference from being moved.
public enum RegressionError: ExitCoding, Equatable, Sendable, CustomStringConvertible, LocalizedError {
  /// A reference or a line of the history that says something impossible.
  case damaged(path: String, reason: String)
  /// There is no night that could become the reference.
  case noNight(name: String, history: String)
  /// A night, or published runs, that cannot be the reference.
  case notAcceptable(name: String, reason: String)
  /// Another process works on the same subset.
  case taken(name: String, holder: String)
  /// A folder that cannot be removed or renamed.
  case folder(path: String, reason: String)

  public var description: String {
    switch self {
    case .damaged(let path, let reason): "\(path): damaged: \(reason)"
    case .noNight(let name, let history):
      "\(name): \(history) has no night of it; 'jml regress \(name)' makes one"
    case .notAcceptable(let name, let reason): "\(name): cannot be the reference: \(reason)"
    case .taken(let name, let holder): "\(name): another process has it (\(holder))"
    case .folder(let path, let reason): "\(path): \(reason)"
    }
  }

  public var errorDescription: String? { description }

  /// As `jml` has them: 65 for what lies in files, 75 for what another process has, 1 for the rest.
  public var exitCode: Int32 {
    switch self {
    case .damaged, .notAcceptable: 65
    case .noNight, .folder: 1
    case .taken: 75
    }
  }
}
