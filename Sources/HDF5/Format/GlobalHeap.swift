/// Global heaps: the texts of variable length, in collections of some kilobytes.
///
/// A collection is kept once it was read, since texts point into few of them over and over. All that are kept have no more bytes
/// than the file, which distinct ones have not.
struct GlobalHeap {
  private struct Collection {
    let bytes: [UInt8]
    /// Where objects lie in `bytes`, by their index.
    var objects: [Int: Range<Int>] = [:]
  }

  private let visit: Visit
  private var collections: [Int: Collection] = [:]
  private var kept = 0

  init(_ visit: Visit) { self.visit = visit }

  mutating func object(_ index: Int, of address: Int) throws -> ArraySlice<UInt8> {
    let collection = try collection(at: address)
    guard let place = collection.objects[index] else {
      throw Malformed("the global heap at \(address) has no object \(index)")
    }
    return collection.bytes[place]
  }

  private mutating func collection(at address: Int) throws -> Collection {
    if let known = collections[address] { return known }
    // What follows it begins at a multiple of 8 bytes.
    let prefix = GlobalHeap.padded(8 + visit.superblock.lengthSize)
    var cursor = try visit.cursor(at: address, count: prefix, "a global heap")
    try cursor.signature("GCOL")
    _ = try cursor.version(1...1)
    try cursor.skip(3)
    let size = try cursor.length()
    kept = try Checked.sum(kept, size, "a global heap")
    guard kept <= visit.source.count else { throw Malformed("global heaps that overlap") }
    let read = try GlobalHeap.read(visit.cursor(at: address, count: size, "a global heap"), skipping: prefix)
    collections[address] = read
    return read
  }

  private static func read(_ whole: Cursor, skipping prefix: Int) throws -> Collection {
    var cursor = whole
    var copy = whole
    var collection = Collection(bytes: try copy.take(copy.left))
    try cursor.skip(prefix)
    let header = padded(8 + cursor.lengthSize)
    // What is too short for an object is nothing.
    while cursor.left >= header {
      let index = try cursor.two()
      try cursor.skip(6)
      let size = try cursor.length()
      try cursor.skip(header - 8 - cursor.lengthSize)
      // The rest is free.
      guard index > 0 else { break }
      let start = cursor.position
      try cursor.skip(size)
      collection.objects[index] = start..<start + size
      try cursor.skip(min((8 - size % 8) % 8, cursor.left))
    }
    return collection
  }

  private static func padded(_ size: Int) -> Int { (size + 7) / 8 * 8 }
}
