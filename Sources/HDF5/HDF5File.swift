import Foundation
import Synchronization

/// A file opened for reading.
///
/// No byte of it reaches a library but zlib: what it says of itself is checked where it is read (`Format`). Nobody may write into
/// the file meanwhile; replacing it by a rename, or removing it, is harmless. No lock is taken, since file systems without locks
/// exist and finished files never change.
///
/// Object names are paths such as "eval/tp"; a leading "/" is allowed, "/" is the root group.
public final class HDF5File: Sendable {
  /// The path, or the name given to an image, for messages.
  public let path: String
  let source: ByteSource
  let superblock: Superblock
  /// The object that was asked for last, by its name: who reads it asks for its shape, its values and its attributes.
  private let lastObject = Mutex<(name: String, header: ObjectHeader)?>(nil)
  /// The chunks of the dataset that was read last, by its address: who reads it slice by slice needs them each time.
  let lastChunks = Mutex<(address: Int, table: ChunkTable)?>(nil)

  /// Throws `HDF5Error.unreadable` or `.notHDF5`.
  public convenience init(reading path: String) throws {
    try self.init(try ByteSource(path: path), path: path)
  }

  /// - Parameter image: the bytes of a whole file. Throws `HDF5Error.notHDF5`.
  public convenience init(image: Data, name: String) throws {
    try self.init(ByteSource(memory: image, name: name), path: name)
  }

  private init(_ source: ByteSource, path: String) throws {
    self.path = path
    self.source = source
    do {
      superblock = try Superblock(source)
    } catch let error as Malformed {
      throw HDF5Error.notHDF5(path: path, reason: error.reason)
    }
    // Something that is no group for a root is no file.
    do {
      let visit = Visit(source, superblock)
      guard try Group(ObjectHeader(at: superblock.root, visit), visit) != nil else {
        throw Malformed("its root is no group")
      }
    } catch let error as Malformed {
      throw HDF5Error.notHDF5(path: path, reason: error.reason)
    }
  }

  /// Whether a group or dataset of this name exists in this file.
  public func exists(_ object: String) -> Bool {
    if let last = lastObject.withLock({ $0 }), last.name == object { return true }
    return (try? address(of: object, Visit(source, superblock))) != nil
  }

  /// Names of the groups and datasets directly inside a group, sorted. Throws `HDF5Error.missing`.
  public func children(of group: String = "/") throws -> [String] {
    let visit = Visit(source, superblock)
    let header = try header(of: group, visit)
    return try reporting(group, "listing") {
      guard let opened = try Group(header, visit) else {
        throw HDF5Error.wrongType(path: path, object: group, wanted: "a group", found: "a dataset")
      }
      return try opened.names().map { String(decoding: $0, as: UTF8.self) }.sorted()
    }
  }

  static func parts(_ object: String) -> [String] { object.split(separator: "/").map(String.init) }

  /// Any object; "/" and "" are the root group.
  func header(of object: String, _ visit: Visit) throws -> ObjectHeader {
    if let last = lastObject.withLock({ $0 }), last.name == object { return last.header }
    let address = try address(of: object, visit)
    let header = try reporting(object, "opening") { try ObjectHeader(at: address, visit) }
    lastObject.withLock { $0 = (object, header) }
    return header
  }

  /// Says of which object a part is malformed, and what was wanted of it.
  /// - Throws: `HDF5Error.failed`.
  func reporting<Result>(_ object: String, _ operation: String, _ body: () throws -> Result) throws -> Result
  {
    do {
      return try body()
    } catch let error as Malformed {
      throw failure(object, operation, error.reason)
    }
  }

  func failure(_ object: String, _ operation: String, _ reason: String) -> HDF5Error {
    .failed(path: path, object: object, operation: operation, reason: reason)
  }
}
