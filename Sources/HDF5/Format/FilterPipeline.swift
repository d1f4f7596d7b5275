/// The filter pipeline message: what was done to the bytes of a chunk before they were stored, the first filter first.
struct FilterPipeline {
  struct Filter {
    let number: Int
    let name: [UInt8]
    let values: [Int]

    /// For messages.
    var words: String {
      let known = [
        1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf",
        32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32015: "zstd",
      ]
      if let known = known[number] { return known }
      return name.isEmpty ? "\(number)" : "\(number) (\(String(decoding: name.prefix(64), as: UTF8.self)))"
    }
  }

  let filters: [Filter]

  init() { filters = [] }

  init(_ body: Cursor) throws {
    var body = body
    let version = try body.version(1...2)
    let count = try body.byte()
    // Bits of the mask that each chunk has.
    guard count <= 32 else { throw Malformed("it has \(count) filters") }
    if version == 1 { try body.skip(6) }
    filters = try (0..<count).map { _ in
      let number = try body.two()
      // Filters that the format defines have no name since version 2.
      var nameSize = version == 1 || number >= 256 ? try body.two() : 0
      try body.skip(2)
      let valueCount = try body.two()
      if version == 1 { nameSize = (nameSize + 7) / 8 * 8 }
      let name = try body.name(nameSize)
      let values = try (0..<valueCount).map { _ in try body.four() }
      if version == 1, valueCount % 2 == 1 { try body.skip(4) }
      return Filter(number: number, name: name, values: values)
    }
  }
}
