import Foundation

/// Something that reads bytes of a stranger, and what has to hold whatever they are.
///
/// A target ends normally for every input. It stops the process with `Broken.stop` where a promise is broken; the
/// sanitizers and Swift's own traps stop it where memory is.
struct Target: Sendable {
  /// As in `make fuzz TARGET=`.
  let name: String
  /// Longer inputs find nothing that shorter ones do not, bytes.
  let longest: Int
  /// Memory that one input may take at once, bytes.
  let memory: Int
  /// Processor time that one input may take, under the sanitizers.
  let seconds: Double
  /// Inputs to begin with, by file name. - Parameter repository: the root of the project, for files that it has.
  let seeds: @Sendable (_ repository: URL) throws -> [(name: String, bytes: [UInt8])]
  let run: @Sendable ([UInt8]) -> Void

  static let all: [Target] = [
    png, jpeg, resample, safetensors, yaml, hdf5, borders, records, checkpoint, lists,
  ]
}

/// A promise that does not hold.
enum Broken {
  static func stop(_ what: @autoclosure () -> String) -> Never {
    FileHandle.standardError.write(Data("BROKEN: \(what())\n".utf8))
    abort()
  }

  static func unless(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { stop(what()) }
  }

  /// Errors of the world are of the reader's own kind, and one line says what is wrong.
  static func unlessTyped<Failure: Error & CustomStringConvertible>(_ error: any Error, _: Failure.Type) {
    guard let error = error as? Failure else {
      stop("an error of another kind: \(type(of: error)): \(error)")
    }
    unless(!error.description.isEmpty, "an error without words")
  }
}

/// What a run of a target has cost.
struct Cost {
  private(set) var inputs = 0
  private(set) var memory = 0
  private(set) var memoryInput = 0
  private(set) var seconds = 0.0
  private(set) var secondsInput = 0

  mutating func add(memory: Int, seconds: Double, input: Int) {
    inputs += 1
    if memory > self.memory { (self.memory, memoryInput) = (memory, input) }
    if seconds > self.seconds { (self.seconds, secondsInput) = (seconds, input) }
  }

  var line: String {
    let milliseconds = String(format: "%.1f", seconds * 1000)
    return "COST: \(inputs) inputs; memory \(memory) bytes for an input of \(memoryInput); "
      + "time \(milliseconds) ms for an input of \(secondsInput)\n"
  }
}
