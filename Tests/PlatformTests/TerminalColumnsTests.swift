import Foundation
import Platform
import TestSupport
import Testing

@Suite struct TerminalColumnsTests {
  @Test(
    arguments: [
      ("", 0), ("plain text", 10), ("größe", 5), ("gro\u{308}ße", 5), ("図形", 4), ("ｆｕｌｌ", 8), ("한글", 4),
      ("\u{1112}\u{1161}\u{11AB}", 2), ("👍", 2), ("👍🏽", 2), ("🇧🇪", 2), ("👩‍👩‍👧", 2), ("☀️", 2), ("a\u{200B}b", 2),
      ("日本 a", 6), ("e\u{301}\u{323}", 1), ("„“…—", 4),
    ]) func columns(_ text: String, _ expected: Int)
  {
    #expect(TerminalText.columns(of: text) == expected)
    #expect(TerminalText.columns(of: text[...]) == expected)
  }

  /// No beginning takes more than it may, none is cut inside of a character, and none could be longer.
  @Test func prefixes() {
    for text in ["plain text", "a図b形c", "👩‍👩‍👧 family", "e\u{301}\u{301}clair", "한글 and more", ""] {
      for columns in [-1, 0, 1, 2, 3, 7, 80] {
        let prefix = TerminalText.prefix(text, columns: columns)
        let width = TerminalText.columns(of: prefix)
        #expect(width <= max(0, columns) && text.hasPrefix(String(prefix)))
        if prefix.count < text.count {
          #expect(TerminalText.columns(of: text.prefix(prefix.count + 1)) > max(0, columns))
        }
      }
    }
    #expect(TerminalText.prefix("a図b", columns: 2) == "a")
  }

  @Test func padding() {
    #expect(TerminalText.padded("図", to: 4) == "図  ")
    #expect(TerminalText.padded("abc", to: 2) == "abc")
    #expect(TerminalText.padded("", to: 0) == "")
  }

  /// What the terminal says, down to one column; where it says nothing, a number above 0.
  @Test func terminals() throws {
    let terminal = try PseudoTerminal(columns: 7, rows: 1)
    let end = terminal.program.fileDescriptor
    #expect(Terminal.columns(of: end) == 7)
    for columns in [1, 10, 80, 500, 65535] {
      try terminal.resize(columns: columns, rows: 1)
      #expect(Terminal.columns(of: end) == columns)
    }
    try terminal.resize(columns: 0, rows: 0)
    #expect(Terminal.columns(of: end) >= 1)
    #expect(Terminal.columns(of: -1) >= 1)
  }
}
