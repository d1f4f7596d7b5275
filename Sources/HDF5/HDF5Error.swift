import Foundation

/// What can go wrong with a file that the world gave us. Objects are named by their path inside the file;
/// an attribute is named `object@attribute`.
public enum HDF5Error: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// The file cannot be read from disk.
  case unreadable(path: String, reason: String)
  /// The bytes are not a (whole) HDF5 file.
  case notHDF5(path: String, reason: String)
  case missing(path: String, object: String)
  case wrongType(path: String, object: String, wanted: String, found: String)
  case wrongShape(path: String, object: String, wanted: String, found: [Int])
  /// An object that points out of the file, or in a circle: nothing of it is read.
  case elsewhere(path: String, object: String, what: String)
  /// A shape, of an object or of its chunks, that promises far more than the file holds; for texts, their number.
  case unstored(path: String, object: String, shape: [Int], stored: Int)
  /// The library refused an operation.
  case failed(path: String, object: String, operation: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .notHDF5(let path, let reason): "\(path): not a readable HDF5 file: \(reason)"
    case .missing(let path, let object): "\(path): has no '\(object)'"
    case .wrongType(let path, let object, let wanted, let found):
      "\(path): '\(object)' holds \(found), wanted \(wanted)"
    case .wrongShape(let path, let object, let wanted, let found):
      "\(path): '\(object)' has shape \(found), wanted \(wanted)"
    case .elsewhere(let path, let object, let what):
      "\(path): '\(object)' is \(what); only what lies in the file itself is read"
    case .unstored(let path, let object, let shape, let stored):
      "\(path): '\(object)' has shape \(shape), and the file holds \(stored) bytes of it"
    case .failed(let path, let object, let operation, let reason):
      "\(path): \(operation) of '\(object)' failed: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
