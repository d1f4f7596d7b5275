import Foundation

/// Where the images or the labels of a folder data set lie: `train/*_sat.jpg`, where `*` is the identifier and may
/// run over several folders, or a folder alone, whose PNG and JPEG files are meant and whose identifiers are their
/// names without the ending.
struct FilePattern {
  /// `*` stands between prefix and suffix; nil: `prefix` is a folder.
  private let prefix: String
  private let suffix: String?
  private static let endings = [".jpg", ".jpeg", ".png"]
  /// Folders in folders that are looked into; also ends a circle of links.
  private static let maximumDepth = 16

  /// - Parameter text: relative, `/`-separated, with one `*` or none.
  init(_ text: String) {
    let parts = text.split(separator: "*", omittingEmptySubsequences: false)
    precondition(parts.count <= 2, "FilePattern: '\(text)' has more than one *")
    prefix = String(parts[0])
    suffix = parts.count == 2 ? String(parts[1]) : nil
  }

  /// The path of an identifier below the root; of a folder's file, as if it were a JPEG or PNG in this order.
  func path(_ id: String) -> String {
    guard let suffix else { return joined(prefix, id + FilePattern.endings[0]) }
    return prefix + id + suffix
  }

  /// The fixed part, for messages.
  var folder: String {
    guard suffix != nil else { return prefix }
    return prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
  }

  /// Identifiers and paths below `root` of every file that fits, by Unicode scalar order of the paths.
  /// - Throws: `DatasetError.ambiguous` when two files of a folder differ in their endings alone.
  func files(root: String, dataset: String) throws -> [(id: String, path: String)] {
    var found: [(id: String, path: String)] = []
    walk(root, folder, depth: 0) { path in
      if let id = identifier(of: path) { found.append((id, path)) }
    }
    found.sort { $0.path.unicodeScalars.lexicographicallyPrecedes($1.path.unicodeScalars) }
    var known: [String: String] = [:]
    for (id, path) in found {
      if let other = known.updateValue(path, forKey: id) {
        throw DatasetError.ambiguous(
          dataset: dataset, id: id, paths: ["\(root)/\(other)", "\(root)/\(path)"])
      }
    }
    return found
  }

  private func identifier(of path: String) -> String? {
    if let suffix {
      guard path.hasPrefix(prefix), path.hasSuffix(suffix),
        path.utf8.count > prefix.utf8.count + suffix.utf8.count
      else { return nil }
      return String(path.dropFirst(prefix.count).dropLast(suffix.count))
    }
    guard let ending = FilePattern.endings.first(where: { path.lowercased().hasSuffix($0) }) else {
      return nil
    }
    let start = prefix.isEmpty || prefix.hasSuffix("/") ? prefix.count : prefix.count + 1
    return String(path.dropFirst(start).dropLast(ending.count))
  }

  private func walk(_ root: String, _ folder: String, depth: Int, _ visit: (String) -> Void) {
    guard depth < FilePattern.maximumDepth else { return }
    for name in FolderListing.names(in: joined(root, folder)) {
      let path = joined(folder, name)
      if FolderListing.isFolder(joined(root, path)) {
        walk(root, path, depth: depth + 1, visit)
      } else {
        visit(path)
      }
    }
  }

  private func joined(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}
