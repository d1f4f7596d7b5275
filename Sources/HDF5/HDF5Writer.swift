import CHDF5
import Foundation

/// Builds a file in memory. It never touches the disk: `image()` returns the bytes, and whoever owns the
/// folder writes them. A disk that fails while the library writes would leave files that can be neither
/// closed nor reopened in the process.
///
/// Equal calls give equal bytes: no time stamps are stored. Not for use from two threads at once.
public final class HDF5Writer {
  /// For messages.
  public let name: String
  private let file: Handle

  /// Memory is taken in steps of this many bytes, or of what will be written, if that is less.
  private static let steps = 1 << 16...1 << 22

  /// - Parameters:
  ///   - name: for messages.
  ///   - bytes: of all that will be written, about: nothing but the memory that is taken at first depends on it.
  public init(name: String, expecting bytes: Int = .max) throws {
    HDF5Library.enter()
    self.name = name
    let fail = { (reason: String) in
      HDF5Error.failed(path: name, object: "/", operation: "creating", reason: reason)
    }
    let access = try Handle(H5Pcreate(jml_h5_class_file_access()), close: H5Pclose, orThrow: fail)
    let step = min(max(bytes, HDF5Writer.steps.lowerBound), HDF5Writer.steps.upperBound)
    guard H5Pset_fapl_core(access.id, step, false) >= 0 else { throw fail(HDF5Library.lastError()) }
    file = try Handle(
      H5Fcreate(HDF5Library.uniqueName(), jml_h5_truncate(), jml_h5_default(), access.id), close: H5Fclose,
      orThrow: fail)
  }

  /// Writes row-major float32 values of `shape`; missing groups on the way are made. `compress`: chunked,
  /// byte-shuffled and deflated.
  public func write(floats values: [Float], shape: [Int], at dataset: String, compress: Bool = false) throws {
    try values.withUnsafeBytes { try write($0, Float.self, shape, dataset, compress) }
  }

  /// Writes float32 values straight from memory, without a copy in between.
  public func write(
    floats values: UnsafeBufferPointer<Float>, shape: [Int], at dataset: String, compress: Bool = false
  ) throws {
    try write(UnsafeRawBufferPointer(values), Float.self, shape, dataset, compress)
  }

  public func write(doubles values: [Double], shape: [Int], at dataset: String, compress: Bool = false) throws
  {
    try values.withUnsafeBytes { try write($0, Double.self, shape, dataset, compress) }
  }

  public func write(bytes values: [UInt8], shape: [Int], at dataset: String, compress: Bool = false) throws {
    try values.withUnsafeBytes { try write($0, UInt8.self, shape, dataset, compress) }
  }

  public func write(int32s values: [Int32], shape: [Int], at dataset: String, compress: Bool = false) throws {
    try values.withUnsafeBytes { try write($0, Int32.self, shape, dataset, compress) }
  }

  public func write(int64s values: [Int64], shape: [Int], at dataset: String, compress: Bool = false) throws {
    try values.withUnsafeBytes { try write($0, Int64.self, shape, dataset, compress) }
  }

  /// Writes strings [count], UTF-8 of variable length (`str` in h5py). A zero character throws.
  public func write(strings values: [String], at dataset: String) throws {
    let type = try stringType(dataset)
    let opened = try create(dataset, type: type.id, shape: [values.count], elementBytes: 16, compress: false)
    guard !values.isEmpty else { return }
    let transfer = try HDF5Library.transfer(bytes: 16 * values.count) { self.failure(dataset, "writing", $0) }
    try withCStrings(values, dataset) { pointers in
      guard H5Dwrite(opened.id, type.id, jml_h5_all(), jml_h5_all(), transfer.id, pointers) >= 0 else {
        throw failure(dataset, "writing")
      }
    }
  }

