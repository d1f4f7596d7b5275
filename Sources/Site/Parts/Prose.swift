/// A remark with code between back quotes.
struct Prose {
  struct Part {
    let isCode: Bool
    let words: String
  }

  let parts: [Part]

  init(_ text: String) {
    let pieces = text.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    // A quote without its twin is a letter.
    guard pieces.count % 2 == 1 else {
      parts = [Part(isCode: false, words: text)]
      return
    }
    parts = pieces.enumerated().filter { !$0.element.isEmpty }.map {
      Part(isCode: $0.offset % 2 == 1, words: $0.element)
    }
  }
}
