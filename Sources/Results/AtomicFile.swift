import Foundation
import Platform
import Synchronization

/// Replaces whole files so that a reader, or a machine that loses power, sees the old content or the new one.
public enum AtomicFile {
  private static let written = Atomic<Int>(0)

  /// A file-size limit shall be an error of `write`, as a full disk is, not the end of the process.
  private static let fileSizeSignalIgnored: Bool = {
    signal(SIGXFSZ, SIG_IGN)
    return true
  }()

  /// Writes a temporary file in the same folder, syncs it, renames it over `url` and syncs the folder. On
  /// an error the temporary file is removed and the old file stays. Throws `ResultsError.fileSystem`; `.wrongKind` where
  /// something else than a regular file would be replaced.
  /// - Parameter synced: false for what can be made again: a loss of power may then take the new content, not a reader's sight
  ///   of whole files.
  public static func write(_ data: Data, to url: URL, synced: Bool = true) throws {
    try FileSystem.checkIsReplaceable(url)
    let partial = try stage(data, for: url, synced: synced)
    do {
      try move(partial, to: url, synced: synced)
    } catch {
      unlink(partial.path)
      throw error
    }
  }

  /// All of a file; nil if there is none. Throws `ResultsError.fileSystem`, `.wrongKind`.
  public static func read(_ url: URL) throws -> Data? { try FileSystem.read(url) }

  /// Makes a folder and those above it, unless they exist, so that they outlive a loss of power. Throws
  /// `ResultsError.fileSystem`.
  public static func make(folder: URL) throws { try FileSystem.make(folder: folder) }

  /// The first half: a synced temporary file beside `url`. The caller renames or removes it.
  static func stage(_ data: Data, for url: URL, synced: Bool = true) throws -> URL {
    _ = fileSizeSignalIgnored
    let number = written.wrappingAdd(1, ordering: .relaxed).newValue
    let partial = url.deletingLastPathComponent()
      .appendingPathComponent("." + AsideName.make(url.lastPathComponent, number: number))
    let descriptor = open(partial.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(url, "creating a temporary file beside it") }
    var isOpen = true
    do {
      try FileSystem.write(data, to: descriptor, of: url)
      guard !synced || fsync(descriptor) == 0 else { throw FileSystem.error(url, "syncing") }
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
  static func move(_ from: URL, to url: URL, synced: Bool = true) throws {
    guard rename(from.path, url.path) == 0 else { throw FileSystem.error(url, "renaming to it") }
    if synced { try FileSystem.sync(folder: url.deletingLastPathComponent()) }
  }
}
