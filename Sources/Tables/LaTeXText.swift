/// Text for LaTeX's text mode.
enum LaTeXText {
  /// Every character that LaTeX would obey, as what prints it; characters beyond ASCII of the tables as commands, so that
  /// the source compiles with any engine and font encoding.
  static func escaped(_ text: String) -> String {
    var result = ""
    var previous: Character?
    for character in text {
      result += command(character, after: previous) ?? String(character)
      previous = character
    }
    return result
  }

  private static func command(_ character: Character, after previous: Character?) -> String? {
    switch character {
    case "\\": "\\textbackslash{}"
    case "{", "}", "$", "&", "#", "_", "%": "\\\(character)"
    case "~": "\\textasciitilde{}"
    case "^": "\\textasciicircum{}"
    case "<": "\\textless{}"
    case ">": "\\textgreater{}"
    case "|": "\\textbar{}"
    // Behind `\\` or in an optional argument they would be read as its bounds.
    case "[", "]": "{\(character)}"
    case "\"":
      previous.map { $0.isLetter || $0.isNumber || $0.isPunctuation && $0 != "(" } ?? false ? "''" : "``"
    case "±": "$\\pm$"
    case "–": "--"
    case "‰": "\\textperthousand{}"
    case "μ": "$\\mu$"
    case "σ": "$\\sigma$"
    case "✓": "$\\checkmark$"
    case _ where character.isNewline: " "
    default: nil
    }
  }

  /// A line of Markdown.
  static func marked(_ line: String) -> String {
    InlineMarkup(line).pieces.map { piece in
      switch piece {
      case .text(let text): escaped(text)
      case .code(let text): "\\texttt{\(escaped(text))}"
      case .strong(let text): "\\textbf{\(escaped(text))}"
      case .emphasis(let text): "\\emph{\(escaped(text))}"
      }
    }.joined()
  }
}
