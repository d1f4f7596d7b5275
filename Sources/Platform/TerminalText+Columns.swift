extension TerminalText {
  /// Columns that a text takes on a terminal: two for most characters of East Asian scripts and emoji, none for marks
  /// on other characters and for what is not shown. Terminals differ in rare ones.
  public static func columns(of text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + columns(of: $1) }
  }

  /// The longest beginning that takes at most so many columns.
  public static func prefix(_ text: String, columns: Int) -> Substring {
    var left = columns
    return text.prefix { character in
      left -= TerminalText.columns(of: character)
      return left >= 0
    }
  }

  /// The text with blanks behind it up to so many columns; longer ones stay as they are.
  public static func padded(_ text: String, to columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - self.columns(of: text)))
  }

  /// A flag, or emoji that are joined or tinted, is one picture.
  private static func columns(of character: Character) -> Int {
    let scalars = character.unicodeScalars
    if scalars.contains(where: { $0.value == 0xFE0F || $0.value == 0x200D || $0.properties.isEmojiModifier })
      || scalars.allSatisfy({ (0x1F1E6...0x1F1FF).contains($0.value) })
    {
      return 2
    }
    return scalars.reduce(0) { $0 + columns(of: $1) }
  }

  private static func columns(of scalar: Unicode.Scalar) -> Int {
    // ASCII's controls do not come here: they are shown as text.
    if (0x20...0x7E).contains(scalar.value) { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .control: return 0
    // But for the soft hyphen, which terminals show.
    case .format: return scalar.value == 0xAD ? 1 : 0
    default: break
    }
    // Vowels and final consonants of Hangul syllables that are written in parts.
    if (0x1160...0x11FF).contains(scalar.value) { return 0 }
    return scalar.properties.isEmojiPresentation || wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  /// Wide and full-width characters of Unicode's annex 11, in blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD,
  ]
}
