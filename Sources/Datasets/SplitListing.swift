import Platform

/// What listing the files of a split has shown besides its samples.
public struct SplitListing: Equatable, Sendable {
  /// Folders that cannot be read, names that stand twice and the like: samples are missing or wrong.
  public internal(set) var errors: [DatasetError] = []
  public internal(set) var warnings: [String] = []
  /// The folder of the data set.
  public internal(set) var base = ""
  /// Names in `base` that the layout knows.
  public internal(set) var known: Set<String> = []
  /// Files that are read besides the samples': the split's list.
  public internal(set) var lists: [String] = []
  /// Every file in the folders that were looked into, used or not, and entries that are no files.
  public internal(set) var files: [FoundFile] = []

  public init() {}

  mutating func add(_ path: String, with image: String? = nil, ifUnused meaning: FoundFile.Meaning) {
    files.append(FoundFile(path: path, image: image, ifUnused: meaning))
  }

  /// What a folder holds; nothing and an error when it cannot be read.
  /// - Parameter namesMatter: whether a file that cannot be named is a sample less.
  mutating func contents(of folder: String, namesMatter: Bool) -> [Folder.Entry] {
    do {
      let contents = try Folder.contents(folder)
      for name in contents.undecodable {
        if namesMatter {
          errors.append(.undecodableName(path: "\(folder)/\(name)"))
        } else {
          add("\(folder)/\(name)", ifUnused: .warning("names that are not UTF-8, by which nothing is found"))
        }
      }
      return contents.entries
    } catch {
      errors.append(.folder(path: folder, reason: error.reason))
      return []
    }
  }

  /// The same without hidden entries, which are noted.
  mutating func visible(in folder: String, namesMatter: Bool) -> [Folder.Entry] {
    contents(of: folder, namesMatter: namesMatter).filter { entry in
      guard entry.name.hasPrefix(".") else { return true }
      addHidden(folder, entry.name)
      return false
    }
  }

  mutating func addHidden(_ folder: String, _ name: String) {
    add(
      "\(folder)/\(name)",
      ifUnused: FileNaming.isPicture(name) ? .warning("hidden pictures") : .note("hidden"))
  }
}

/// A file in a folder of a data set.
public struct FoundFile: Equatable, Sendable {
  /// What it means if no sample has the file: how bad, and what such files are, in words that fit one and many.
  public enum Meaning: Hashable, Sendable {
    case note(String)
    case warning(String)
  }

  public let path: String
  /// The image that it goes with; nil: none. It need not be used when that image is.
  public let image: String?
  public let ifUnused: Meaning
}
