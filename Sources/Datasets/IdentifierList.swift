/// What the lines of a split's list may say in one layout.
struct ListForms {
  /// Whether there is an image of this identifier.
  let isKnown: (String) -> Bool
  /// The identifier of an image's path in the layout's own folder; nil for another path.
  let image: (String) -> String?
  /// The same of a label's path.
  let label: (String) -> String?
  /// Why a text is no identifier; nil: it is one.
  let refusal: (String) -> String?
}

/// The identifiers of a split's list: one a line, or as the layout's own paths of an image and its label; blank lines are
/// skipped.
///
/// An identifier may have blanks in it. So a line is taken whole first, if there is an image of that name; then as paths;
/// and what is left is an identifier whose image is missing.
struct IdentifierList {
  struct Item {
    let id: String
    /// As the list has it.
    let label: String?
  }

  private(set) var items: [Item] = []
  /// Lines that are no identifier, or one that stood before.
  private(set) var errors: [DatasetError]

  /// - Throws: `DatasetError.image`, `.badListText` when the list cannot be read.
  init(_ path: String, _ forms: ListForms) throws(DatasetError) {
    let file = try ListFile(path)
    errors = file.errors
    var seen: Set<FileName> = []
    for line in file.lines {
      let item: Item
      switch IdentifierList.item(line, forms) {
      case .item(let found): item = found
      case .refused(let reason):
        errors.append(.badList(path: path, line: line.number, text: line.text, reason: reason))
        continue
      }
      guard seen.insert(FileName(item.id)).inserted else {
        errors.append(.repeatedIdentifier(path: path, line: line.number, id: item.id))
        continue
      }
      items.append(item)
    }
  }

  private enum Reading {
    case item(Item)
    case refused(String)
  }

  private static func item(_ line: ListFile.Line, _ forms: ListForms) -> Reading {
    for text in [line.text, line.whole] where forms.refusal(text) == nil && forms.isKnown(text) {
      return .item(Item(id: text, label: nil))
    }
    let text = FileNaming.relative(line.text)
    let path = forms.image(text)
    if let path, forms.isKnown(path) { return .item(Item(id: path, label: nil)) }
    for (first, second) in fields(text) {
      if let flag = Int(second), (-1...1).contains(flag), forms.isKnown(first) {
        return .refused(
          "a line of a class list, which says whether a class is in '\(first)' and names no split")
      }
      let label = FileNaming.relative(second)
      guard let image = forms.image(first), let other = forms.label(label) else { continue }
      guard FileName(image) == FileName(other) else {
        return .refused("the image of '\(image)' with the label of '\(other)'")
      }
      return .item(Item(id: image, label: label))
    }
    if let path { return .item(Item(id: path, label: nil)) }
    if let reason = forms.refusal(line.text) { return .refused(reason) }
    return .item(Item(id: line.text, label: nil))
  }

  /// A line in two, at each of its runs of blanks.
  static func fields(_ text: String) -> [(first: String, second: String)] {
    let bytes = Array(text.utf8)
    let isBlank = bytes.map { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    return bytes.indices.dropFirst().compactMap { start in
      guard isBlank[start], !isBlank[start - 1],
        let end = isBlank[start...].firstIndex(of: false)
      else { return nil }
      return (
        String(decoding: bytes[..<start], as: UTF8.self), String(decoding: bytes[end...], as: UTF8.self)
      )
    }
  }
}
