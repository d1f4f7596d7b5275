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
    guard let image = HDF5Files.image(bytes, outside: HDF5Files.outside) else { return }
    // What the writer took is not the reader's.
    jml_fuzz_begin()
    var walk = HDF5Walk(knowsSecret: true)
    walk.all(image)
  }
}

enum HDF5Files {
  /// What must never be read by way of another file: a byte that nothing else has, over and over.
  static let secret: UInt8 = 0xFB
  static let outside: String = {
    let file = Scratch.folder.appendingPathComponent("outside").path
    Scratch.write([UInt8](repeating: secret, count: 1 << 12), to: file)
    return file
  }()

  /// The file that a recipe makes; nil where there can be none.
  static func image(_ recipe: [UInt8], outside: String) -> Data? {
    var image: UnsafeMutablePointer<UInt8>?
    let size = jml_fuzz_borders(recipe, recipe.count, outside, &image)
    guard let image, size > 0 else {
      free(image)
      return nil
    }
    return Data(bytesNoCopy: image, count: size, deallocator: .free)
  }

  /// As the project writes them, which is as widely as the library does; and small ones of everything else, in which a
  /// mutation seldom strikes what nobody reads.
  static func seeds() throws -> [(name: String, bytes: [UInt8])] {
    let small = recipes().compactMap { name, recipe -> (name: String, bytes: [UInt8])? in
      guard let image = HDF5Files.image(recipe, outside: "outside"), image.count <= 2560 else { return nil }
      return ("recipe-\(name)", [UInt8](image))
    }
    func image(_ body: (HDF5Writer) throws -> Void) throws -> [UInt8] {
      let writer = try HDF5Writer(name: "seed")
      try body(writer)
      return [UInt8](try writer.image())
    }
    return small + [
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

/// Everything of a file: what does not fit is an error of the reader's own kind.
///
/// The first dataset and the first attribute are asked for by every reader, which is most of what an input costs. Of others,
/// the first reader that takes one says which of the rest can: those that refuse the type have been tried. Immense ones,
/// which are zeros, are read once.
struct HDF5Walk {
  /// Whether no object holds the secret of its own.
  var knowsSecret = false
  /// Of a group that is its own descendant there would be no end.
  private var objects = 24
  private var (hasReadDataset, hasReadAttribute) = (false, false)
  /// Values of a dataset that every reader may read.
  private static let immense = 1 << 14

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
      } else if depth < 4 {
        visit(file, path, depth: depth + 1)
      }
    }
  }

  private mutating func read(_ file: HDF5File, _ path: String, _ shape: [Int]) {
    let once = HDF5Walk.isImmense(shape)
    let all = !hasReadDataset && !once
    hasReadDataset = hasReadDataset || all
    func check<Value>(_ values: [Value]?, _ place: String) -> Bool {
      guard let values else { return false }
      // What a reader gives fits into memory, so the product does not overflow.
      Broken.unless(
        values.count == shape.reduce(1, *), "\(values.count) values of \(path) \(shape) as \(place)")
      refuseSecret(values, path)
      return true
    }
    let isFloat = check(attempt { try file.floats(path) }, "floats")
    if all || (isFloat && !once) { _ = check(attempt { try file.doubles(path) }, "doubles") }
    let isInteger = (all || !isFloat) && check(attempt { try file.int64s(path) }, "int64s")
    if all || (isInteger && !once) { _ = check(attempt { try file.int32s(path) }, "int32s") }
    // One byte of an integer, or an enumeration, which no other reader takes.
    let mayBeBytes = isInteger ? !once : !isFloat
    let isBytes = (all || mayBeBytes) && check(attempt { try file.bytes(path) }, "bytes")
    if all || !(isFloat || isInteger || isBytes) {
      _ = check(attempt { try file.strings(path) }, "strings")
    }
    let extent = shape.first ?? 1
    for index in Set([0, extent - 1, extent]).sorted() where all || index == extent - 1 {
      if all || isFloat {
        let slice = attempt { try file.floats(path, slice: index) }
        Broken.unless(
          slice == nil || slice?.count == shape.dropFirst().reduce(1, *),
          "a slice of \(path) \(shape) of another size")
      }
      if all || isBytes { _ = attempt { try file.bytes(path, slice: index) } }
    }
  }

  private static func isImmense(_ shape: [Int]) -> Bool {
    var count = 1
    for extent in shape {
      let product = count.multipliedReportingOverflow(by: extent)
      if product.overflow { return true }
      count = product.partialValue
    }
    return count > immense
  }

  private mutating func readAttributes(_ file: HDF5File, _ object: String) {
    for name in attempt({ try file.attributeNames(at: object) }) ?? [] {
      let all = !hasReadAttribute
      hasReadAttribute = true
      if all { _ = attempt { try file.hasAttribute(name, at: object) } }
      let isFloat = attempt { try file.attribute(doubles: name, at: object) } != nil
      if all || isFloat { _ = attempt { try file.attribute(double: name, at: object) } }
      let isInteger = (all || !isFloat) && attempt { try file.attribute(ints: name, at: object) } != nil
      if all || isInteger { _ = attempt { try file.attribute(int: name, at: object) } }
      if all || !(isFloat || isInteger) {
        _ = attempt { try file.attribute(strings: name, at: object) }
        _ = attempt { try file.attribute(string: name, at: object) }
      }
    }
  }

  private func refuseSecret<Value>(_ values: [Value], _ path: String) {
    guard knowsSecret, !values.isEmpty, Value.self != String.self else { return }
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
