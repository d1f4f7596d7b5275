import Foundation
import Platform

/// Where a registry's files come from.
protocol RegistrySource {
  /// What lies directly in the root. Throws `RegistryError.unreadable`.
  func entries() throws -> [String]
  func has(_ folder: String) -> Bool
  /// Names in a folder, sorted, without hidden ones. Throws `RegistryError.unreadable`.
  func names(in folder: String) throws -> [String]
  /// - Parameter file: its path below the root, such as `losses/ce.yaml`.
  /// - Throws: `RegistryError.unreadable`.
  func text(of file: String) throws -> String
}

/// The folder `experiments`.
struct RegistryFolder: RegistrySource {
  private let root: URL

  init(_ root: URL) { self.root = root }

  func entries() throws -> [String] {
    try RegistryFolder.contents(of: root, file: root.lastPathComponent)
  }

  func has(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(folder).path)
  }

  func names(in folder: String) throws -> [String] {
    try RegistryFolder.contents(of: root.appendingPathComponent(folder), file: folder)
  }

  func text(of file: String) throws -> String {
    try Registry.text(root.appendingPathComponent(file).path, file: file)
  }

  private static func contents(of directory: URL, file: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { !$0.hasPrefix(".") }
        .sorted()
    } catch {
      throw RegistryError.unreadable(file: file, reason: "no such folder: \(directory.path)")
    }
  }
}

/// Files in memory. A folder without files is an empty one.
struct RegistryFiles: RegistrySource {
  private let files: [String: Data]
  /// Names by folder, sorted.
  private let folders: [String: [String]]

  /// - Parameter files: by their paths below the root.
  init(_ files: [String: Data]) {
    self.files = files
    folders = Dictionary(grouping: files.keys) { String($0.prefix { $0 != "/" }) }.mapValues { paths in
      paths.map { String($0.drop { $0 != "/" }.dropFirst()) }.sorted()
    }
  }

  func entries() -> [String] { folders.keys.sorted() }

  func has(_ folder: String) -> Bool { folders[folder] != nil }

  func names(in folder: String) -> [String] { folders[folder] ?? [] }

  func text(of file: String) throws -> String {
    guard let data = files[file] else {
      throw RegistryError.unreadable(file: file, reason: FileFailure.reason(ENOENT))
    }
    return try Registry.text(data, file: file)
  }
}
