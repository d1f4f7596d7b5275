import Foundation
import JSON

/// A folder of files that a program makes anew each time. It knows its own files by a list that it keeps beside them, and
/// neither replaces nor removes any other.
public struct GeneratedFolder: Sendable {
  public static let listName = "manifest.json"

  public struct File: Sendable {
    /// Relative, with `/` between folders.
    public let path: String
    public let data: Data

    public init(path: String, data: Data) {
      (self.path, self.data) = (path, data)
    }
  }

  public let folder: URL

  public init(_ folder: URL) { self.folder = folder }

  /// Makes the folder hold these files and, of its own earlier ones, no other. Files that have the wanted bytes are left as
  /// they are. A process that is killed on the way leaves a folder that the next one can finish.
  /// - Parameter files: each path once.
  /// - Returns: how many files were written and removed, the list aside.
  /// - Throws: `ResultsError.damaged` for a list that names what cannot be the folder's own; `.wrongKind` where somebody
  ///   else's file, a link or a device is in the way; `.fileSystem`. Nothing is written before everything was looked at.
  public func replace(with files: [File]) throws -> (written: Int, removed: Int) {
    let wanted = Set(files.map(\.path))
    precondition(
      wanted.count == files.count && files.allSatisfy { Self.isInside($0.path) },
      "GeneratedFolder: paths must be relative, inside the folder and different")
    try FileSystem.checkIsFolder(folder)
    let own = try list()
    for file in files { try checkWay(to: file.path, isOwn: own.contains(file.path)) }
    for path in own where !wanted.contains(path) { try checkWay(to: path, isOwn: true) }

    try FileSystem.make(folder: folder)
    // Whatever happens from here on, each file that is there will be known as this program's.
    try write(list: own.union(wanted))
    var written = 0
    for file in files {
      let url = folder.appendingPathComponent(file.path)
      guard try FileSystem.read(url) != file.data else { continue }
      try FileSystem.make(folder: url.deletingLastPathComponent())
      // What is lost with the power differs from what is wanted, and is written next time.
      try AtomicFile.write(file.data, to: url, synced: false)
      written += 1
    }
    let old = own.subtracting(wanted).sorted()
    for path in old { try remove(path) }
    try write(list: wanted)
    return (written, old.count)
  }

  private var listFile: URL { folder.appendingPathComponent(Self.listName) }

  /// Files of an earlier time; none without a list.
  private func list() throws -> Set<String> {
    struct List: Decodable { let files: [String] }
    guard let data = try FileSystem.read(listFile) else { return [] }
    let paths = try StoredJSON.decode(List.self, from: data, name: listFile.path).files
    if let stray = paths.first(where: { !Self.isInside($0) }) {
      throw ResultsError.damaged(
        path: listFile.path, reason: "it names '\(stray)', which is no file inside the folder")
    }
    return Set(paths)
  }

  private func write(list: Set<String>) throws {
    let value = JSONValue.object(["files": .array(list.sorted().map { .string($0) })])
    let data = Data(value.pretty.utf8)
    guard try FileSystem.read(listFile) != data else { return }
    try AtomicFile.write(data, to: listFile)
  }

  /// Every folder on the way is one, and no link; what would be replaced is this program's own regular file.
  private func checkWay(to path: String, isOwn: Bool) throws {
    var url = folder
    for part in path.split(separator: "/").dropLast() {
      url.appendPathComponent(String(part))
      try FileSystem.checkIsFolder(url)
    }
    let file = folder.appendingPathComponent(path)
    try FileSystem.checkIsReplaceable(file)
    if !isOwn, FileSystem.exists(file) {
      throw ResultsError.wrongKind(
        path: file.path, reason: "it is not a file that \(Self.listName) lists, and is not replaced")
    }
  }

  /// And the folders that it leaves empty.
  private func remove(_ path: String) throws {
    try FileSystem.remove(folder.appendingPathComponent(path))
    var parts = path.split(separator: "/").dropLast()
    while !parts.isEmpty {
      let url = folder.appendingPathComponent(parts.joined(separator: "/"))
      // One that is not empty stays.
      guard rmdir(url.path) == 0 else { return }
      parts = parts.dropLast()
    }
  }

  /// A path below the folder, and not the list.
  private static func isInside(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return path != listName && !parts.isEmpty
      && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
  }
}
