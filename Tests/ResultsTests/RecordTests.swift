import Foundation
import JSON
import Results
import TestSupport
import Testing

@Suite(.serialized)
struct RecordTests {
  @Test func roundTripAndStableBytes() throws {
    let record = Samples.record("run-1")
    let bytes = try record.json()
    #expect(try RunRecord(json: bytes, name: "x") == record)
    #expect(try Samples.record("run-1").json() == bytes)
    #expect(try RunRecord(json: bytes, name: "x").json() == bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.hasSuffix("}\n"))
    #expect(text.contains("\"openblas\" : \"0.3.21 / Zen\""))
    #expect(text.contains("18446744073709551615"))
    // The order of keys is the order of their characters, everywhere.
    let keys = text.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("  \""), !line.hasPrefix("   ") else { return nil }
      return line.split(separator: "\"").dropFirst().first.map(String.init)
    }
    #expect(keys == keys.sorted() && keys.count == 17 && !keys.contains("checksums"))
    let metrics = ["accuracy", "ece", "iou.10", "iou.9", "miou"].compactMap { text.range(of: "\"\($0)\"") }
    #expect(
      metrics.count == 5 && zip(metrics, metrics.dropFirst()).allSatisfy { $0.lowerBound < $1.lowerBound })
  }

  @Test func canonicalSpecText() throws {
    #expect(
      Samples.spec.canonical
        == #"{"crop":[64,128],"half":true,"iterations":40,"learning_rate":0.01,"#
        + #""model":"deeplabv3_resnet18d","smooth":1,"teacher":null}"#)
    #expect(try JSONValue(parsing: Samples.spec.canonical) == Samples.spec)
  }

  @Test func damagedRecordsSayWhatIsWrong() throws {
    #expect(throws: ResultsError.self) { try RunRecord(json: Data("{".utf8), name: "runs/a/run.json") }
    #expect(throws: ResultsError.unreadableJSON(path: "p", reason: "no 'schemaVersion' at top level")) {
      try RunRecord(json: Data("{}".utf8), name: "p")
    }
    #expect(throws: ResultsError.unsupportedSchema(path: "p", found: 1, supported: 2)) {
      try RunRecord(json: Data(#"{"schemaVersion":1,"other":1}"#.utf8), name: "p")
    }
    for (old, new, reason) in [
      ("12.25", "1e300", "wallSeconds is 1e+300; allowed: 0 to 10000000000.0"),
      ("12.25", "-1", "wallSeconds is -1.0; allowed: 0 to 10000000000.0"),
      ("\"threads\" : 2", "\"threads\" : -2", "threads is -2; allowed: 0 or more"),
    ] {
      let text = String(decoding: try Samples.record("a").json(), as: UTF8.self)
      #expect(text.contains(old))
      #expect(throws: ResultsError.damaged(path: "p", reason: reason)) {
        try RunRecord(json: Data(text.replacing(old, with: new).utf8), name: "p")
      }
    }
    var record = Samples.record("a")
    record.metrics["miou"] = .nan
    #expect(throws: ResultsError.self) { try record.json() }
  }
}
