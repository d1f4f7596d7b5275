import Foundation
import HDF5
import JSON
import Metrics
import Results
import Tensors

extension Target {
  /// checkpoint.h5 and tensors.h5 with any names, shapes, types and numbers in the places where a run has its own: whole
  /// HDF5 files, so that what is tried is who reads them.
  static let checkpoint = Target(
    name: "checkpoint", longest: 512, memory: 64 << 20, seconds: 4, seeds: { _ in Checkpoints.seeds() }
  ) { bytes in
    var values = Values(bytes)
    // The last takes ten times what each of the others does.
    switch values.below(8) {
    case 0, 1, 2: Checkpoints.roundTrip(&values)
    case 3, 4, 5: Checkpoints.hostile(&values)
    default: Checkpoints.tensors(&values)
    }
  }
}

private enum Checkpoints {
  static let file = Scratch.folder.appendingPathComponent("state.h5")
  private static let path = file.path
  static let runID = "run"

  static func seeds() -> [(name: String, bytes: [UInt8])] {
    (0..<48).map { index -> (name: String, bytes: [UInt8]) in
      var bytes = [[0, 3, 6][index % 3] as UInt8]
      for place in 5..<85 { bytes.append(UInt8(truncatingIfNeeded: place * (place + index) * 13 + index)) }
      return ("\(index)", bytes)
    }
  }

  /// nil where the file is refused.
  private static func attempt<Value>(_ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch let error as HDF5Error {
      Broken.unless(!error.description.isEmpty, "an error without words")
      return nil
    } catch {
      Broken.unlessTyped(error, ResultsError.self)
      return nil
    }
  }

  /// nil where there can be no such file.
  private static func write(_ body: (HDF5Writer) throws -> Void) -> Bool {
    do {
      let writer = try HDF5Writer(name: "made", expecting: 0)
      try body(writer)
      Scratch.write([UInt8](try writer.image()), to: path)
      return true
    } catch {
      return false
    }
  }

  private static func name(_ values: inout Values) -> String {
    let known = [
      "a", "a.b", "e\u{301}", "\u{E9}", "last", "best", "tp", ".", "mean-teacher", " ", "\u{1B}[2J",
    ]
    let index = values.below(known.count + 4)
    return index < known.count ? known[index] : values.text(12)
  }

  private static func tensor(_ values: inout Values) -> Tensor {
    let shape = Shape((0..<values.below(4)).map { _ in values.below(4) })
    return Tensor((0..<shape.count).map { _ in Float(values.double()) }, shape: shape)
  }

  /// What a run saves comes back, whatever numbers it holds.
  static func roundTrip(_ values: inout Values) {
    let parts = (0..<values.below(4)).map { index -> Checkpoint.Part in
      var state = StateDict()
      for item in 0..<values.below(4) { state.add("t\(item)", tensor(&values)) }
      for item in 0..<values.below(3) { state.add("c\(item)", Int(values.integer())) }
      return ("part\(index)", state)
    }
    let points = values.below(4)
    let saved = Checkpoint(
      runID: runID, iteration: Int(values.integer()), wallSeconds: values.double(), parts: parts,
      curves: Curves(
        iteration: (0..<points).map { _ in Int(values.integer()) },
        loss: (0..<points).map { _ in values.double() },
        learningRate: (0..<points).map { _ in values.double() }))
    guard let image = attempt({ try saved.image() }) else {
      Broken.stop("a checkpoint is not written")
    }
    Scratch.write([UInt8](image), to: path)
    let read = attempt { try Checkpoint(reading: file, runID: runID) }
    Broken.unless(read?.checksum == saved.checksum, "a checkpoint comes back as another one")
    Broken.unless(
      attempt { try Checkpoint(reading: file, runID: "other") } == nil, "another run's checkpoint is taken")
  }

