import CFuzz
import Foundation
import HDF5

extension Target {
  /// The bytes of an HDF5 file, from the signature on.
  static let hdf5 = Target(
    name: "hdf5", longest: 8192, memory: 128 << 20, seconds: 4, seeds: { _ in try HDF5Files.seeds() }
  ) { bytes in
    var walk = HDF5Walk()
    walk.all(Data(bytes))
  }

  /// A file that the library has made, of objects that nobody expects: links out of it, data elsewhere, any type.
  static let borders = Target(
    name: "borders", longest: 256, memory: 128 << 20, seconds: 4, seeds: { _ in HDF5Files.recipes() }
  ) { bytes in
    var image: UnsafeMutablePointer<UInt8>?
    let size = jml_fuzz_borders(bytes, bytes.count, HDF5Files.outside.path, &image)
    defer { free(image) }
    guard let image, size > 0 else { return }
    // What the writer took is not the reader's.
    jml_fuzz_begin()
    var walk = HDF5Walk(knowsSecret: true)
    walk.all(Data(bytes: image, count: size))
  }
}

enum HDF5Files {
  /// What must never be read by way of another file: a byte that nothing else has, over and over.
  static let secret: UInt8 = 0xFB
  static let outside: URL = {
    let file = Scratch.folder.appendingPathComponent("outside")
    Scratch.write([UInt8](repeating: secret, count: 1 << 12), to: file)
    return file
  }()

  static func seeds() throws -> [(name: String, bytes: [UInt8])] {
    func image(_ body: (HDF5Writer) throws -> Void) throws -> [UInt8] {
      let writer = try HDF5Writer(name: "seed")
      try body(writer)
      return [UInt8](try writer.image())
    }
    return [
      ("floats", try image { try $0.write(floats: [1, 2.5, -3], shape: [3, 1], at: "weights/a.b") }),
      (
        "deflated",
        try image { try $0.write(int64s: Array(0..<24), shape: [4, 6], at: "eval/tp", compress: true) }
      ),
      ("strings", try image { try $0.write(strings: ["a", "", "é"], at: "ids") }),
      (
        "attributes",
        try image {
          try $0.write(attribute: "text", named: "note")
          try $0.write(attribute: 7, named: "n")
          try $0.write(attribute: 0.5, named: "x")
        }
      ),
      (
        "linked",
        try image {
          try $0.write(bytes: [1, 2], shape: [2], at: "g/a")
          try $0.link("g/a", as: "b")
        }
      ),
    ]
  }

  static func recipes() -> [(name: String, bytes: [UInt8])] {
    (0..<48).map { index in
      ("\(index)", (0..<48).map { UInt8(truncatingIfNeeded: ($0 + 2) * ($0 + index) * 29 + index * 7) })
    }
  }
}

/// Everything of a file by every reader: what does not fit is an error of the reader's own kind.
struct HDF5Walk {
  /// Whether no object holds the secret of its own.
  var knowsSecret = false
  private var objects = 64

  init(knowsSecret: Bool = false) { self.knowsSecret = knowsSecret }

  mutating func all(_ image: Data) {
    guard let file = attempt({ try HDF5File(image: image, name: "input") }) else { return }
    visit(file, "/", depth: 0)
  }

  private mutating func visit(_ file: HDF5File, _ group: String, depth: Int) {
    readAttributes(file, group)
    guard let names = attempt({ try file.children(of: group) }) else { return }
    for name in names where objects > 0 {
      objects -= 1
      let path = group == "/" ? name : "\(group)/\(name)"
      _ = file.exists(path)
      if let shape = attempt({ try file.shape(path) }) {
        read(file, path, shape)
        readAttributes(file, path)
      } else if depth < 5 {
        visit(file, path, depth: depth + 1)
      }
    }
  }

  private func read(_ file: HDF5File, _ path: String, _ shape: [Int]) {
    func check<Value>(_ values: [Value]?, _ place: String) {
      guard let values else { return }
      // What a reader gives fits into memory, so the product does not overflow.
      Broken.unless(
        values.count == shape.reduce(1, *), "\(values.count) values of \(path) \(shape) as \(place)")
      refuseSecret(values, path)
    }
    check(attempt { try file.floats(path) }, "floats")
    check(attempt { try file.doubles(path) }, "doubles")
    check(attempt { try file.bytes(path) }, "bytes")
    check(attempt { try file.int32s(path) }, "int32s")
    check(attempt { try file.int64s(path) }, "int64s")
    check(attempt { try file.strings(path) }, "strings")
    for index in [0, (shape.first ?? 1) - 1, shape.first ?? 1] {
      let slice = attempt { try file.floats(path, slice: index) }
      Broken.unless(
        slice == nil || slice?.count == shape.dropFirst().reduce(1, *),
        "a slice of \(path) \(shape) of another size")
      _ = attempt { try file.bytes(path, slice: index) }
    }
  }

  private func readAttributes(_ file: HDF5File, _ object: String) {
    for name in attempt({ try file.attributeNames(at: object) }) ?? [] {
      _ = attempt { try file.hasAttribute(name, at: object) }
      _ = attempt { try file.attribute(double: name, at: object) }
      _ = attempt { try file.attribute(int: name, at: object) }
      _ = attempt { try file.attribute(string: name, at: object) }
      _ = attempt { try file.attribute(doubles: name, at: object) }
      _ = attempt { try file.attribute(ints: name, at: object) }
      _ = attempt { try file.attribute(strings: name, at: object) }
    }
  }

  private func refuseSecret<Value>(_ values: [Value], _ path: String) {
    guard knowsSecret, !values.isEmpty, !(values is [String]) else { return }
    values.withUnsafeBytes { bytes in
      Broken.unless(!bytes.allSatisfy { $0 == HDF5Files.secret }, "\(path) was read from another file")
    }
  }

  private func attempt<Value>(_ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch {
      Broken.unlessTyped(error, HDF5Error.self)
      return nil
    }
  }
}
