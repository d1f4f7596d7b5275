import ArgumentParser
import Foundation
import HDF5
import Platform
import Runner
import Tensors

/// What is wrong with the values of an input file.
enum TensorFileError: ExitCoding, CustomStringConvertible {
  case missing(path: String, wanted: String)
  case ambiguous(path: String, found: String, option: String)
  case badShape(path: String, dataset: String, found: [Int], wanted: String)
  case badValue(path: String, dataset: String, value: String, index: [Int], wanted: String)
  case badResult(path: String, reason: String)

  var exitCode: Int32 { ExitCodes.badInput }

  var description: String {
    switch self {
    case .missing(let path, let wanted): return "\(path): has no \(wanted)"
    case .ambiguous(let path, let found, let option): return "\(path): has \(found); say which with \(option)"
    case .badShape(let path, let dataset, let found, let wanted):
      return "\(path): '/\(dataset)' has shape \(found), wanted \(wanted)"
    case .badValue(let path, let dataset, let value, let index, let wanted):
      return "\(path): '/\(dataset)' is \(value) at \(index), wanted \(wanted)"
    case .badResult(let path, let reason): return "\(path): \(reason)"
    }
  }
}

/// An HDF5 file of tensors that a person has made: everything is checked before it is used.
struct TensorFile {
  let path: String
  let file: HDF5File

  init(_ path: String) throws {
    self.path = path
    file = try HDF5File(reading: path)
  }

  func has(_ dataset: String) -> Bool { file.exists(dataset) }

  /// Extents, one per letter of `axes` such as "BCHW", each at least 1 and below 2^31, 2^32 values at most.
  func shape(_ dataset: String, axes: String) throws -> [Int] {
    guard has(dataset) else { throw TensorFileError.missing(path: path, wanted: "'/\(dataset)'") }
    let shape = try file.shape(dataset)
    let wanted = "[" + axes.map { String($0) }.joined(separator: ", ") + "]"
    guard shape.count == axes.count else {
      throw TensorFileError.badShape(path: path, dataset: dataset, found: shape, wanted: wanted)
    }
    var count = 1
    for extent in shape {
      guard (1..<1 << 31).contains(extent), count <= (1 << 32) / extent else {
        throw TensorFileError.badShape(
          path: path, dataset: dataset, found: shape, wanted: "\(wanted) of 1 to 2^32 values")
      }
      count *= extent
    }
    return shape
  }

  func require(_ dataset: String, _ found: [Int], equals wanted: [Int], of other: String) throws {
    guard found == wanted else {
      throw TensorFileError.badShape(
        path: path, dataset: dataset, found: found, wanted: "\(wanted) to go with '/\(other)'")
    }
  }

  /// - Parameters:
  ///   - shape: of `values`.
  ///   - first: indices that come before those of `shape` in messages.
  func check<Value>(
    _ dataset: String, _ values: [Value], _ shape: [Int], first: [Int] = [], wanted: String,
    _ isRight: (Value) -> Bool
  ) throws {
    guard let place = values.firstIndex(where: { !isRight($0) }) else { return }
    var index: [Int] = []
    var rest = place
    for extent in shape.reversed() {
      index.append(rest % extent)
      rest /= extent
    }
    throw TensorFileError.badValue(
      path: path, dataset: dataset, value: "\(values[place])", index: first + index.reversed(), wanted: wanted
    )
  }

  func checkFinite(_ dataset: String, _ values: [Float], _ shape: [Int], first: [Int] = []) throws {
    try check(dataset, values, shape, first: first, wanted: "a finite number") { $0.isFinite }
  }

  /// What rounding explains: a softmax in single precision that was masked or resized is off by some 1e-7.
  private static let rounding: Float = 1e-6

  /// Values with what rounding has carried beyond 0...1 brought back.
  ///
  /// - Parameters:
  ///   - shape: of `values`.
  ///   - first: indices that come before those of `shape` in messages.
  ///   - isMasked: whether nobody will look at a value, by its place; it is then 0, whatever it was.
  /// - Throws: `TensorFileError.badValue`.
  func probabilities(
    _ dataset: String, _ values: [Float], _ shape: [Int], first: [Int] = [],
    isMasked: (Int) -> Bool = { _ in false }
  ) throws -> [Float] {
    let seen = values.indices.map { isMasked($0) ? 0 : values[$0] }
    try check(dataset, seen, shape, first: first, wanted: "a probability, 0...1") {
      $0 >= -TensorFile.rounding && $0 <= 1 + TensorFile.rounding
    }
    return seen.map { min(max($0, 0), 1) }
  }

  /// Runs what reads and checks input; whatever it throws is the data's fault.
  static func reading<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      if OutOfMemory.reason(for: error) != nil { throw error }
      Console.error("\(error)")
      throw ExitCode(ExitCodes.badInput)
    }
  }
}

/// Which labels of an input file are left out.
struct IgnoreRule {
  /// nil: 255 and the number of classes, which is what the authors' code turns ignored labels into.
  let index: UInt8?

  func ignores(_ label: UInt8, classes: Int) -> Bool {
    if let index { return label == index }
    return label == LabelMap.ignore || Int(label) == classes
  }

  func wanted(classes: Int) -> String {
    "a class, 0...\(classes - 1), or "
      + (index.map { "the ignore index \($0)" } ?? "\(classes) or 255 for ignored pixels")
  }

  /// Labels with `LabelMap.ignore` where they are left out.
  func apply(_ labels: [UInt8], classes: Int) -> [UInt8] {
    labels.map { ignores($0, classes: classes) ? LabelMap.ignore : $0 }
  }
}
