extension WeightFile {
  /// The same file with `prefix` taken from the names that begin with it; other names stay.
  ///
  /// - Throws: `WeightsError.noSuchPrefix`, and `.malformed` where two names would be one.
  public func stripping(_ prefix: String) throws(WeightsError) -> WeightFile {
    guard entries.contains(where: { $0.name.hasPrefix(prefix) }) else {
      throw .noSuchPrefix(path: path, prefix: prefix, names: entries.prefix(3).map(\.name))
    }
    let stripped = renamed(without: prefix)
    for (entry, next) in zip(stripped.entries, stripped.entries.dropFirst()) where entry.name == next.name {
      throw .malformed(
        path: path, reason: "without '\(prefix)', two of its tensors are named '\(entry.name)'")
    }
    return stripped
  }

  /// Dotted beginnings of names, up to four words, that at least half of `names` share, in a fixed order.
  static func commonPrefixes(_ names: [String]) -> [String] {
    var counts: [String: Int] = [:]
    for name in names {
      var prefix = ""
      for word in name.split(separator: ".", omittingEmptySubsequences: false).dropLast().prefix(4) {
        prefix += word + "."
        counts[prefix, default: 0] += 1
      }
    }
    return counts.filter { 2 * $0.value >= names.count }.keys.sorted()
  }
}
