import Foundation
import Testing

/// Compares with `Snapshots/<name>` beside the test's file. With JML_RECORD_SNAPSHOTS=1 it writes the file instead.
public func expectSnapshot(
  _ text: String, _ name: String, of test: String = #filePath,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = URL(fileURLWithPath: test).deletingLastPathComponent().appendingPathComponent(
    "Snapshots/\(name)")
  if ProcessInfo.processInfo.environment["JML_RECORD_SNAPSHOTS"] == "1" {
    try text.write(to: file, atomically: true, encoding: .utf8)
  }
  #expect(
    text == (try String(contentsOf: file, encoding: .utf8)), "\(name) differs",
    sourceLocation: sourceLocation)
}
