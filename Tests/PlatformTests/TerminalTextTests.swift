import Platform
import Testing

@Suite struct TerminalTextTests {
  @Test(
    arguments: [
      ("plain", "plain"), ("größe 図", "größe 図"), ("a\nb\tc", "a b c"),
      ("\u{1B}[31mred\u{7}", "\\u{1B}[31mred\\u{7}"), ("nul\0", "nul\\u{0}"), ("\u{202E}abc", "\\u{202E}abc"),
      ("\u{9B}x\u{7F}", "\\u{9B}x\\u{7F}"),
    ]) func controlsAreShown(_ text: String, _ shown: String)
  { #expect(TerminalText.line(text) == shown) }

  @Test func longLinesAreCounted() {
    let text = String(repeating: "x", count: 2345)
    #expect(TerminalText.line(text).hasSuffix("xx ... (345 more characters)"))
    #expect(TerminalText.line(text).hasPrefix(String(repeating: "x", count: 2000)))
    #expect(TerminalText.line("abcdef", longest: 4) == "abcd ... (2 more characters)")
  }
}
