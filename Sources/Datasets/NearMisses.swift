import Platform

/// Names what lies where a file is missed and has almost its name.
struct NearMisses {
  /// Names of a folder, by what is left of them without case and normalisation, whole and without ending.
  private struct Names {
    var whole: [String: String] = [:]
    var stems: [String: String] = [:]
  }

  private var folders: [String: Names] = [:]

  /// The error with a hint, if there is one.
  mutating func hinted(_ error: DatasetError) -> DatasetError {
    switch error {
    case .missingImage(let path, let label, nil): .missingImage(path: path, label: label, hint: hint(path))
    case .missingLabel(let path, let image, nil): .missingLabel(path: path, image: image, hint: hint(path))
    default: error
    }
  }

  private mutating func hint(_ path: String) -> String? {
    let name = FileNaming.last(path)
    let folder = String(path.dropLast(name.count))
    let names = folders[folder] ?? read(folder)
    folders[folder] = names
    if let other = names.whole[name.lowercased()] {
      // Strings are equal if just the code points of their accents differ.
      return other == name
        ? "'\(other)' is there in another Unicode normalisation, which is another name: rename it, or rewrite the list"
        : "'\(other)' is there, in other upper and lower case"
    }
    return names.stems[NearMisses.stem(name).lowercased()].map { "'\($0)' is there, with another ending" }
  }

  private func read(_ folder: String) -> Names {
    var names = Names()
    let contents: Folder.Contents
    do {
      contents = try Folder.contents(folder)
    } catch {
      // The listing has said why.
      return names
    }
    for entry in contents.entries {
      names.whole[entry.name.lowercased()] = entry.name
      names.stems[NearMisses.stem(entry.name).lowercased()] = entry.name
    }
    return names
  }

  private static func stem(_ name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
    return String(name[..<dot])
  }
}
