/// Where the images or the labels of a folder data set lie: `train/*_sat.jpg`, where `*` is the identifier and may
/// run over several folders, or a folder alone, whose PNG and JPEG files are meant and whose identifiers are their
/// names without the ending. Endings may be in upper or lower case.
struct FilePattern {
  /// As the experiment file has it.
  let text: String
  /// `*` stands between prefix and suffix; nil: `prefix` is a folder.
  private let prefix: String
  private let suffix: String?

  /// - Parameter text: relative, `/`-separated, with one `*` or none.
  init(_ text: String) {
    let parts = text.split(separator: "*", omittingEmptySubsequences: false)
    precondition(parts.count <= 2, "FilePattern: '\(text)' has more than one *")
    self.text = text
    prefix = String(parts[0])
    suffix = parts.count == 2 ? String(parts[1]) : nil
  }

  /// The path of an identifier below the root; of a folder's file, as if it were a JPEG.
  func path(_ id: String) -> String {
    guard let suffix else { return FolderWalk.joined(prefix, id + FileNaming.jpegEndings[0]) }
    return prefix + id + suffix
  }

  /// The fixed part.
  var folder: String {
    guard suffix != nil else { return prefix }
    return prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
  }

  /// What `*` stands for in a path below the root; nil where the pattern does not fit.
  func identifier(of path: String) -> String? {
    if let suffix { return FileNaming.stem(path, prefix: prefix, suffix: suffix) }
    let start = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
    return FileNaming.pictureEndings.lazy.compactMap {
      FileNaming.stem(path, prefix: start, suffix: $0)
    }.first
  }

  /// Paths by identifier.
  /// - Parameter paths: below the root.
  /// - Returns: also the paths of identifiers that have more than one; of those the first path counts.
  func files(_ paths: [String]) -> (
    found: [(id: String, path: String)], ambiguous: [(id: String, paths: [String])]
  ) {
    var places: [FileName: Int] = [:]
    var found: [(id: String, path: String)] = []
    var others: [Int: [String]] = [:]
    for path in paths {
      guard let id = identifier(of: path) else { continue }
      if let place = places[FileName(id)] {
        others[place, default: []].append(path)
      } else {
        places[FileName(id)] = found.count
        found.append((id, path))
      }
    }
    let ambiguous = others.keys.sorted().map { place in
      (found[place].id, [found[place].path] + (others[place] ?? []))
    }
    return (found, ambiguous)
  }
}
