extension HDF5File {
  /// Extents of a dataset, outermost first; empty for a scalar.
  public func shape(_ dataset: String) throws -> [Int] {
    let opened = try open(dataset, Visit(source, superblock))
    return try reporting(dataset, "measuring") { try opened.space.shape() }
  }

  /// What a reader that wants a shape does with the one that it finds, before a value is read.
  public typealias ShapeCheck = (_ shape: [Int]) throws -> Void

  /// Row-major values of a dataset of floats (any precision).
  public func floats(_ dataset: String, check: ShapeCheck = { _ in }) throws -> [Float] {
    try read(dataset, check)
  }

  /// Row-major values of a dataset of floats (any precision).
  public func doubles(_ dataset: String, check: ShapeCheck = { _ in }) throws -> [Double] {
    try read(dataset, check)
  }

  /// Row-major values of a dataset of unsigned bytes or booleans.
  public func bytes(_ dataset: String, check: ShapeCheck = { _ in }) throws -> [UInt8] {
    try read(dataset, check)
  }

  /// Row-major values of a dataset of integers that 32 signed bits can hold.
  public func int32s(_ dataset: String, check: ShapeCheck = { _ in }) throws -> [Int32] {
    try read(dataset, check)
  }

  /// Row-major values of a dataset of integers that 64 signed bits can hold.
  public func int64s(_ dataset: String, check: ShapeCheck = { _ in }) throws -> [Int64] {
    try read(dataset, check)
  }

  /// Values of a dataset of strings, of variable or fixed length, UTF-8 or ASCII; row-major.
  public func strings(_ dataset: String) throws -> [String] {
    let visit = Visit(source, superblock)
    let opened = try open(dataset, visit)
    let values = try measure(opened, visit, named: dataset)
    let type = opened.type
    try checkText(type, dataset)
    let count = try count(of: values.shape, ofTexts: type, values.stored, values.ratio, named: dataset)
    guard count > 0 else { return [] }
    let bytes: [UInt8] = try read(
      opened, values, rows: nil, count: count * type.size, .same(type.size), visit, named: dataset)
    return try texts(bytes, type, count: count, visit, named: dataset)
  }

  private func read<Element: HDF5Element>(_ dataset: String, _ checkShape: ShapeCheck) throws -> [Element] {
    let visit = Visit(source, superblock)
    let opened = try open(dataset, visit)
    let values = try measure(opened, visit, named: dataset)
    try checkShape(values.shape)
    let conversion = try conversion(to: Element.self, from: opened.type, dataset)
    let count = try count(
      of: values.shape, bytes: MemoryLayout<Element>.stride, stored: values.stored, ratio: values.ratio,
      named: dataset)
    return try read(opened, values, rows: nil, count: count, conversion, visit, named: dataset)
  }

