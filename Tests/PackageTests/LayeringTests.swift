import Foundation
import Testing

/// ARCHITECTURE.md's table is the law: SwiftPM builds an import of an undeclared target without a word.
@Suite struct LayeringTests {
  /// Every room may import these.
  static let platform: Set<String> = ["Foundation", "Glibc", "Dispatch", "Synchronization"]

  /// Module names that the Swift files of a room import.
  private func imports(of file: String) throws -> [String] {
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return try Repository.text(file).split(separator: "\n").compactMap { line in
      var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
      while let first = words.first,
        first.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(first)
      { words.removeFirst() }
      guard words.first == "import" else { return nil }
      words.removeFirst()
      if let first = words.first, kinds.contains(first) { words.removeFirst() }
      return words.first.map { String($0.prefix { $0.isLetter || $0.isNumber || $0 == "_" }) }
    }
  }

  @Test func tableListsEveryRoomOnce() throws {
    let names = try Room.all().map(\.name)
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: Repository.root.appendingPathComponent("Sources").path
    ).filter { !$0.hasPrefix(".") }
    #expect(names.sorted() == folders.sorted())
  }

  @Test func roomsOnlyImportRoomsBelow() throws {
    let rooms = try Room.all()
    let order = Dictionary(uniqueKeysWithValues: rooms.enumerated().map { ($1.name, $0) })
    for (index, room) in rooms.enumerated() {
      for name in room.imports.sorted() {
        if let other = order[name] {
          #expect(other < index, "\(room.name) imports \(name), which stands above it")
        }
      }
    }
  }

  @Test func filesImportWhatTheTableAllows() throws {
    var files = 0
    for room in try Room.all() {
      for file in try Repository.files(below: "Sources/\(room.name)", ["swift"]) {
        files += 1
        for name in try imports(of: file) {
          let allowed = room.imports.union(LayeringTests.platform)
          #expect(allowed.contains(name), "\(file) imports \(name); allowed: \(room.imports.sorted())")
        }
      }
    }
    #expect(files > 20)
  }

  /// `room("A", ["B", .product(name: "C", package: "P")])` in Package.swift, and the executable's target.
  @Test func packageDeclaresNoMore() throws {
    let package = try Repository.text("Package.swift")
    let rooms = Dictionary(uniqueKeysWithValues: try Room.all().map { ($0.name, $0.imports) })
    let declaration = try Regex(
      #"(?:room\(\s*|executableTarget\(\s*name:\s*)"(\w+)",\s*(?:dependencies:\s*)?\[([^\]]*)\]"#)
    let item = try Regex(#"\.product\(name:\s*"(\w+)",\s*package:\s*"[^"]*"\)|"(\w+)""#)
    var found: Set<String> = []
    for match in package.matches(of: declaration) {
      guard let name = match[1].substring, let list = match[2].substring else { continue }
      found.insert(String(name))
      let allowed = try #require(rooms[String(name)], "\(name) is not in ARCHITECTURE.md")
      for dependency in list.matches(of: item) {
        let module = String(try #require(dependency[1].substring ?? dependency[2].substring))
        #expect(allowed.contains(module), "Package.swift lets \(name) depend on \(module)")
      }
    }
    // C targets have no Swift imports; every other room is declared by one of the two forms.
    #expect(found == Set(rooms.keys.filter { !$0.hasPrefix("C") }))
  }
}
