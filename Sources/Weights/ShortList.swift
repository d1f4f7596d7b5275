/// Names of tensors in a line for people: the first few, and how many more there are.
enum ShortList {
  private static let shown = 3
  private static let longest = 120

  /// - Parameter count: how many there are in all; nil: `items` are all.
  static func text(_ items: [String], of count: Int? = nil) -> String {
    let more = (count ?? items.count) - shown
    return items.prefix(shown).map(shortened).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  /// Begin and end of what is too long.
  static func shortened(_ item: String) -> String {
    guard item.count > longest else { return item }
    return "\(item.prefix(longest / 2))...\(item.suffix(longest / 2 - 3))"
  }
}
