import Foundation
import Platform

/// Whole files as bytes, with the system's reason when that fails.
public enum FileBytes {
  /// Reads all of a regular file.
  /// - Throws: `ImageError.file`.
  public static func read(_ path: String) throws -> [UInt8] {
    do {
      return [UInt8](try RegularFile.read(path))
    } catch {
      throw ImageError.file(path: path, reason: error.reason)
    }
  }

  /// Writes a file, replacing a regular one that was there; nothing is written through a link.
  /// - Throws: `ImageError.writing`, for instance when the disk is full.
  public static func write(_ bytes: UnsafeBufferPointer<UInt8>, to path: String) throws {
    do {
      try RegularFile.checkIsReplaceable(path)
    } catch {
      throw ImageError.writing(path: path, reason: error.reason)
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    guard descriptor >= 0, let file = fdopen(descriptor, "wb") else {
      throw ImageError.writing(path: path, reason: FileFailure.reason(errno))
    }
    let written = fwrite(bytes.baseAddress, 1, bytes.count, file)
    let writeError = errno
    // A full disk may show only when the buffer is flushed.
    let closed = fclose(file)
    guard written == bytes.count else {
      throw ImageError.writing(path: path, reason: FileFailure.reason(writeError))
    }
    guard closed == 0 else { throw ImageError.writing(path: path, reason: FileFailure.reason(errno)) }
  }
}
