import Foundation

/// Whole files as bytes, with the system's reason when that fails.
public enum FileBytes {
  /// Reads all of a file.
  /// - Throws: `ImageError.file`.
  public static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw ImageError.file(path: path, reason: systemReason(errno)) }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0 else {
      throw ImageError.file(path: path, reason: systemReason(errno))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ImageError.file(path: path, reason: "not a regular file")
    }
    let size = Int(status.st_size)
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      errno = 0
      count = fread(buffer.baseAddress, 1, size, file)
      if ferror(file) != 0 { failure = errno }
    }
    guard failure == 0 else { throw ImageError.file(path: path, reason: systemReason(failure)) }
    return bytes
  }

  /// Writes a file, replacing what was there.
  /// - Throws: `ImageError.file`, for instance when the disk is full.
  public static func write(_ bytes: UnsafeBufferPointer<UInt8>, to path: String) throws {
    guard let file = fopen(path, "wb") else { throw ImageError.file(path: path, reason: systemReason(errno)) }
    let written = fwrite(bytes.baseAddress, 1, bytes.count, file)
    let writeError = errno
    // A full disk may show only when the buffer is flushed.
    let closed = fclose(file)
    guard written == bytes.count else { throw ImageError.file(path: path, reason: systemReason(writeError)) }
    guard closed == 0 else { throw ImageError.file(path: path, reason: systemReason(errno)) }
  }

  private static func systemReason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
