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

  /// No more than the row, or a room knows what it should not; no less, or the table says nothing.
  @Test func filesImportWhatTheTableNames() throws {
    var files = 0
    for room in try Room.all() where !room.isC {
      var used: Set<String> = []
      for file in try Repository.files(below: "Sources/\(room.name)", ["swift"]) {
        files += 1
        let names = Set(try imports(of: file)).subtracting(LayeringTests.platform)
        let stray = names.subtracting(room.imports).sorted()
        #expect(stray.isEmpty, "\(file) imports \(stray); allowed: \(room.imports.sorted())")
        used.formUnion(names)
      }
      let idle = room.imports.subtracting(used).sorted()
      #expect(idle.isEmpty, "\(room.name) may import \(idle) and no file does")
    }
    #expect(files > 20)
  }

  /// Which library a header is of; nil for the language's own.
  private func library(ofHeader header: String) -> String? {
    let known = [
      "oneapi/dnnl/dnnl.hpp": "oneDNN", "cblas.h": "OpenBLAS", "png.h": "libpng",
      "jpeglib.h": "libjpeg", "jerror.h": "libjpeg",
      "hdf5.h": "libhdf5", "zlib.h": "zlib", "openssl/evp.h": "libcrypto", "CPlatform.h": "CPlatform",
      "mpi.h": "MPI", "mpi/mpi.h": "MPI", "mpi/mpi_proto.h": "MPI",
    ]
    let standard: Set<String> = [
      "stddef", "stdint", "stdio", "stdlib", "string", "setjmp", "math",
      // The system's.
      "fcntl", "unistd", "sched", "pthread", "sys/mman", "sys/syscall", "sys/vfs",
      // The compiler's.
      "immintrin", "dlfcn",
    ]
    if let name = known[header] { return name }
    if !header.contains(".") || standard.contains(String(header.dropLast(2))) { return nil }
    return header
  }

  /// The same for the C rooms. libgomp has no header: its entry points are declared where they are called.
  @Test func headersAreThoseOfTheLibrariesNamed() throws {
    let include = try Regex(#"^\s*#\s*include\s*<([^>]+)>"#).anchorsMatchLineEndings()
    for room in try Room.all() where room.isC {
      var used: Set<String> = []
      for file in try Repository.files(below: "Sources/\(room.name)", ["c", "cpp", "h", "hpp"]) {
        let text = try Repository.text(file)
        for match in text.matches(of: include) {
          guard let header = match[1].substring, let name = library(ofHeader: String(header)) else {
            continue
          }
          #expect(room.imports.contains(name), "\(file) includes <\(header)> of \(name)")
          used.insert(name)
        }
        if text.contains(#"extern "C" void GOMP_"#) { used.insert("libgomp") }
      }
      #expect(
        used == room.imports, "\(room.name) uses \(used.sorted()), its row names \(room.imports.sorted())")
    }
  }

  /// Modules that a target declares, by the target's name. `declaration` matches the name and its list.
  private func declared(_ declaration: String) throws -> [String: Set<String>] {
    let item = try Regex(#"\.product\(name:\s*"(\w+)",\s*package:\s*"[^"]*"\)|"(\w+)""#)
    var targets: [String: Set<String>] = [:]
    for match in try Repository.text("Package.swift").matches(of: Regex(declaration)) {
      guard let name = match[1].substring, let list = match[2].substring else { continue }
      let modules = list.matches(of: item).compactMap {
        ($0[1].substring ?? $0[2].substring).map(String.init)
      }
      targets[String(name)] = Set(modules)
    }
    return targets
  }

  /// `room("A", ["B", .product(name: "C", package: "P")])` in Package.swift, and the executable's target.
  @Test func packageDeclaresTheSame() throws {
    let targets = try declared(
      #"(?:room\(\s*|executableTarget\(\s*name:\s*)"(\w+)",\s*(?:dependencies:\s*)?\[([^\]]*)\]"#)
    let rooms = try Room.all().filter { !$0.isC }
    #expect(targets.keys.sorted() == rooms.map(\.name).sorted())
    for room in rooms {
      // Of Yams the parser that it brings is used.
      let modules = Set((targets[room.name] ?? []).map { $0 == "Yams" ? "CYaml" : $0 })
      #expect(
        modules == room.imports,
        "\(room.name): Package.swift declares \(modules.sorted()), its row names \(room.imports.sorted())")
    }
  }

  /// A test target that imports a module it does not declare builds or not depending on what was built before.
  @Test func testsDeclareWhatTheyImport() throws {
    let targets = try declared(#"tests\(\s*"(\w+)",\s*\[([^\]]*)\]"#)
    let always = LayeringTests.platform.union(["Testing", "TestSupport"])
    for (name, modules) in targets.sorted(by: { $0.key < $1.key }) {
      for file in try Repository.files(below: "Tests/\(name)", ["swift"]) {
        let stray = Set(try imports(of: file)).subtracting(modules).subtracting(always).sorted()
        #expect(stray.isEmpty, "\(file) imports \(stray), which \(name) does not declare in Package.swift")
      }
    }
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: Repository.root.appendingPathComponent("Tests").path
    ).filter { $0.hasSuffix("Tests") }
    #expect(targets.keys.sorted() == folders.sorted())
  }
}
