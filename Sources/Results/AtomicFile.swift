import Foundation
import Synchronization

/// Replaces whole files so that a reader, or a machine that loses power, sees the old content or the new one.
public enum AtomicFile {
  static let partialSuffix = ".partial"
  private static let written = Atomic<Int>(0)

  /// A file-size limit shall be an error of `write`, as a full disk is, not the end of the process.
  private static let fileSizeSignalIgnored: Bool = {
    signal(SIGXFSZ, SIG_IGN)
    return true
  }()

  /// Writes a temporary file in the same folder, syncs it, renames it over `url` and syncs the folder. On
  /// an error the temporary file is removed and the old file stays. Throws `ResultsError.fileSystem`; `.wrongKind` where
  /// something else than a regular file would be replaced.
  public static func write(_ data: Data, to url: URL) throws {
    try FileSystem.checkIsReplaceable(url)
    let partial = try stage(data, for: url)
    do {
      try move(partial, to: url)
    } catch {
      unlink(partial.path)
      throw error
    }
  }

  /// The first half: a synced temporary file beside `url`. The caller renames or removes it.
  static func stage(_ data: Data, for url: URL) throws -> URL {
    _ = fileSizeSignalIgnored
    let number = written.wrappingAdd(1, ordering: .relaxed).newValue
    let name = ".\(url.lastPathComponent).\(FileSystem.host).\(getpid()).\(number)\(partialSuffix)"
    let partial = url.deletingLastPathComponent().appendingPathComponent(name)
    let descriptor = open(partial.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(url, "creating a temporary file beside it") }
    var isOpen = true
    do {
      try FileSystem.write(data, to: descriptor, of: url)
      guard fsync(descriptor) == 0 else { throw FileSystem.error(url, "syncing") }
      isOpen = false
      guard close(descriptor) == 0 else { throw FileSystem.error(url, "closing") }
    } catch {
      if isOpen { close(descriptor) }
      unlink(partial.path)
      throw error
    }
    return partial
  }

  /// The second half, also for moving a finished file aside within its folder.
  static func move(_ from: URL, to url: URL) throws {
    guard rename(from.path, url.path) == 0 else { throw FileSystem.error(url, "renaming to it") }
    try FileSystem.sync(folder: url.deletingLastPathComponent())
  }
}
