import Foundation
import Platform

/// The bytes of a file: on disk, read where they are wanted, or in memory. It never changes, so that any thread may read.
///
/// A file on disk is not mapped: one that somebody cuts meanwhile would end the process.
final class ByteSource: Sendable {
  private enum Place {
    case file(descriptor: Int32)
    case memory(Data)
  }

  private let place: Place
  let count: Int
  /// For messages.
  private let path: String

  init(memory: Data, name: String) {
    place = .memory(memory)
    count = memory.count
    path = name
  }

  /// - Throws: `HDF5Error.unreadable`.
  init(path: String) throws {
    let (descriptor, size): (Int32, Int)
    do {
      (descriptor, size) = try RegularFile.open(path)
    } catch {
      throw HDF5Error.unreadable(path: path, reason: error.reason)
    }
    place = .file(descriptor: descriptor)
    count = size
    self.path = path
  }

  deinit {
    if case .file(let descriptor) = place { close(descriptor) }
  }

  /// Fills `target`, which belongs to the caller, with the bytes from `start` on.
  /// - Throws: `Malformed` where the file has fewer, `HDF5Error.unreadable` where the system does not give them.
  func read(from start: Int, into target: UnsafeMutableRawBufferPointer) throws {
    guard start >= 0, start <= count, target.count <= count - start else {
      throw Malformed("\(target.count) bytes at \(start) of a file of \(count)")
    }
    guard let base = target.baseAddress, !target.isEmpty else { return }
    switch place {
    case .memory(let data):
      data.withUnsafeBytes { bytes in
        // `start` is no more than `count`, which is that of `data`.
        RawBytes.copy(UnsafeRawBufferPointer(rebasing: bytes[start...]), to: target)
      }
    case .file(let descriptor):
      var done = 0
      while done < target.count {
        let got = pread(descriptor, base + done, target.count - done, off_t(start + done))
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else {
          throw HDF5Error.unreadable(path: path, reason: FileFailure.reason(errno))
        }
        guard got > 0 else { throw Malformed("somebody has cut the file while it was read") }
        done += got
      }
    }
  }

  func read(from start: Int, count wanted: Int) throws -> [UInt8] {
    // Before memory is taken.
    guard start >= 0, wanted >= 0, start <= count, wanted <= count - start else {
      throw Malformed("\(wanted) bytes at \(start) of a file of \(count)")
    }
    return try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
      try read(
        from: start,
        into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<wanted]))
      initialized = wanted
    }
  }
}
