import Cluster
import Foundation
import Testing

@Suite struct TextTests {
  @Test func times() throws {
    let forms: [(String, String)] = [
      ("90", "01:30:00"), ("5:30", "00:06:00"), ("24:00:00", "1-00:00:00"), ("1-6", "1-06:00:00"),
      ("2-03:30", "2-03:30:00"), ("0-00:00:01", "00:01:00"), ("00:59:01", "01:00:00"),
    ]
    for (text, wanted) in forms { #expect(SlurmTime(text)?.description == wanted, "\(text)") }
    for text in ["", "0", "-5", "1:2:3:4", "1-2:3:4:5", "a", "1-", "-", "1.5", "99999999", "9999-0", "1 2"] {
      #expect(SlurmTime(text) == nil, "\(text)")
    }
    #expect(try #require(SlurmTime("60")) < #require(SlurmTime("1:01:00")))
  }

  @Test func lists() {
    #expect(SlurmText.list([1, 2, 3, 4, 7, 9, 10]) == "1-4,7,9-10")
    #expect(SlurmText.list([5]) == "5" && SlurmText.list([]) == "")
  }

  @Test func addresses() {
    #expect(TaskAddress("12_3") == TaskAddress(job: 12, index: 3))
    for text in ["12", "12_[4-5]", "12_3.batch", "_3", ""] { #expect(TaskAddress(text) == nil) }
  }

  @Test func patternsOfFileNames() throws {
    #expect(try SlurmText.pattern("/a b/100%/%j") == "/a b/100%%/%%j")
    for path in [#"/a\b"#, "/a\nb"] {
      #expect(throws: ClusterError.self) { try SlurmText.pattern(path) }
    }
  }

  /// A shell gives every word back.
  @Test func wordsOfAShell() throws {
    let words = ["plain", "", "it's", "a b", "$HOME `id` \"q\"", "*", "~", "#x", "a\nb", "%j;&|", "ü"]
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "printf '%s\\0' " + words.map(SlurmText.quoted).joined(separator: " ")]
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(data == Data((words.joined(separator: "\0") + "\0").utf8))
  }
}
