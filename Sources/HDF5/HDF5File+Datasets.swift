import CHDF5

extension HDF5File {
  /// Extents of a dataset, outermost first; empty for a scalar.
  public func shape(_ dataset: String) throws -> [Int] {
    let opened = try openDataset(dataset)
    return try extents(of: opened.id, named: dataset)
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
    let opened = try openDataset(dataset)
    let shape = try extents(of: opened.id, named: dataset)
    let stored = try Handle(
      H5Dget_type(opened.id), close: H5Tclose, orThrow: { self.failure(dataset, "typing", $0) })
    let count = try count(
      of: shape, bytes: H5Tget_size(stored.id), stored: Int(clamping: H5Dget_storage_size(opened.id)),
      ratio: ratio(of: opened.id), named: dataset)
    guard H5Tget_class(stored.id) == H5T_STRING, H5Tis_variable_str(stored.id) > 0 else {
      return try readStrings(dataset, type: stored.id, count: count) { memory, buffer in
        H5Dread(opened.id, memory, jml_h5_all(), jml_h5_all(), jml_h5_default(), buffer)
      }
    }
    return try texts(opened.id, stored.id, count, named: dataset)
  }

  /// Texts of variable length. Many places of a dataset may point to one long text, and each gets a copy of it, so that memory is
  /// counted while it is taken: the library's own measuring of them beforehand (1.10.8) reads place by place, and writes past
  /// the end of its memory where there is one.
  /// - Throws: `HDF5Error.unstored`.
  private func texts(_ dataset: hid_t, _ type: hid_t, _ count: Int, named name: String) throws -> [String] {
    let stored = try fileSize()
    let transfer = try HDF5Library.transfer(bytes: count.multipliedReportingOverflow(by: 16).partialValue) {
      self.failure(name, "reading", $0)
    }
    let texts = UnsafeMutablePointer<jml_h5_texts>.allocate(capacity: 1)
    texts.initialize(to: jml_h5_texts())
    // In the file they lie as they are.
    texts.pointee.left = max(HDF5File.harmless, stored)
    defer {
      jml_h5_let_texts_go(texts)
      texts.deallocate()
    }
    guard jml_h5_take_texts(transfer.id, texts) >= 0 else { throw failure(name, "reading") }
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    guard count > 0 else { return [] }
    let status = pointers.withUnsafeMutableBytes {
      H5Dread(dataset, type, jml_h5_all(), jml_h5_all(), transfer.id, $0.baseAddress)
    }
    guard status >= 0 else {
      guard texts.pointee.refused == 0 else {
        let wanted = texts.pointee.taken.addingReportingOverflow(texts.pointee.refused).partialValue
        throw HDF5Error.unstored(path: path, object: name, shape: [Int(clamping: wanted)], stored: stored)
      }
      throw failure(name, "reading")
    }
    return pointers.map { pointer in pointer.map { String(cString: $0) } ?? "" }
  }

  func openDataset(_ dataset: String) throws -> Handle {
    let opened = try open(dataset)
    guard H5Iget_type(opened.id) == H5I_DATASET else {
      throw HDF5Error.wrongType(path: path, object: dataset, wanted: "a dataset", found: "a group")
    }
    try checkIsInside(opened.id, named: dataset)
    return opened
  }

  private func read<Element: HDF5Element>(_ dataset: String, _ checkShape: ShapeCheck) throws -> [Element] {
    let opened = try openDataset(dataset)
    let shape = try extents(of: opened.id, named: dataset)
    try checkShape(shape)
    let stored = try Handle(
      H5Dget_type(opened.id), close: H5Tclose, orThrow: { self.failure(dataset, "typing", $0) })
    try check(stored.id, holds: Element.self, dataset)
    let count = try count(
      of: shape, bytes: MemoryLayout<Element>.stride, stored: Int(clamping: H5Dget_storage_size(opened.id)),
      ratio: ratio(of: opened.id), named: dataset)
    var values = [Element](repeating: .zero, count: count)
    guard !values.isEmpty else { return values }
    let transfer = try transfer(stored.id, values, named: dataset)
    let status = values.withUnsafeMutableBytes {
      H5Dread(opened.id, Element.memoryType, jml_h5_all(), jml_h5_all(), transfer.id, $0.baseAddress)
    }
    guard status >= 0 else { throw failure(dataset, "reading") }
    return values
  }

  /// - Parameter stored: the type in the file.
  func transfer<Element>(_ stored: hid_t, _ values: [Element], named name: String) throws -> Handle {
    let bytes = max(H5Tget_size(stored), MemoryLayout<Element>.stride)
    return try HDF5Library.transfer(bytes: values.count.multipliedReportingOverflow(by: bytes).partialValue) {
      self.failure(name, "reading", $0)
    }
  }

  private func extents(of dataset: hid_t, named name: String) throws -> [Int] {
    let space = try Handle(
      H5Dget_space(dataset), close: H5Sclose, orThrow: { self.failure(name, "measuring", $0) })
    return try extents(ofSpace: space.id, named: name)
  }

  func extents(ofSpace space: hid_t, named name: String) throws -> [Int] {
    let rank = H5Sget_simple_extent_ndims(space)
    guard rank >= 0 else { throw failure(name, "measuring") }
    guard H5Sget_simple_extent_type(space) != H5S_NULL else { return [0] }
    guard rank > 0 else { return [] }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    guard H5Sget_simple_extent_dims(space, &extents, nil) >= 0 else { throw failure(name, "measuring") }
    return try extents.map { extent in
      guard let extent = Int(exactly: extent) else {
        throw failure(name, "measuring", "an extent of \(extent)")
      }
      return extent
    }
  }

  func check<Element: HDF5Element>(_ type: hid_t, holds element: Element.Type, _ object: String) throws {
    let unsigned = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE
    guard Element.accepts(H5Tget_class(type), bytes: H5Tget_size(type), unsigned: unsigned) else {
      throw HDF5Error.wrongType(
        path: path, object: object, wanted: Element.wanted, found: describe(type: type))
    }
  }

  /// Reads `count` strings of the stored type through `read(memory type, buffer)`.
  func readStrings(
    _ object: String, type: hid_t, count: Int, read: (hid_t, UnsafeMutableRawPointer?) -> herr_t
  ) throws -> [String] {
    guard H5Tget_class(type) == H5T_STRING else {
      throw HDF5Error.wrongType(path: path, object: object, wanted: "strings", found: describe(type: type))
    }
    guard count > 0 else { return [] }
    if H5Tis_variable_str(type) > 0 {
      var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
      guard pointers.withUnsafeMutableBytes({ read(type, $0.baseAddress) }) >= 0 else {
        throw failure(object, "reading")
      }
      defer { for pointer in pointers { H5free_memory(pointer) } }
      return pointers.map { pointer in pointer.map { String(cString: $0) } ?? "" }
    }
    let width = H5Tget_size(type)
    var bytes = [UInt8](repeating: 0, count: width * count)
    guard bytes.withUnsafeMutableBytes({ read(type, $0.baseAddress) }) >= 0 else {
      throw failure(object, "reading")
    }
    let spacePadded = H5Tget_strpad(type) == H5T_STR_SPACEPAD
    return (0..<count).map { index in
      var field = bytes[index * width..<(index + 1) * width].prefix { $0 != 0 }
      while spacePadded, field.last == UInt8(ascii: " ") { field.removeLast() }
      return String(decoding: field, as: UTF8.self)
    }
  }
}