  /// A file in the form of a checkpoint.
  static func hostile(_ values: inout Values) {
    let isWritten = write { writer in
      try writer.write(attribute: Checkpoint.schemaVersion, named: "schema_version")
      try writer.write(attribute: runID, named: "run_id")
      try writer.write(attribute: Int(values.integer()), named: "iteration")
      try writer.write(attribute: values.double(), named: "wall_seconds")
      try writer.write(attribute: values.text(16), named: "checksum")
      try writer.makeGroup("state")
      try writer.makeGroup("counters")
      for _ in 0..<values.below(4) {
        let part = name(&values)
        try writer.makeGroup("state/\(part)")
        try writer.makeGroup("counters/\(part)")
        for _ in 0..<values.below(4) { try write(&values, to: writer, in: "state/\(part)") }
        for _ in 0..<values.below(3) { try write(&values, to: writer, in: "counters/\(part)") }
      }
      let points = values.below(3)
      try writer.write(
        int64s: (0..<points).map { _ in values.integer() }, shape: [points], at: "curves/iteration")
      for curve in ["loss", "learning_rate"] {
        let points = values.flag() ? points : values.below(3)
        try writer.write(
          doubles: (0..<points).map { _ in values.double() }, shape: [points], at: "curves/\(curve)")
      }
    }
    guard isWritten else { return }
    _ = attempt { try Checkpoint(reading: file, runID: runID) }
  }

  /// A dataset of any type.
  private static func write(_ values: inout Values, to writer: HDF5Writer, in group: String) throws {
    let path = "\(group)/\(name(&values))"
    let shape = (0..<values.below(3)).map { _ in values.below(4) }
    let count = shape.reduce(1, *)
    switch values.below(5) {
    case 0: try writer.write(int64s: (0..<count).map { _ in values.integer() }, shape: shape, at: path)
    case 1: try writer.write(strings: (0..<count).map { _ in values.text(3) }, at: path)
    case 2: try writer.write(doubles: (0..<count).map { _ in values.double() }, shape: shape, at: path)
    case 3: try writer.makeGroup(path)
    default: try writer.write(floats: (0..<count).map { _ in Float(values.double()) }, shape: shape, at: path)
    }
  }

  /// A file in the form of tensors.h5: counts that no evaluation gives, names that no network has.
  static func tensors(_ values: inout Values) {
    let isWritten = write { writer in
      try writer.write(attribute: RunTensors.schemaVersion, named: "schema_version")
      try writer.write(attribute: runID, named: "run_id")
      try writer.write(attribute: values.flag() ? "{\"a\":1}" : values.text(20), named: "spec")
      for group in ["weights", "buffers"] {
        try writer.makeGroup(group)
        for _ in 0..<values.below(3) { try write(&values, to: writer, in: group) }
      }
      for _ in 0..<values.below(3) {
        let network = "networks/" + name(&values)
        try writer.makeGroup("\(network)/weights")
        try writer.makeGroup("\(network)/buffers")
      }
      try evaluation(&values, "eval/last", writer)
      if values.below(4) == 0 {
        let point = "eval/" + name(&values)
        try evaluation(&values, point, writer)
      }
      try writer.write(int64s: [1], shape: [1], at: "curves/iteration")
      for curve in ["loss", "learning_rate"] {
        try writer.write(doubles: [0.5], shape: [1], at: "curves/\(curve)")
      }
    }
    guard isWritten else { return }
    guard let read = attempt({ try RunTensors(reading: file) }) else { return }
    // Whatever is accepted can be made metrics of.
    for point in read.evaluations { _ = point.evaluation.values }
    let again = attempt { try read.image() }
    Broken.unless(again != nil, "what was read is not written")
  }

  private static func evaluation(_ values: inout Values, _ group: String, _ writer: HDF5Writer) throws {
    let (images, classes) = (values.below(3), values.below(4))
    let bins = CalibrationBins.bins
    let isWild = values.flag()
    func counts(_ shape: [Int], _ path: String) throws {
      let numbers = (0..<shape.reduce(1, *)).map { _ in isWild ? values.integer() : 0 }
      try writer.write(int64s: numbers, shape: shape, at: "\(group)/\(path)")
    }
    for part in ["tp", "fp", "fn"] { try counts([images, classes], part) }
    for name in ["ece", "bece"] {
      for part in ["count", "correct"] { try counts([images, bins], "calibration/\(name)/\(part)") }
      try writer.write(
        doubles: (0..<images * bins).map { _ in isWild ? values.double() : 0 }, shape: [images, bins],
        at: "\(group)/calibration/\(name)/confidence")
    }
    for field in ClasswiseCalibration.Field.allCases {
      try counts([images, 2, classes, bins], "classwise/\(field)")
    }
    try writer.write(
      bytes: [UInt8](repeating: 1, count: images), shape: [images], at: "\(group)/classwise/has_ignored")
    try writer.write(strings: (0..<images).map { _ in values.text(3) }, at: "\(group)/ids")
    try writer.write(strings: (0..<classes).map { _ in values.text(3) }, at: "\(group)/class_names")
    try writer.write(attribute: Int(values.integer()), named: "iteration", at: group)
  }
}
