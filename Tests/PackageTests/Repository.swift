import Foundation

/// The repository's own files, as text.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// Paths, relative to the root, of the files below `folder` with one of the extensions, sorted.
  static func files(below folder: String, _ extensions: Set<String>) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
      .filter { extensions.contains(URL(fileURLWithPath: $0).pathExtension) }
      .map { "\(folder)/\($0)" }.sorted()
  }

  /// Names in back quotes.
  static func quoted(_ text: Substring) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}

/// A row of ARCHITECTURE.md's table.
struct Room {
  let name: String
  let imports: Set<String>

  /// Without Swift files: a border to C, whose row names libraries.
  var isC: Bool { name.hasPrefix("C") && name.dropFirst().first?.isUppercase == true }

  /// Rooms from bottom to top. A row may name several rooms with the same imports.
  static func all() throws -> [Room] {
    let lines = try Repository.text("ARCHITECTURE.md").split(separator: "\n")
    guard let header = lines.firstIndex(where: { $0.hasPrefix("| room |") }) else { return [] }
    return lines[(header + 2)...].prefix { $0.hasPrefix("|") }.flatMap { line -> [Room] in
      let fields = line.split(separator: "|", omittingEmptySubsequences: false)
      guard fields.count >= 4 else { return [] }
      let imports = fields[3].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      return Repository.quoted(fields[1]).map { Room(name: $0, imports: Set(imports.filter { !$0.isEmpty })) }
    }
  }
}
