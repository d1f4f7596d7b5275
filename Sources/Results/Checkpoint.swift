import Foundation
import HDF5
import Tensors

/// Everything a run needs to go on from an iteration to the same bits. Random numbers need no state: they
/// are named by seed, purpose and iteration.
///
/// The file holds `/weights`, `/buffers`, `/momentum` (flat groups by dotted name; AdamW's exp_avg is its momentum, and
/// its exp_avg_sq is `/second_moment`, which other optimizers' files lack) and `/curves`, with a checksum over all of it as an attribute.
public struct Checkpoint: Sendable {
  public static let schemaVersion = 1

  public let runID: String
  /// Iterations done.
  public let iteration: Int
  /// Seconds spent on them, over all attempts.
  public let wallSeconds: Double
  public let weights: [NamedTensor]
  public let buffers: [NamedTensor]
  public let momentum: [NamedTensor]
  /// Empty for optimizers without.
  public let secondMoment: [NamedTensor]
  public let curves: Curves

  /// The tensors are kept sorted by name.
  public init(
    runID: String, iteration: Int, wallSeconds: Double, weights: [NamedTensor], buffers: [NamedTensor],
    momentum: [NamedTensor], secondMoment: [NamedTensor] = [], curves: Curves
  ) {
    self.runID = runID
    self.iteration = iteration
    self.wallSeconds = wallSeconds
    self.weights = weights.sorted { $0.name < $1.name }
    self.buffers = buffers.sorted { $0.name < $1.name }
    self.momentum = momentum.sorted { $0.name < $1.name }
    self.secondMoment = secondMoment.sorted { $0.name < $1.name }
    self.curves = curves
  }

  /// The file's bytes. Throws `HDF5Error`.
  public func image(name: String = "checkpoint.h5") throws -> Data {
    let writer = try HDF5Writer(name: name)
    try writer.write(attribute: Checkpoint.schemaVersion, named: "schema_version")
    try writer.write(attribute: runID, named: "run_id")
    try writer.write(attribute: iteration, named: "iteration")
    try writer.write(attribute: wallSeconds, named: "wall_seconds")
    try writer.write(attribute: checksum, named: "checksum")
    try writer.write(weights, group: "weights")
    try writer.write(buffers, group: "buffers")
    try writer.write(momentum, group: "momentum")
    if !secondMoment.isEmpty { try writer.write(secondMoment, group: "second_moment") }
    try writer.write(curves)
    return try writer.image()
  }

  /// Reads and verifies. Throws `HDF5Error`, or `ResultsError.damaged` if the checksum or the run is another.
  public init(reading url: URL, runID: String) throws {
    let file = try HDF5File(reading: url.path)
    let version = try file.attribute(int: "schema_version")
    guard version == Checkpoint.schemaVersion else {
      throw ResultsError.unsupportedSchema(
        path: url.path, found: version, supported: Checkpoint.schemaVersion)
    }
    let found = try file.attribute(string: "run_id")
    guard found == runID else {
      throw ResultsError.damaged(path: url.path, reason: "it belongs to run \(found), not to \(runID)")
    }
    self.init(
      runID: runID, iteration: try file.attribute(int: "iteration"),
      wallSeconds: try file.attribute(double: "wall_seconds"), weights: try file.tensors(group: "weights"),
      buffers: try file.tensors(group: "buffers"), momentum: try file.tensors(group: "momentum"),
      secondMoment: file.exists("second_moment") ? try file.tensors(group: "second_moment") : [],
      curves: try file.curves())
    let stored = try file.attribute(string: "checksum")
    guard stored == checksum else {
      throw ResultsError.damaged(path: url.path, reason: "checksum \(checksum), stored \(stored)")
    }
  }

  /// Over names, shapes, values, curves and counters; 16 hexadecimal digits.
  public var checksum: String {
    var sum = Checksum()
    sum.add(runID)
    sum.add(UInt64(bitPattern: Int64(iteration)))
    sum.add(wallSeconds.bitPattern)
    for group in [weights, buffers, momentum] + (secondMoment.isEmpty ? [] : [secondMoment]) {
      sum.add(UInt64(group.count))
      for entry in group { sum.add(entry) }
    }
    curves.iteration.withUnsafeBytes { sum.add($0) }
    curves.loss.withUnsafeBytes { sum.add($0) }
    curves.learningRate.withUnsafeBytes { sum.add($0) }
    return sum.text
  }
}

/// A 64-bit checksum over 8-byte words. It finds damage; it is no protection against forgery.
struct Checksum {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    let mixed = state ^ word
    // The rotation spreads changes of high bits, which a multiplication alone would leave there.
    state = ((mixed << 29) | (mixed >> 35)) &* 0x9E37_79B9_7F4A_7C15
  }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    var offset = 0
    while offset + 8 <= bytes.count {
      add(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var tail: UInt64 = 0
    for byte in bytes[offset...] { tail = tail << 8 | UInt64(byte) }
    add(tail)
  }

  /// Name, shape and values.
  mutating func add(_ entry: NamedTensor) {
    add(entry.name)
    add(entry.tensor.shape.description)
    withExtendedLifetime(entry) {
      add(UnsafeRawBufferPointer(start: entry.tensor.pointer, count: 4 * entry.tensor.shape.count))
    }
  }

  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  var text: String {
    let digits = String(RandomSource.mix(state), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
