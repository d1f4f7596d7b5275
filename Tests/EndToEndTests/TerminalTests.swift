import Foundation
import TestSupport
import Testing

/// The program behind terminals of any width, those that do not know theirs among them.
@Suite(.serialized) struct TerminalTests {
  /// Runs a command to its end, its output and errors on a terminal, and what it wrote.
  /// - Parameter sizes: columns and rows, one after the other every 20 ms, the last one from then on.
  private func run(_ tool: CommandLineTool, _ arguments: [String], sizes: [(Int, Int)]) throws -> (
    code: Int32, text: String
  ) {
    let terminal = try PseudoTerminal(columns: sizes[0].0, rows: sizes[0].1)
    let command = tool.command(arguments)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = tool.folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = terminal.program
    process.standardError = terminal.program
    process.environment = ProcessInfo.processInfo.environment.merging(["TERM": "xterm"]) { $1 }
    process.environment?["COLUMNS"] = nil
    try process.run()
    var rest = sizes.dropFirst()
    while process.isRunning {
      usleep(20_000)
      _ = terminal.read()
      if let next = rest.popFirst() { try terminal.resize(columns: next.0, rows: next.1) }
    }
    process.waitUntilExit()
    let code = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return (code, terminal.read())
  }

  /// Lengths of what is written in place, without what stands in lines of its own.
  private func live(_ text: String) -> [Int] {
    text.components(separatedBy: "\r\u{1B}[K").dropFirst()
      .map { $0.unicodeScalars.contains("\n") ? 0 : $0.count }
  }

  @Test func dataCheckAtAnyWidth() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      for columns in [0, 1, 10, 20, 40, 80, 500] {
        let (code, text) = try run(
          tool, ["data", "check", "--profile", "tiny"], sizes: [(columns, columns == 0 ? 0 : 1)])
        #expect(code == 0 && text.contains("cityscapes/train: 4 images"), "\(columns): \(text)")
        let lengths = live(text)
        // A terminal that does not know is taken for one of 80.
        let room = columns == 0 ? 79 : columns - 1
        #expect(!lengths.isEmpty && lengths.allSatisfy { $0 <= room }, "\(columns): \(lengths)")
        if columns >= 40 { #expect(text.contains("checking cityscapes/train: 1/4"), "\(text)") }
      }
    }
  }

  /// Help keeps its second column where the terminal has no room for it.
  @Test func helpAtAnyWidth() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      for columns in [0, 1, 10, 40, 500] {
        let (code, text) = try run(tool, ["help", "model", "import"], sizes: [(columns, columns)])
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(code == 0 && words.contains("--strip-prefix <text>"), "\(columns): \(text)")
        #expect(words.contains("Taken from every name of the weight file"), "\(columns): \(text)")
      }
      let full = try CommandLineTool.Running(
        ["/bin/bash", "-c", "\"$0\" help run > /dev/full", CommandLineTool.executable.path], in: folder
      ).wait()
      #expect(full.code == 1 && full.err.contains("stdout: cannot be written"), "\(full.code) \(full.err)")
    }
  }

  /// The width changes all the time while runs go on.
  @Test func resizedWhileTraining() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      let widths = [80, 1, 500, 0, 10, 40, 20, 3]
      let sizes = (0..<400).map { (widths[$0 % widths.count], $0 % 3) }
      let (code, text) = try run(tool, ["run", "--profile", "tiny"], sizes: sizes)
      #expect(code == 0 && text.contains("3 runs finished now"), "\(text)")
      let lengths = live(text)
      #expect(lengths.count > 3 && lengths.allSatisfy { $0 <= 499 }, "\(lengths)")
    }
  }
}
