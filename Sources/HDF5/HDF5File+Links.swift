import CHDF5

extension HDF5File {
  /// Soft links on the way to an object; more are a circle, or meant to be one.
  private static let maximumSoftLinks = 16

  /// The path to an object by hard links alone, soft ones replaced by what they name.
  ///
  /// The library would follow a link into any file that this process may read.
  /// - Throws: `HDF5Error.missing`; `.elsewhere` for external and user-defined links, and circles.
  func resolved(_ object: String) throws -> [String] {
    var rest = HDF5File.parts(object)[...]
    var path: [String] = []
    var followed = 0
    while let part = rest.popFirst() {
      if part == "." { continue }
      let name = (path + [part]).joined(separator: "/")
      var info = H5L_info_t()
      guard H5Lget_info(handle.id, name, &info, jml_h5_default()) >= 0 else {
        let failure = failure(object, "looking up")
        throw H5Lexists(handle.id, name, jml_h5_default()) > 0
          ? failure : HDF5Error.missing(path: self.path, object: object)
      }
      switch info.type {
      case H5L_TYPE_HARD: path.append(part)
      case H5L_TYPE_SOFT:
        followed += 1
        guard followed <= HDF5File.maximumSoftLinks else {
          throw HDF5Error.elsewhere(path: self.path, object: object, what: "a circle of links")
        }
        let target = try softTarget(name, bytes: info.u.val_size, of: object)
        if target.hasPrefix("/") { path = [] }
        rest = HDF5File.parts(target)[...] + rest
      case H5L_TYPE_EXTERNAL:
        throw HDF5Error.elsewhere(path: self.path, object: object, what: "a link to another file")
      default: throw HDF5Error.elsewhere(path: self.path, object: object, what: "a link of an unknown kind")
      }
    }
    return path
  }

  private func softTarget(_ name: String, bytes: Int, of object: String) throws -> String {
    guard bytes <= 1 << 16 else {
      throw HDF5Error.elsewhere(path: path, object: object, what: "a link of \(bytes) bytes")
    }
    var text = [UInt8](repeating: 0, count: bytes + 1)
    guard H5Lget_val(handle.id, name, &text, bytes, jml_h5_default()) >= 0 else {
      throw failure(object, "following")
    }
    return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Refuses data that lies in other files, and chunks that are more than there is.
  /// - Throws: `HDF5Error.elsewhere`, `.unstored`, `.failed` for more bytes than the file has.
  func checkIsInside(_ dataset: hid_t, named name: String) throws {
    let creation = try Handle(
      H5Dget_create_plist(dataset), close: H5Pclose, orThrow: { self.failure(name, "looking up", $0) })
    if H5Pget_external_count(creation.id) != 0 {
      throw HDF5Error.elsewhere(path: path, object: name, what: "stored in another file")
    }
    switch H5Pget_layout(creation.id) {
    case H5D_VIRTUAL: throw HDF5Error.elsewhere(path: path, object: name, what: "a view of other files")
    case H5D_CHUNKED: try checkChunks(of: dataset, creation.id, named: name)
    default: break
    }
    // The library takes as much memory as a chunk's entry says that it has bytes in the file, before it reads them.
    let (stored, size) = (H5Dget_storage_size(dataset), try fileSize())
    guard stored <= size else {
      throw failure(name, "measuring", "\(stored) bytes are said to be stored in a file of \(size)")
    }
  }

  /// A chunk is taken into memory whole, however little of it the shape shows.
  /// - Throws: `HDF5Error.unstored`.
  private func checkChunks(of dataset: hid_t, _ creation: hid_t, named name: String) throws {
    let rank = H5Pget_chunk(creation, 0, nil)
    guard rank > 0 else { throw failure(name, "looking up") }
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    guard H5Pget_chunk(creation, rank, &extents) == rank else { throw failure(name, "looking up") }
    let type = try Handle(
      H5Dget_type(dataset), close: H5Tclose, orThrow: { self.failure(name, "typing", $0) })
    _ = try count(
      of: extents.map { Int(clamping: $0) }, bytes: H5Tget_size(type.id),
      stored: Int(clamping: H5Dget_storage_size(dataset)), ratio: ratio(by: creation), named: name)
  }

  /// What a deflated byte may become, rounded up: no filter of this library makes more of it.
  private static let filteredRatio = 1100
  /// What a byte that lies as it is may become: values of another type, and a chunk that others have not filled.
  static let plainRatio = 16
  /// Below this much nobody is hurt by a promise.
  static let harmless = 1 << 24

  /// How many values a shape has, before memory is asked for.
  ///
  /// - Parameters:
  ///   - bytes: of a value.
  ///   - stored: bytes of the values in the file, compressed as they may be.
  ///   - ratio: bytes that one of them may become; asked for where there are many.
  /// - Throws: `HDF5Error.unstored`: a file of some kilobytes can promise terabytes, which would be filled with zeros.
  func count(
    of shape: [Int], bytes: Int, stored: Int, ratio: @autoclosure () -> Int = HDF5File.plainRatio,
    named name: String
  ) throws -> Int {
    var count = 1
    var total = max(bytes, 1)
    for extent in shape {
      let product = count.multipliedReportingOverflow(by: extent)
      let sum = total.multipliedReportingOverflow(by: extent)
      guard !product.overflow, !sum.overflow else {
        throw HDF5Error.unstored(path: path, object: name, shape: shape, stored: stored)
      }
      (count, total) = (product.partialValue, sum.partialValue)
    }
    guard total <= HDF5File.harmless || total / ratio() <= stored else {
      throw HDF5Error.unstored(path: path, object: name, shape: shape, stored: stored)
    }
    return count
  }

  /// Bytes that a stored byte of a dataset may become.
  func ratio(of dataset: hid_t) -> Int {
    let creation = H5Dget_create_plist(dataset)
    guard creation >= 0 else { return HDF5File.plainRatio }
    defer { H5Pclose(creation) }
    return ratio(by: creation)
  }

  private func ratio(by creation: hid_t) -> Int {
    H5Pget_nfilters(creation) > 0 ? HDF5File.filteredRatio : HDF5File.plainRatio
  }

  /// Bytes of the whole file.
  func fileSize() throws -> Int {
    var size: hsize_t = 0
    guard H5Fget_filesize(handle.id, &size) >= 0 else { throw failure("/", "measuring") }
    return Int(clamping: size)
  }
}
