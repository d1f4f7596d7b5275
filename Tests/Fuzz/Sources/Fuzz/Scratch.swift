import Foundation

/// Files that a reader opens by their path. They lie in the folder that the caller of the program gives by TMPDIR, in memory
/// where there is such a place, and are the caller's to remove.
enum Scratch {
  static let folder: URL = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(getpid())")
    make(folder)
    return folder
  }()

  static func make(_ folder: URL) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      give(up: "\(folder.path): \(error)")
    }
  }

  /// - Parameter file: a path, since making one of a URL takes longer than the system takes to write.
  static func write(_ bytes: [UInt8], to file: String) {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return give(up: "\(file): errno \(errno)") }
    defer { close(descriptor) }
    if Foundation.write(descriptor, bytes, bytes.count) != bytes.count {
      give(up: "\(file): errno \(errno)")
    }
  }

  /// What goes wrong here is no finding.
  private static func give(up reason: String) {
    FileHandle.standardError.write(Data("fuzz: \(reason)\n".utf8))
    exit(74)
  }
}
