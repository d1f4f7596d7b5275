import CHDF5
import Foundation
import Platform

/// A file opened for reading.
///
/// Nobody may write into the file meanwhile; replacing it by a rename, or removing it, is harmless. No lock
/// is taken, since file systems without locks exist and finished files never change.
///
/// Object names are paths such as "eval/tp"; a leading "/" is allowed, "/" is the root group.
public final class HDF5File: @unchecked Sendable {
  /// The path, or the name given to an image, for messages.
  public let path: String
  let handle: Handle
  /// Let go after the handle.
  private let reading: FileReading

  /// Throws `HDF5Error.unreadable` or `.notHDF5`.
  public init(reading path: String) throws {
    HDF5Library.enter()
    self.path = path
    // The library's own message for a missing file is long and lacks the reason; and it would wait for a pipe.
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw HDF5Error.unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    close(descriptor)
    guard isRegular else { throw HDF5Error.unreadable(path: path, reason: "not a regular file") }
    let fail = { (reason: String) in HDF5Error.notHDF5(path: path, reason: reason) }
    let access = try Handle(H5Pcreate(jml_h5_class_file_access()), close: H5Pclose, orThrow: fail)
    guard H5Pset_file_locking(access.id, false, true) >= 0 else { throw fail(HDF5Library.lastError()) }
    reading = FileReading(path)
    handle = try Handle(H5Fopen(path, jml_h5_read_only(), access.id), close: H5Fclose, orThrow: fail)
  }

  /// - Parameter image: the bytes of a whole file. Throws `HDF5Error.notHDF5`.
  public init(image: Data, name: String) throws {
    HDF5Library.enter()
    path = name
    let fail = { (reason: String) in HDF5Error.notHDF5(path: name, reason: reason) }
    guard !image.isEmpty else { throw fail("the file is empty") }
    let access = try Handle(H5Pcreate(jml_h5_class_file_access()), close: H5Pclose, orThrow: fail)
    guard H5Pset_fapl_core(access.id, 1 << 22, false) >= 0 else { throw fail(HDF5Library.lastError()) }
    // The library copies the bytes and does not write into ours; its parameter just lacks `const`.
    let status = image.withUnsafeBytes {
      H5Pset_file_image(access.id, UnsafeMutableRawPointer(mutating: $0.baseAddress), $0.count)
    }
    guard status >= 0 else { throw fail(HDF5Library.lastError()) }
    reading = FileReading(name)
    handle = try Handle(
      H5Fopen(HDF5Library.uniqueName(), jml_h5_read_only(), access.id), close: H5Fclose, orThrow: fail)
  }

  /// Whether a group or dataset of this name exists in this file.
  public func exists(_ object: String) -> Bool {
    HDF5Library.enter()
    return (try? resolved(object)) != nil
  }

  /// Names of the groups and datasets directly inside a group, sorted. Throws `HDF5Error.missing`.
  public func children(of group: String = "/") throws -> [String] {
    let opened = try open(group)
    var info = H5G_info_t()
    guard H5Gget_info(opened.id, &info) >= 0 else { throw failure(group, "listing") }
    var names: [String] = []
    for index in 0..<info.nlinks {
      let length = H5Lget_name_by_idx(
        opened.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, jml_h5_default())
      guard length >= 0 else { throw failure(group, "listing") }
      var bytes = [CChar](repeating: 0, count: length + 1)
      let written = H5Lget_name_by_idx(
        opened.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &bytes, bytes.count, jml_h5_default())
      guard written >= 0 else { throw failure(group, "listing") }
      names.append(String(decoding: bytes.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return names.sorted()
  }

  static func parts(_ object: String) -> [String] { object.split(separator: "/").map(String.init) }

  /// Opens any object; "/" and "" are the root group.
  func open(_ object: String) throws -> Handle {
    HDF5Library.enter()
    let name = try resolved(object).joined(separator: "/")
    return try Handle(
      H5Oopen(handle.id, name.isEmpty ? "/" : name, jml_h5_default()), close: H5Oclose,
      orThrow: { self.failure(object, "opening", $0) })
  }

  func failure(_ object: String, _ operation: String, _ reason: String? = nil) -> HDF5Error {
    .failed(path: path, object: object, operation: operation, reason: reason ?? HDF5Library.lastError())
  }
}
