import Experiments
import Foundation
import JSON
import Results

extension Target {
  /// What the store keeps as text. The first byte says which file it is.
  static let records = Target(
    name: "records", longest: 4096, memory: 32 << 20, seconds: 2, seeds: Records.seeds
  ) { bytes in
    guard let first = bytes.first else { return }
    let text = Array(bytes.dropFirst())
    switch first % 5 {
    case 0: Records.record(text)
    case 1: Records.published(text)
    case 2: Records.spec(text)
    case 3: Records.json(text)
    default: Records.log(text)
    }
  }
}

private enum Records {
  private static func attempt<Failure: Error & CustomStringConvertible, Value>(
    _ failure: Failure.Type, _ body: () throws -> Value
  ) -> Value? {
    do {
      return try body()
    } catch {
      Broken.unlessTyped(error, failure)
      return nil
    }
  }

  /// run.json.
  static func record(_ text: [UInt8]) {
    guard let record = attempt(ResultsError.self, { try RunRecord(json: Data(text), name: "run.json") })
    else {
      return
    }
    let written = attempt(ResultsError.self) { try record.json() }
    let again = written.flatMap { data in
      attempt(ResultsError.self) { try RunRecord(json: data, name: "written") }
    }
    Broken.unless(again == record, "written and read, a record is another one")
    store(text, record.runID)
  }

  private static let store = ResultStore(root: Scratch.folder.appendingPathComponent("results"))
  private static let runs = store.root.standardizedFileURL.path + "/runs/"
  /// The run's folder that is there: most mutations leave the id alone. Targets run on one thread.
  nonisolated(unsafe) private static var made: URL?

  /// The same through the store, which asks whether the spec is the one that the id is the hash of.
  private static func store(_ text: [UInt8], _ runID: String) {
    guard let folder = attempt(ResultsError.self, { try store.folder(runID) }) else { return }
    Broken.unless(
      folder.standardizedFileURL.path == runs + runID, "the folder of run '\(runID)' lies elsewhere")
    if folder != made {
      if let made { rmdir(made.path) }
      Scratch.make(folder)
      made = folder
    }
    let file = folder.path + "/run.json"
    Scratch.write(text, to: file)
    defer { unlink(file) }
    // Asks for the state first, and that for the record.
    _ = attempt(ResultsError.self) { try store.verifiedState(runID) }
  }

  private static let folder: URL = {
    let folder = Scratch.folder.appendingPathComponent("published")
    Scratch.make(folder)
    return folder
  }()
  private static let publishedFile = folder.appendingPathComponent(PublishedRuns.fileName).path

  /// runs.jsonl.
  static func published(_ text: [UInt8]) {
    Scratch.write(text, to: publishedFile)
    guard let runs = attempt(ResultsError.self, { try PublishedRuns(reading: folder) }) else { return }
    let lines = text.split(separator: UInt8(ascii: "\n")).count
    Broken.unless(runs.count == lines, "\(runs.count) runs of \(lines) lines")
  }

  /// The JSON of a run's spec: what an id is the hash of.
  static func spec(_ text: [UInt8]) {
    let text = String(decoding: text, as: UTF8.self)
    guard let spec = attempt(RegistryError.self, { try RunSpec(json: text, source: "spec") }) else { return }
    let again = attempt(RegistryError.self) { try RunSpec(json: spec.canonicalJSON, source: "written") }
    Broken.unless(again == spec && again?.id == spec.id, "written and read, a spec is another one")
    Broken.unless(RunID(spec.id.text) == spec.id, "'\(spec.id.text)' is no id")
  }

  /// Any JSON: its canonical form is a fixed point.
  static func json(_ text: [UInt8]) {
    let text = String(decoding: text, as: UTF8.self)
    guard let value = attempt(JSONError.self, { try JSONValue(parsing: text) }) else { return }
    for form in [value.canonical, value.pretty] {
      let again = attempt(JSONError.self) { try JSONValue(parsing: form) }
      Broken.unless(
        again?.canonical == value.canonical, "written and read, \(value.canonical) is another value")
    }
  }

  private static let logFile = Scratch.folder.appendingPathComponent("log.jsonl")

  /// log.jsonl.
  static func log(_ text: [UInt8]) {
    Scratch.write(text, to: logFile.path)
    guard let entries = attempt(ResultsError.self, { try RunLog.entries(of: logFile) }) else { return }
    Broken.unless(
      entries.count <= text.count { $0 == UInt8(ascii: "\n") }, "more entries than lines")
  }

  @Sendable static func seeds(_ repository: URL) throws -> [(name: String, bytes: [UInt8])] {
    let golden = repository.appendingPathComponent("Tests/ExperimentsTests/Golden")
    var seeds: [(name: String, bytes: [UInt8])] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: golden.path).sorted()
    where name.hasSuffix(".json") {
      let text = try String(contentsOf: golden.appendingPathComponent(name), encoding: .utf8)
      let spec = try JSONValue(parsing: text)
      let record = RunRecord(
        runID: String(name.dropLast(".json".count)), state: .failed, spec: spec, seed: 7, commit: "0123abc",
        dirty: false, versions: ["swift": "6.3"], threads: 2, cpu: "CPU", wallSeconds: 1.5,
        peakMemoryBytes: 1 << 30,
        iterations: 40, metrics: ["miou": 28.5], dataFingerprint: "feed", error: "diverged")
      seeds.append(("record", [kind(0)] + (try record.json())))
      seeds.append(("spec", [kind(2)] + Array(text.utf8)))
      seeds.append(("json", [kind(3)] + Array(text.utf8)))
    }
    let published = try Data(contentsOf: repository.appendingPathComponent("results/mini/runs.jsonl"))
    let lines = published.split(separator: UInt8(ascii: "\n")).prefix(2).flatMap { $0 + [UInt8(ascii: "\n")] }
    seeds.append(("published", [kind(1)] + lines))
    seeds.append(("log", [kind(4)] + Array("{\"iteration\":1,\"loss\":0.5}\n{\"iteration\":2}\n".utf8)))
    for (index, text) in ["[1e-7,1E400,-0,0.1,null,true]", "{\"a\":{\"\\u00e9\\ud83d\\ude00\":[]}}", "\"x\""]
      .enumerated()
    {
      seeds.append(("json-\(index)", [kind(3)] + Array(text.utf8)))
    }
    return seeds
  }

  /// Letters, so that inputs can be read: A to E are the kinds 0 to 4.
  private static func kind(_ index: UInt8) -> UInt8 { UInt8(ascii: "A") + index }
}
