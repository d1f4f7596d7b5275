import Platform

/// Every file below a folder, also in folders in it, each folder once.
struct FolderWalk {
  /// Paths below the root, in the order of their bytes.
  private(set) var paths: [String] = []
  /// Those among them that lead nowhere, and why.
  private(set) var unreachable: [(path: String, reason: String)] = []
  private(set) var listing = SplitListing()
  private let root: String
  private let namesMatter: Bool
  private var seen: [Folder.Identity: String] = [:]
  /// Folders in folders that are looked into.
  private static let maximumDepth = 32

  /// - Parameters:
  ///   - folder: below the root; empty for the root itself.
  ///   - namesMatter: as in `SplitListing.contents(of:namesMatter:)`.
  init(_ root: String, _ folder: String, namesMatter: Bool) {
    self.root = root
    self.namesMatter = namesMatter
    walk(folder, depth: 0)
    paths.sort { FileName($0) < FileName($1) }
  }

  private mutating func walk(_ folder: String, depth: Int) {
    let path = FolderWalk.joined(root, folder)
    guard depth < FolderWalk.maximumDepth else {
      listing.errors.append(
        .folder(path: path, reason: "more than \(FolderWalk.maximumDepth) folders in each other"))
      return
    }
    do {
      let identity = try Folder.Identity(path)
      if let other = seen[identity] {
        listing.errors.append(.sameFolder(paths: [other, path]))
        return
      }
      seen[identity] = path
    } catch {
      listing.errors.append(.folder(path: path, reason: error.reason))
      return
    }
    for entry in listing.visible(in: path, namesMatter: namesMatter) {
      let below = FolderWalk.joined(folder, entry.name)
      if entry.kind == .folder {
        walk(below, depth: depth + 1)
      } else {
        paths.append(below)
        if case .unreachable(let reason) = entry.kind { unreachable.append((below, reason)) }
      }
    }
  }

  static func joined(_ folder: String, _ name: String) -> String {
    if folder.isEmpty { return name }
    if name.isEmpty { return folder }
    return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }
}
