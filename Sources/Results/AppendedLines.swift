import Foundation

/// A file of lines that only grows, one JSON object a line.
///
/// A line is one write at the end of the file, synced before `append` returns: a process that is killed at any moment
/// leaves the lines before it as they were and, of its own, everything, nothing or a beginning. A beginning has no end of
/// line; the next writer ends it, so that it spoils no other line, and readers pass over it and name it.
public enum AppendedLines {
  private static let end = UInt8(ascii: "\n")

  /// Appends `line`, which has no end of line. The folder is made if there is none.
  /// - Throws: `ResultsError.fileSystem`, `.wrongKind`; a line that did not fit on the disk is taken back.
  public static func append(_ line: Data, to url: URL) throws {
    precondition(!line.contains(end), "AppendedLines: a line with an end of line in it")
    let folder = url.deletingLastPathComponent()
    try FileSystem.make(folder: folder)
    try FileSystem.checkIsReplaceable(url)
    let isNew = !FileSystem.exists(url)
    let descriptor = open(url.path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(url, "opening") }
    defer { close(descriptor) }
    // Between a look at the end and the write nobody else appends; where there are no locks, a line is still one write.
    while flock(descriptor, LOCK_EX) != 0, !Locking.isMissing(errno) {
      guard errno == EINTR else { throw FileSystem.error(url, "locking") }
    }
    let length = lseek(descriptor, 0, SEEK_END)
    guard length >= 0 else { throw FileSystem.error(url, "measuring") }
    var last = end
    if length > 0 {
      guard pread(descriptor, &last, 1, length - 1) == 1 else { throw FileSystem.error(url, "reading") }
    }
    do {
      try FileSystem.write((last == end ? Data() : Data([end])) + line + Data([end]), to: descriptor, of: url)
      guard fsync(descriptor) == 0 else { throw FileSystem.error(url, "syncing") }
    } catch {
      ftruncate(descriptor, length)
      throw error
    }
    if isNew { try FileSystem.sync(folder: folder) }
  }

  /// The lines of a file with their numbers, in order; none without the file. A last line without its end, as a killed
  /// writer leaves it, is not whole.
  /// - Throws: `ResultsError.fileSystem`, `.wrongKind`.
  public static func read(_ url: URL) throws -> [(number: Int, text: Data, isWhole: Bool)] {
    guard let data = try FileSystem.read(url), !data.isEmpty else { return [] }
    let lines = data.split(separator: end, omittingEmptySubsequences: false)
    return lines.enumerated().compactMap { index, text in
      // What is after the last end is a line only if there is something.
      let isWhole = index + 1 < lines.count
      return isWhole || !text.isEmpty ? (index + 1, Data(text), isWhole) : nil
    }
  }

  /// Files of a folder whose names end in `.jsonl`, sorted; none without the folder.
  /// - Throws: `ResultsError.fileSystem`.
  public static func files(in folder: URL) throws -> [URL] {
    try FileSystem.names(in: folder).filter { $0.hasSuffix(".jsonl") }.map {
      folder.appendingPathComponent($0)
    }
  }
}
