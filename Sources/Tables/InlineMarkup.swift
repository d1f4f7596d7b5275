/// A line of Markdown in pieces, as captions and notes use it: code in back quotes, `**strong**`, `*emphasis*`. A
/// delimiter that is never closed is text.
struct InlineMarkup: Equatable {
  let pieces: [Piece]

  enum Piece: Equatable {
    case text(String)
    case code(String)
    case strong(String)
    case emphasis(String)
  }

  init(_ line: String) {
    var pieces: [Piece] = []
    var plain = ""
    var rest = line[...]
    func close(_ delimiter: String, _ piece: (String) -> Piece) -> Piece? {
      guard rest.hasPrefix(delimiter) else { return nil }
      let inner = rest.dropFirst(delimiter.count)
      guard let end = inner.firstRange(of: delimiter), end.lowerBound > inner.startIndex else { return nil }
      rest = inner[end.upperBound...]
      return piece(String(inner[..<end.lowerBound]))
    }
    while let character = rest.first {
      let found =
        close("`", Piece.code) ?? close("**", Piece.strong) ?? close("*", Piece.emphasis)
      if let found {
        if !plain.isEmpty { pieces.append(.text(plain)) }
        plain = ""
        pieces.append(found)
      } else {
        plain.append(character)
        rest = rest.dropFirst()
      }
    }
    if !plain.isEmpty { pieces.append(.text(plain)) }
    self.pieces = pieces
  }
}
