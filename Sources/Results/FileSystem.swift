import Foundation
import HDF5
import Platform

/// POSIX calls with errors that name the path.
enum FileSystem {
  /// The error of the call that has just failed.
  static func error(_ url: URL, _ operation: String) -> ResultsError {
    .fileSystem(path: url.path, operation: operation, code: errno)
  }

  static func write(_ data: Data, to descriptor: Int32, of url: URL) throws {
    try data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        // A disk that fills up first writes less than asked, and then fails.
        let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0 {
          guard errno == EINTR else { throw error(url, "writing") }
        } else {
          done += count
        }
      }
    }
  }

  static func sync(folder: URL) throws {
    let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error(folder, "opening") }
    defer { close(descriptor) }
    // Some network file systems cannot sync a folder and say so with EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw error(folder, "syncing") }
  }

  /// Makes a folder and those above it, unless they exist.
  static func make(folder: URL) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue {
      return
    }
    let parent = folder.deletingLastPathComponent()
    if parent.path != folder.path { try make(folder: parent) }
    guard mkdir(folder.path, 0o777) == 0 || errno == EEXIST else { throw error(folder, "making the folder") }
    try sync(folder: parent)
  }

  /// nil if there is no such file. A pipe is not waited for.
  static func read(_ url: URL) throws -> Data? {
    do {
      return try RegularFile.read(url.path)
    } catch {
      if error.code == ENOENT { return nil }
      throw FileSystem.error(error)
    }
  }

  static func error(_ failure: FileFailure) -> ResultsError {
    failure.code == 0
      ? .wrongKind(path: failure.path, reason: failure.reason)
      : .fileSystem(path: failure.path, operation: failure.operation, code: failure.code)
  }

  /// Whatever is replaced is a regular file: no device of that name, and nothing behind a link.
  static func checkIsReplaceable(_ url: URL) throws {
    do {
      try RegularFile.checkIsReplaceable(url.path)
    } catch {
      throw FileSystem.error(error)
    }
  }

  /// A run's folder that is a link would put its files wherever the link points.
  static func checkIsFolder(_ url: URL) throws {
    do {
      try RegularFile.checkIsFolder(url.path)
    } catch {
      throw FileSystem.error(error)
    }
  }

  /// Whether an error of reading a file speaks of its content, rather than of a disk that fails or a limit of the process.
  static func isDamage(_ error: any Error, of url: URL) -> Bool {
    if let error = error as? HDF5Error, case .unreadable = error {
      // Something else than a file was put there, which no second try will read.
      var status = stat()
      return lstat(url.path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }
    return (error as? ResultsError)?.isDamage ?? (error is HDF5Error)
  }

  static func exists(_ url: URL) -> Bool { access(url.path, F_OK) == 0 }

  /// Removes a file if it exists.
  static func remove(_ url: URL) throws {
    guard unlink(url.path) == 0 || errno == ENOENT else { throw error(url, "removing") }
  }

  /// Removes a file, or a folder with all that is in it. Others may do the same meanwhile.
  static func removeAll(_ url: URL) throws {
    // Linux says EISDIR of a folder, others EPERM.
    guard unlink(url.path) != 0, errno != ENOENT else { return }
    guard errno == EISDIR || errno == EPERM else { throw error(url, "removing") }
    for name in try names(in: url) { try removeAll(url.appendingPathComponent(name)) }
    guard rmdir(url.path) == 0 || errno == ENOENT else { throw error(url, "removing") }
  }

  /// Names in a folder, sorted; none if there is no such folder.
  static func names(in folder: URL) throws -> [String] {
    guard let stream = opendir(folder.path) else {
      guard errno == ENOENT else { throw error(folder, "listing") }
      return []
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
