import Experiments
import Foundation
import JSON
import Regression
import Results
import TestSupport
import Testing

/// Files of nights and references: what is read back, and what a kill leaves.
@Suite struct HistoryTests {
  private static let cells = [Nights.cell("CE", [3.25, 1.0 / 3], counts: "c0", model: "m0")]

  @Test func nightsAreReadBackInOrder() throws {
    try withTemporaryDirectory { folder in
      let history = NightHistory(folder: folder.appendingPathComponent("a/history"))
      #expect(try history.read().nights.isEmpty)
      let later = Nights.night(Self.cells, date: "2026-12-01")
      let report = NightJudge.report(later, reference: nil, test: nil)
      for night in [later.judged(report), Nights.night(Self.cells), later] { try history.append(night) }
      let (nights, notices) = try history.read()
      #expect(nights.map(\.date) == ["2026-11-29", "2026-12-01", "2026-12-01"] && notices.isEmpty)
      #expect(nights[0] == Nights.night(Self.cells) && nights[1].verdict == .notCompared)
    }
  }

  /// Killed after any byte of the second line: the first is there, the cut one is named, and the next night is whole.
  @Test func aKillAtAnyByteLosesNoOtherNight() throws {
    try withTemporaryDirectory { folder in
      let history = NightHistory(folder: folder)
      let (first, second) = (Nights.night(Self.cells), Nights.night(Self.cells, overrides: ["a=1"]))
      let file = try history.append(first)
      let before = try Data(contentsOf: file).count
      try history.append(second)
      let whole = try Data(contentsOf: file)
      for length in before...whole.count {
        try whole.prefix(length).write(to: file)
        let cut = try history.read()
        let isWhole = length == whole.count
        #expect(cut.nights == (isWhole ? [first, second] : [first]))
        let isCut = length > before && !isWhole
        #expect(cut.notices.count == (isCut ? 1 : 0))
        if isCut {
          #expect(cut.notices[0] == "\(file.path):2: ignored: the line is cut after \(length - before) bytes")
        }
        // Each append waits for the disk.
        guard length < before + 2 || length > whole.count - 3 || length % 32 == 0 else { continue }
        try history.append(second)
        let healed = try history.read()
        #expect(healed.nights.last == second && healed.nights.first == first)
        // All but its end of line is a line.
        let isComplete = length >= whole.count - 1
        #expect(healed.nights.count == (isComplete ? 3 : 2))
        #expect(healed.notices.count == (isCut && !isComplete ? 1 : 0))
        if let notice = healed.notices.first { #expect(notice.contains(":2: ignored: no line of a night: ")) }
      }
    }
  }

  @Test func onlyRegularFilesAreAppendedTo() throws {
    try withTemporaryDirectory { folder in
      let target = folder.appendingPathComponent("elsewhere")
      try Data("x".utf8).write(to: target)
      let file = folder.appendingPathComponent("2026-11-29.jsonl")
      try FileManager.default.createSymbolicLink(at: file, withDestinationURL: target)
      #expect(throws: ResultsError.self) {
        try NightHistory(folder: folder).append(Nights.night(Self.cells))
      }
      #expect(try Data(contentsOf: target) == Data("x".utf8))
    }
  }

  @Test func datesNameFiles() {
    #expect(Night.isDate("2026-11-29"))
    for text in ["2026-13-01", "2026-1-01", "../../etc", "2026-11-32", "2026-11-2x", ""] {
      #expect(!Night.isDate(text))
    }
  }

  // MARK: References

  @Test func aMovedReferenceKeepsWhatItWas() throws {
    try withTemporaryDirectory { folder in
      #expect(try Reference.read("own", in: folder) == nil)
      let first = Reference(name: "own", Nights.accepted(Nights.night(Self.cells)))
      let file = try first.write(to: folder)
      let bytes = try Data(contentsOf: file)
      #expect(try Reference.read("own", in: folder) == first)
      try first.write(to: folder)
      #expect(try Data(contentsOf: file) == bytes)

      let night = Nights.night([Nights.cell("CE", [5, 6])], date: "2026-12-02")
      let moved = first.moved(to: Reference.Accepted(night, reason: "better", date: "2026-12-03"))
      try moved.write(to: folder)
      let read = try #require(try Reference.read("own", in: folder))
      #expect(read.current.reason == "better" && read.current.source == "night of 2026-12-02")
      #expect(read.history == [first.current] && read.history[0].reason == "first")
      #expect(read.history[0].cells[0].mean == (3.25 + 1.0 / 3) / 2 && read.history[0].commit == "abc")
    }
  }

  @Test(arguments: [
    ("\"mean\" : 5.5", "\"mean\" : 6.5", "mean 6.5, std 0.5, n 2, and its values give 5.5, 0.5, 2"),
    ("\"n\" : 2", "\"n\" : 3", "n 3, and its values give"),
    ("\"name\" : \"own\"", "\"name\" : \"other\"", "it is the reference of 'other'"),
    ("\"schema\" : 1", "\"schema\" : 9", "schema 9, this program reads 1"),
    ("\"metric\" : \"miou\"", "\"metric\" : \"luck\"", "there is no metric 'luck'"),
    ("\"cells\"", "\"cell\"", "no 'cells' at current"),
  ]) func whatContradictsItselfIsRefused(old: String, new: String, says: String) throws {
    try withTemporaryDirectory { folder in
      let file = try Reference(name: "own", Nights.accepted(Nights.night([Nights.cell("CE", [5, 6])])))
        .write(to: folder)
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.contains(old), "\(text)")
      try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
      do {
        _ = try Reference.read("own", in: folder)
        Issue.record("it was read")
      } catch {
        #expect("\(error)".hasPrefix("\(file.path): damaged: ") && "\(error)".contains(says), "\(error)")
      }
    }
  }
}
