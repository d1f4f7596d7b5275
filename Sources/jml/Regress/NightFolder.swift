import Foundation
import Platform
import Regression
import Results

/// Where a night trains: `<base>/<name>`, empty at the start, so that every run is trained anew, and removed at the end.
///
/// What a killed night left is removed by the next one. A lock beside the folder, which the kernel drops when its process
/// dies, keeps two nights of one subset apart.
final class NightFolder {
  let url: URL
  private let lock: RunLock

  /// - Throws: `RegressionError.taken`, `.folder`; `ResultsError`.
  init(_ name: String, base: URL) throws {
    try AtomicFile.make(folder: base)
    url = base.appendingPathComponent(name)
    switch try RunLock.attempt(base.appendingPathComponent(".\(name).lock")) {
    case .held(let holder): throw RegressionError.taken(name: name, holder: holder.description)
    case .taken(let lock): self.lock = lock
    }
    try remove()
  }

  /// Removes the folder, or keeps it under the night's date.
  /// - Returns: where it is kept.
  /// - Throws: `RegressionError.folder`.
  @discardableResult
  func end(keptAs date: String?) throws -> URL? {
    guard let date else {
      try remove()
      return nil
    }
    let base = url.deletingLastPathComponent()
    for number in 1... {
      let name = "\(date)-\(url.lastPathComponent)" + (number > 1 ? "-\(number)" : "")
      let place = base.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: place.path) { continue }
      guard rename(url.path, place.path) == 0 else {
        throw RegressionError.folder(path: url.path, reason: "cannot be kept as \(place.path)")
      }
      return place
    }
    return nil
  }

  private func remove() throws {
    do {
      // A link would lead elsewhere.
      try RegularFile.checkIsFolder(url.path)
      guard FileManager.default.fileExists(atPath: url.path) else { return }
      try FileManager.default.removeItem(at: url)
    } catch let error as FileFailure {
      throw RegressionError.folder(path: url.path, reason: error.reason)
    } catch {
      throw RegressionError.folder(
        path: url.path, reason: "cannot be removed: \((error as NSError).localizedDescription)")
    }
  }
}
