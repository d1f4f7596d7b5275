import Datasets
import Foundation
import Images

/// A folder that is either complete, told by a marker file that says what it holds, or not there.
struct EmbeddedFolder {
  let path: String
  let marker: String

  private var markerPath: String { "\(path)/.complete" }

  /// - Returns: false when the folder was complete already.
  /// - Throws: `DatasetError.writing`.
  func make(_ write: (_ folder: String) throws -> Void) throws -> Bool {
    if existingMarker() == marker { return false }
    if FileManager.default.fileExists(atPath: path) && existingMarker() == nil {
      throw DatasetError.writing(
        path: path, reason: "the folder exists and was not made by the generator; choose another data folder")
    }
    let aside = "\(path).\(getpid()).partial"
    do {
      try? FileManager.default.removeItem(atPath: aside)
      try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: aside) }
      try write(aside)
      try EmbeddedFolder.writeText(marker, to: "\(aside)/.complete")
      try replace(with: aside)
    } catch let error as ImageError {
      throw DatasetError.writing(path: error.path, reason: error.description)
    } catch let error as DatasetError {
      throw error
    } catch {
      throw DatasetError.writing(path: path, reason: error.localizedDescription)
    }
    return true
  }

  private func existingMarker() -> String? {
    (try? FileBytes.read(markerPath)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Puts the new folder in place, unless another process was first: the content is the same, and that process may
  /// be reading already. A lock on the parent folder keeps two from replacing at a time.
  private func replace(with aside: String) throws {
    let parent = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY)
    guard parent >= 0, flock(parent, LOCK_EX) == 0 else {
      throw DatasetError.writing(
        path: path, reason: "the folder above cannot be locked: \(String(cString: strerror(errno)))")
    }
    defer { close(parent) }
    if existingMarker() == marker { return }
    let old = "\(path).\(getpid()).old.partial"
    if FileManager.default.fileExists(atPath: path) {
      try FileManager.default.moveItem(atPath: path, toPath: old)
    }
    defer { try? FileManager.default.removeItem(atPath: old) }
    try FileManager.default.moveItem(atPath: aside, toPath: path)
  }

  static func writeText(_ text: String, to path: String) throws {
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { try FileBytes.write($0, to: path) }
  }
}
