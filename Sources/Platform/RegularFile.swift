import Foundation

/// Why a file could not be read or written: the system's reason in words.
public struct FileFailure: Error, Equatable, Sendable, CustomStringConvertible {
  public let path: String
  /// What was being done, such as `opening`.
  public let operation: String
  /// errno; 0 where the system had no objection and the file is of the wrong kind.
  public let code: Int32
  public let reason: String

  public init(path: String, operation: String, code: Int32, reason: String) {
    self.path = path
    self.operation = operation
    self.code = code
    self.reason = reason
  }

  /// The failure of the call that has just failed.
  static func last(_ path: String, _ operation: String) -> FileFailure {
    let code = errno
    return FileFailure(path: path, operation: operation, code: code, reason: reason(code))
  }

  /// The system's words for an errno.
  public static func reason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }

  public var description: String { "\(path): \(operation): \(reason)" }
}

/// Files that a person may have put there: regular ones alone are read and replaced, and nothing waits for a pipe.
public enum RegularFile {
  /// Opens a file to be read.
  /// - Returns: a descriptor, which the caller closes, and the file's bytes at this moment.
  public static func open(_ path: String) throws(FileFailure) -> (descriptor: Int32, size: Int) {
    // A pipe without a writer would be waited for.
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .last(path, "opening") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let failure = FileFailure.last(path, "looking at it")
      close(descriptor)
      throw failure
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw wrongKind(path, status)
    }
    return (descriptor, max(0, Int(status.st_size)))
  }

  /// All of a file.
  public static func read(_ path: String) throws(FileFailure) -> Data {
    let (descriptor, size) = try open(path)
    defer { close(descriptor) }
    // Asked for here, since Foundation would trap where there is no memory.
    guard let block = malloc(max(size, 1)) else { OutOfMemory.end(bytes: size, "a file") }
    var done = 0
    while done < size {
      let count = Foundation.read(descriptor, block + done, size - done)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        let failure = FileFailure.last(path, "reading")
        free(block)
        throw failure
      }
      // Somebody has cut it meanwhile.
      guard count > 0 else { break }
      done += count
    }
    return Data(bytesNoCopy: block, count: done, deallocator: .free)
  }

  /// Whether there is something at a path that must not be replaced: anything but a regular file, a link included, so that
  /// nothing is written through one.
  /// - Throws: `FileFailure` then.
  public static func checkIsReplaceable(_ path: String) throws(FileFailure) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw .last(path, "looking at it")
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw wrongKind(path, status) }
  }

  /// Whether a folder is one, and no link to one.
  /// - Throws: `FileFailure` where it is something else; nothing where there is nothing.
  public static func checkIsFolder(_ path: String) throws(FileFailure) {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT { return }
      throw .last(path, "looking at it")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw FileFailure(
        path: path, operation: "using it as a folder", code: 0, reason: "it is \(kind(status)), not a folder")
    }
  }

  private static func wrongKind(_ path: String, _ status: stat) -> FileFailure {
    FileFailure(
      path: path, operation: "using it as a file", code: 0,
      reason: "it is \(kind(status)), not a regular file")
  }

  private static func kind(_ status: stat) -> String {
    switch status.st_mode & S_IFMT {
    case S_IFREG: "a regular file"
    case S_IFDIR: "a folder"
    case S_IFLNK: "a link"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}
