import Foundation

/// What lies in a folder, by names as the file system has them.
public enum Folder {
  public enum Kind: Equatable, Sendable {
    case file, folder
    /// A pipe, a socket, a device.
    case special
    /// A link that leads nowhere; the reason in words.
    case unreachable(String)
  }

  public struct Entry: Equatable, Sendable {
    public let name: String
    /// Of what a link leads to.
    public let kind: Kind
  }

  public struct Contents: Equatable, Sendable {
    /// In the order of their names' bytes; hidden ones included.
    public let entries: [Entry]
    /// Names that are not UTF-8, and with which no text can speak of a file; what is no UTF-8 in them is replaced.
    public let undecodable: [String]
  }

  /// Tells folders apart whatever path leads to them.
  public struct Identity: Hashable, Sendable {
    private let device: UInt64
    private let number: UInt64

    /// - Throws: `FileFailure`.
    public init(_ path: String) throws(FileFailure) {
      var status = stat()
      guard stat(path, &status) == 0 else { throw .last(path, "looking at it") }
      (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
  }

  /// - Throws: `FileFailure`, when it is no folder, is not there or may not be read.
  public static func contents(_ path: String) throws(FileFailure) -> Contents {
    guard let stream = opendir(path) else { throw .last(path, "reading the folder") }
    defer { closedir(stream) }
    var entries: [Entry] = []
    var undecodable: [String] = []
    while true {
      // The end and a failure look alike but for this.
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw .last(path, "reading the folder") }
        break
      }
      let bytes = nameBytes(entry)
      if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        undecodable.append(String(decoding: bytes, as: UTF8.self))
        continue
      }
      entries.append(Entry(name: name, kind: kind(Int32(entry.pointee.d_type), "\(path)/\(name)")))
    }
    return Contents(
      entries: entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) },
      undecodable: undecodable.sorted())
  }

  /// - Returns: nil when there is nothing.
  /// - Throws: `FileFailure`, when that cannot be known.
  public static func kind(_ path: String) throws(FileFailure) -> Kind? {
    var status = stat()
    guard stat(path, &status) != 0 else { return kind(status) }
    let failure = FileFailure.last(path, "looking at it")
    guard failure.code == ENOENT || failure.code == ENOTDIR else { throw failure }
    return lstat(path, &status) == 0 ? .unreachable(nowhere) : nil
  }

  public static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && kind(status) == .folder
  }

  private static let nowhere = "it is a link to nothing"

  private static func nameBytes(_ entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
    guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else {
      preconditionFailure("Folder: a folder's entry has no name")
    }
    let start = UnsafeRawPointer(entry) + offset
    let count = strlen(start.assumingMemoryBound(to: CChar.self))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
  }

  /// - Parameter type: as the folder has it, which not every file system does.
  private static func kind(_ type: Int32, _ path: String) -> Kind {
    switch type {
    case Int32(DT_REG): return .file
    case Int32(DT_DIR): return .folder
    case Int32(DT_LNK), Int32(DT_UNKNOWN):
      do {
        return try kind(path) ?? .unreachable("it is gone")
      } catch {
        return .unreachable(error.reason)
      }
    default: return .special
    }
  }

  private static func kind(_ status: stat) -> Kind {
    switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    default: .special
    }
  }
}
