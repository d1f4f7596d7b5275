import Foundation
import HDF5
import Tensors

/// Everything a run needs to go on from an iteration to the same bits. Random numbers need no state: they
/// are named by seed, purpose and iteration.
///
/// | object | type | shape |
/// | --- | --- | --- |
/// | `/state/<part>/<dotted path>` | float32 | the tensor's |
/// | `/counters/<part>/<dotted path>` | int64 | [1] |
/// | `/curves/...` | as in tensors.h5 | [points] |
///
/// Which parts there are is the training step's matter: `student`, `optimizer.student`, an average, a queue.
/// Attributes of `/`: `schema_version`, `run_id`, `iteration`, `wall_seconds`, and `checksum` over all of it.
public struct Checkpoint: Sendable {
  public static let schemaVersion = 2

  /// A part's name and what it holds.
  public typealias Part = (name: String, state: StateDict)

  public let runID: String
  /// Iterations done.
  public let iteration: Int
  /// Seconds spent on them, over all attempts.
  public let wallSeconds: Double
  /// Sorted by name.
  public let parts: [Part]
  public let curves: Curves

  public init(runID: String, iteration: Int, wallSeconds: Double, parts: [Part], curves: Curves) {
    precondition(
      parts.allSatisfy { !$0.name.isEmpty && !$0.name.contains("/") },
      "Checkpoint: part names \(parts.map(\.name)) cannot all name groups")
    self.runID = runID
    self.iteration = iteration
    self.wallSeconds = wallSeconds
    self.parts = parts.sorted { $0.name < $1.name }
    self.curves = curves
  }

  /// The file's bytes. Throws `HDF5Error`.
  public func image(name: String = "checkpoint.h5") throws -> Data {
    let bytes = parts.reduce(0) { sum, part in
      part.state.tensors.reduce(sum) { $0 + 4 * $1.tensor.shape.count }
    }
    let writer = try HDF5Writer(name: name, expecting: bytes)
    try writer.write(attribute: Checkpoint.schemaVersion, named: "schema_version")
    try writer.write(attribute: runID, named: "run_id")
    try writer.write(attribute: iteration, named: "iteration")
    try writer.write(attribute: wallSeconds, named: "wall_seconds")
    try writer.write(attribute: checksum, named: "checksum")
    try writer.makeGroup("state")
    try writer.makeGroup("counters")
    for part in parts {
      try writer.write(part.state.tensors.map(NamedTensor.init), group: "state/\(part.name)")
      try writer.makeGroup("counters/\(part.name)")
      for counter in part.state.counters {
        try writer.write(
          int64s: [Int64(counter.value)], shape: [1], at: "counters/\(part.name)/\(counter.path)")
      }
    }
    try writer.write(curves)
    return try writer.image()
  }

  /// Reads and verifies. Throws `HDF5Error`, or `ResultsError.damaged` if the checksum or the run is another.
  public init(reading url: URL, runID: String) throws {
    try self.init(try HDF5File(reading: url.path), runID: runID)
  }

  /// The same from the bytes that `image` gave. `name` is for messages.
  public init(image: Data, name: String, runID: String) throws {
    try self.init(try HDF5File(image: image, name: name), runID: runID)
  }

  private init(_ file: HDF5File, runID: String) throws {
    let version = try file.attribute(int: "schema_version")
    guard version == Checkpoint.schemaVersion else {
      throw ResultsError.unsupportedSchema(
        path: file.path, found: version, supported: Checkpoint.schemaVersion)
    }
    let found = try file.attribute(string: "run_id")
    guard found == runID else {
      throw ResultsError.damaged(path: file.path, reason: "it belongs to run \(found), not to \(runID)")
    }
    let parts = try file.names(in: "state").map { name -> Part in
      var state = StateDict(try file.tensors(group: "state/\(name)").map { ($0.name, $0.tensor) })
      for path in try file.names(in: "counters/\(name)") {
        let values = try file.int64s("counters/\(name)/\(path)")
        guard values.count == 1 else {
          throw ResultsError.damaged(path: file.path, reason: "/counters/\(name)/\(path) is no single number")
        }
        state.add(path, Int(values[0]))
      }
      return (name, state)
    }
    self.init(
      runID: runID, iteration: try file.attribute(int: "iteration"),
      wallSeconds: try file.attribute(double: "wall_seconds"), parts: parts, curves: try file.curves())
    let stored = try file.attribute(string: "checksum")
    guard stored == checksum else {
      throw ResultsError.damaged(path: file.path, reason: "checksum \(checksum), stored \(stored)")
    }
  }

  /// Over names, shapes, values, curves and counters, whatever their order; 16 hexadecimal digits.
  public var checksum: String {
    var sum = Checksum()
    sum.add(runID)
    sum.add(UInt64(bitPattern: Int64(iteration)))
    sum.add(wallSeconds.bitPattern)
    for part in parts {
      sum.add(part.name)
      sum.add(UInt64(part.state.tensors.count))
      for entry in part.state.tensors.sorted(by: { $0.path < $1.path }) { sum.add(NamedTensor(entry)) }
      sum.add(UInt64(part.state.counters.count))
      for counter in part.state.counters.sorted(by: { $0.path < $1.path }) {
        sum.add(counter.path)
        sum.add(UInt64(bitPattern: Int64(counter.value)))
      }
    }
    curves.iteration.withUnsafeBytes { sum.add($0) }
    curves.loss.withUnsafeBytes { sum.add($0) }
    curves.learningRate.withUnsafeBytes { sum.add($0) }
    return sum.text
  }
}
