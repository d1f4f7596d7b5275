/// Text from files on its way to a terminal.
public enum TerminalText {
  /// The most characters of one line about a file.
  public static let longestLine = 2000

  /// One line: controls, which a terminal would obey, as `\u{1B}`; line ends as blanks; what is beyond the longest line is
  /// counted instead.
  public static func line(_ text: String, longest: Int = longestLine) -> String {
    var shown = ""
    var count = 0
    for scalar in text.unicodeScalars {
      count += 1
      guard count <= longest else { continue }
      switch scalar {
      case "\n", "\r", "\t": shown.unicodeScalars.append(" ")
      case _ where isControl(scalar): shown += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      default: shown.unicodeScalars.append(scalar)
      }
    }
    return count > longest ? shown + " ... (\(count - longest) more characters)" : shown
  }

  /// C0, DEL, C1, and the marks that turn the direction of writing.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