  /// Makes an empty group (and those on the way), unless it exists.
  public func makeGroup(_ group: String) throws {
    HDF5Library.enter()
    var prefix = ""
    for part in HDF5File.parts(group) {
      prefix += prefix.isEmpty ? part : "/" + part
      guard H5Lexists(file.id, prefix, jml_h5_default()) == 0 else { continue }
      _ = try Handle(
        H5Gcreate2(file.id, prefix, jml_h5_default(), jml_h5_default(), jml_h5_default()), close: H5Gclose,
        orThrow: { self.failure(group, "creating", $0) })
    }
  }

  /// Gives an existing dataset or group a second name (a hard link); missing groups on the way are made.
  /// - Throws: `HDF5Error.failed` if there is nothing at `object`, or something at `name`.
  public func link(_ object: String, as name: String) throws {
    HDF5Library.enter()
    let (from, to) = (HDF5File.parts(object), HDF5File.parts(name))
    precondition(!from.isEmpty && !to.isEmpty, "HDF5Writer.link: \(object) as \(name)")
    try makeGroup(to.dropLast().joined(separator: "/"))
    guard
      H5Lcreate_hard(
        file.id, from.joined(separator: "/"), file.id, to.joined(separator: "/"), jml_h5_default(),
        jml_h5_default()) >= 0
    else { throw failure(name, "linking to \(object)") }
  }

  /// The bytes of the file as it stands.
  public func image() throws -> Data {
    HDF5Library.enter()
    guard H5Fflush(file.id, H5F_SCOPE_LOCAL) >= 0 else { throw failure("/", "flushing") }
    let size = H5Fget_file_image(file.id, nil, 0)
    guard size >= 0 else { throw failure("/", "imaging") }
    // Asked for here, since Foundation would trap where there is no memory.
    guard let block = malloc(max(size, 1)) else {
      throw failure("/", "imaging", "no memory for \(size) bytes")
    }
    let image = Data(bytesNoCopy: block, count: size, deallocator: .free)
    guard H5Fget_file_image(file.id, block, size) == size else { throw failure("/", "imaging") }
    return image
  }

  // MARK: - Attributes

  /// Sets a scalar attribute of an existing dataset or group ("/" is the root).
  public func write(attribute value: Double, named name: String, at object: String = "/") throws {
    try writeAttribute(name, object, type: Double.fileType) { attribute in
      withUnsafePointer(to: value) { H5Awrite(attribute, Double.memoryType, $0) }
    }
  }

  public func write(attribute value: Int, named name: String, at object: String = "/") throws {
    try writeAttribute(name, object, type: Int64.fileType) { attribute in
      withUnsafePointer(to: Int64(value)) { H5Awrite(attribute, Int64.memoryType, $0) }
    }
  }

  /// Text of any length, UTF-8 (`str` in h5py). A zero character throws.
  public func write(attribute value: String, named name: String, at object: String = "/") throws {
    let type = try stringType("\(object)@\(name)")
    try withCStrings([value], "\(object)@\(name)") { pointers in
      try writeAttribute(name, object, type: type.id) { H5Awrite($0, type.id, pointers) }
    }
  }

  private func writeAttribute(_ name: String, _ object: String, type: hid_t, _ write: (hid_t) -> herr_t)
    throws
  {
    HDF5Library.enter()
    let label = "\(object)@\(name)"
    let path = HDF5File.parts(object).joined(separator: "/")
    let opened = try Handle(
      H5Oopen(file.id, path.isEmpty ? "/" : path, jml_h5_default()), close: H5Oclose,
      orThrow: { _ in HDF5Error.missing(path: self.name, object: object) })
    let space = try Handle(
      H5Screate(H5S_SCALAR), close: H5Sclose, orThrow: { self.failure(label, "creating", $0) })
    let attribute = try Handle(
      H5Acreate2(opened.id, name, type, space.id, jml_h5_default(), jml_h5_default()), close: H5Aclose,
      orThrow: { self.failure(label, "creating", $0) })
    guard write(attribute.id) >= 0 else { throw failure(label, "writing") }
  }

  // MARK: - Datasets