  /// - Parameters:
  ///   - rows: of the first axis; nil for all.
  ///   - count: elements that the values are in memory.
  func read<Element>(
    _ dataset: Dataset, _ values: StoredValues, rows: Range<Int>?, count: Int, _ conversion: Conversion,
    _ visit: Visit,
    named name: String
  ) throws -> [Element] {
    guard count > 0 else { return [] }
    let reader = DatasetReader(
      dataset, shape: values.shape, rows: rows, conversion, chunks: values.chunks, visit)
    return try reporting(name, "reading") {
      try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        try reader.read(
          into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count])))
        initialized = count
      }
    }
  }

  // MARK: - What a dataset has

  /// How much of a dataset is in the file.
  struct StoredValues {
    let shape: [Int]
    let chunks: (table: ChunkTable, shape: ChunkShape, layout: DataLayout.Chunks)?
    /// Bytes in the file, and what one of them may become.
    let stored: Int
    let ratio: Int
  }

  /// - Throws: `HDF5Error.elsewhere` for values in other files.
  func open(_ name: String, _ visit: Visit) throws -> Dataset {
    let header = try header(of: name, visit)
    let opened = try reporting(name, "opening") { try Dataset(header, visit) }
    guard let opened else {
      throw HDF5Error.wrongType(path: path, object: name, wanted: "a dataset", found: "a group")
    }
    guard !opened.isExternal else {
      throw HDF5Error.elsewhere(path: path, object: name, what: "stored in another file")
    }
    if case .virtual = opened.layout {
      throw HDF5Error.elsewhere(path: path, object: name, what: "a view of other files")
    }
    return opened
  }

  /// Refuses chunks that are more than there is.
  /// - Throws: `HDF5Error.unstored`, `.failed` for more bytes than the file has.
  func measure(_ dataset: Dataset, _ visit: Visit, named name: String) throws -> StoredValues {
    try reporting(name, "measuring") {
      let shape = try dataset.space.shape()
      let ratio = dataset.pipeline.filters.isEmpty ? HDF5File.plainRatio : HDF5File.filteredRatio
      var chunks: (table: ChunkTable, shape: ChunkShape, layout: DataLayout.Chunks)?
      let stored: Int
      switch dataset.layout {
      case .compact(let bytes): stored = bytes.count
      case .contiguous(nil, _): stored = 0
      case .contiguous(_, let bytes):
        stored = try bytes ?? Checked.product(shape, times: dataset.type.size, "a dataset")
      case .chunked:
        guard let (layout, chunkShape) = try dataset.chunkShape() else { fallthrough }
        let table = try table(of: dataset, layout, chunkShape, visit)
        stored = table.stored
        chunks = (table, chunkShape, layout)
        // A chunk is taken into memory whole, however little of it the shape shows.
        _ = try count(
          of: chunkShape.chunk, bytes: dataset.type.size, stored: stored, ratio: ratio, named: name)
      case .virtual: stored = 0
      }
      guard stored <= source.count else {
        throw Malformed("\(stored) bytes are said to be stored in a file of \(source.count)")
      }
      return StoredValues(shape: shape, chunks: chunks, stored: stored, ratio: ratio)
    }
  }

  private func table(
    of dataset: Dataset, _ layout: DataLayout.Chunks, _ shape: ChunkShape, _ visit: Visit
  ) throws -> ChunkTable {
    if let last = lastChunks.withLock({ $0 }), last.address == dataset.address { return last.table }
    let table = try ChunkIndex.table(layout, shape, visit)
    lastChunks.withLock { $0 = (dataset.address, table) }
    return table
  }

  func conversion<Element: HDF5Element>(
    to: Element.Type, from type: Datatype, _ object: String
  ) throws -> Conversion {
    guard let conversion = Element.conversion(from: type) else {
      throw HDF5Error.wrongType(path: path, object: object, wanted: Element.wanted, found: type.words)
    }
    return conversion
  }

  // MARK: - Texts

  func checkText(_ type: Datatype, _ object: String) throws {
    guard type.isText else {
      throw HDF5Error.wrongType(path: path, object: object, wanted: "strings", found: type.words)
    }
  }

  func count(
    of shape: [Int], ofTexts type: Datatype, _ stored: Int, _ ratio: Int, named name: String
  ) throws -> Int {
    // In memory each takes 16 bytes, besides its own if they are many; and time, where it has to be looked for.
    var least = 16
    if case .variableText = type.kind { least = 64 }
    return try count(
      of: shape, bytes: max(type.size, least), stored: stored, ratio: ratio, named: name)
  }

  /// - Parameter bytes: of `count` values of the type.
  func texts(_ bytes: [UInt8], _ type: Datatype, count: Int, _ visit: Visit, named name: String) throws
    -> [String]
  {
    if case .text(let padding) = type.kind { return Texts.fixed(bytes, width: type.size, padding) }
    return try reporting(name, "reading") {
      guard type.size == 8 + superblock.offsetSize else {
        throw Malformed("it has texts of variable length in places of \(type.size) bytes")
      }
      var texts = Texts(most: max(HDF5File.harmless, source.count), visit)
      do {
        // In the file they lie as they are.
        return try texts.variable(bytes, count: count)
      } catch let error as Texts.TooMany {
        throw HDF5Error.unstored(path: path, object: name, shape: [error.bytes], stored: source.count)
      }
    }
  }
}
