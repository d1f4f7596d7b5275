import JSON
import Runner
import Testing

@Suite struct StartMomentsTests {
  /// What one process says another reads; of each moment the first time counts.
  @Test func aLineIsReadBack() throws {
    let before = StartMoments.now
    StartMoments.note(.batch)
    let first = try #require(StartMoments.read(StartMoments.line)?[.batch])
    StartMoments.note(.batch)
    let again = try #require(StartMoments.read(StartMoments.line)?[.batch])
    #expect(first == again && first <= StartMoments.now)
    // Of another test, if that was first.
    #expect(first >= before || first > 0)
  }

  @Test func otherLinesAreNone() {
    #expect(StartMoments.read(#"{"started": {"iteration": 0, "iterations": 4}}"#) == nil)
    #expect(StartMoments.read("moments") == nil)
    #expect(StartMoments.read(#"{"moments": {"main": 1.5, "other": 2}}"#) == [.main: 1.5])
  }
}