  private func write<Element: HDF5Element>(
    _ values: UnsafeRawBufferPointer, _ element: Element.Type, _ shape: [Int], _ dataset: String,
    _ compress: Bool
  ) throws {
    let count = values.count / MemoryLayout<Element>.stride
    precondition(
      count == shape.reduce(1, *),
      "HDF5Writer.write: \(count) values do not fill shape \(shape) of \(dataset)")
    let opened = try create(
      dataset, type: Element.fileType, shape: shape, elementBytes: MemoryLayout<Element>.stride,
      compress: compress)
    guard count > 0 else { return }
    guard
      H5Dwrite(
        opened.id, Element.memoryType, jml_h5_all(), jml_h5_all(), jml_h5_default(), values.baseAddress) >= 0
    else { throw failure(dataset, "writing") }
  }

  private func create(
    _ dataset: String, type: hid_t, shape: [Int], elementBytes: Int, compress: Bool
  ) throws -> Handle {
    HDF5Library.enter()
    let parts = HDF5File.parts(dataset)
    precondition(!parts.isEmpty, "HDF5Writer.write: a dataset needs a name")
    try makeGroup(parts.dropLast().joined(separator: "/"))
    let fail = { (reason: String) in self.failure(dataset, "creating", reason) }
    let extents = shape.map { hsize_t($0) }
    let space = try Handle(
      shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), extents, nil),
      close: H5Sclose, orThrow: fail)
    let creation = try Handle(H5Pcreate(jml_h5_class_dataset_create()), close: H5Pclose, orThrow: fail)
    guard H5Pset_obj_track_times(creation.id, false) >= 0 else { throw fail(HDF5Library.lastError()) }
    if compress, !shape.isEmpty, !shape.contains(0) {
      let chunk = HDF5Writer.chunk(shape, elementBytes: elementBytes).map { hsize_t($0) }
      guard
        H5Pset_chunk(creation.id, Int32(chunk.count), chunk) >= 0, H5Pset_shuffle(creation.id) >= 0,
        H5Pset_deflate(creation.id, 4) >= 0
      else { throw fail(HDF5Library.lastError()) }
    }
    return try Handle(
      H5Dcreate2(
        file.id, parts.joined(separator: "/"), type, space.id, jml_h5_default(), creation.id, jml_h5_default()
      ),
      close: H5Dclose, orThrow: fail)
  }

  /// Chunks of at most 1 MiB (the library's chunk cache), cut along the outermost axes first.
  static func chunk(_ shape: [Int], elementBytes: Int) -> [Int] {
    var chunk = shape
    var bytes = shape.reduce(elementBytes, *)
    for axis in chunk.indices where bytes > 1 << 20 {
      let slice = bytes / chunk[axis]
      chunk[axis] = max(1, (1 << 20) / slice)
      bytes = slice * chunk[axis]
    }
    return chunk
  }

  // MARK: - Strings

  private func stringType(_ object: String) throws -> Handle {
    HDF5Library.enter()
    let type = try Handle(
      H5Tcopy(jml_h5_c_string()), close: H5Tclose, orThrow: { self.failure(object, "typing", $0) })
    guard H5Tset_size(type.id, jml_h5_variable_length()) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0 else {
      throw failure(object, "typing")
    }
    return type
  }

  private func withCStrings(
    _ values: [String], _ object: String, _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Void
  ) throws {
    guard !values.contains(where: { $0.utf8.contains(0) }) else {
      throw failure(object, "writing", "a string holds a zero character")
    }
    // All strings in one block, so that one scope keeps every pointer valid.
    let block = values.flatMap { $0.utf8CString }
    try block.withUnsafeBufferPointer { block in
      var pointers: [UnsafePointer<CChar>?] = []
      pointers.reserveCapacity(values.count)
      var offset = 0
      for value in values {
        pointers.append(block.baseAddress.map { $0 + offset })
        offset += value.utf8.count + 1
      }
      try pointers.withUnsafeBufferPointer { pointers in
        if let base = pointers.baseAddress { try body(base) }
      }
    }
  }

  private func failure(_ object: String, _ operation: String, _ reason: String? = nil) -> HDF5Error {
    .failed(path: name, object: object, operation: operation, reason: reason ?? HDF5Library.lastError())
  }
}
