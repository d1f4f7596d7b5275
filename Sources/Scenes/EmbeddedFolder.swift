import Datasets
import Foundation
import Images
import Platform
import Tensors

/// A folder that is either complete, told by a marker file that says what it holds, or not there.
///
/// The marker's first line is what the folder was made of; each further line is the hash of a file and its path.
struct EmbeddedFolder {
  let path: String
  /// What it is made of, one line.
  let content: String

  private var markerPath: String { "\(path)/.complete" }

  /// - Returns: false when the folder was complete already.
  /// - Throws: `DatasetError.writing`.
  func make(_ write: (_ folder: String) throws -> Void) throws -> Bool {
    removeLeftOvers()
    if isComplete { return false }
    if FileManager.default.fileExists(atPath: path) && markerLines() == nil {
      throw DatasetError.writing(
        path: path, reason: "the folder exists and was not made by the generator; choose another data folder")
    }
    let aside = AsideName.make(path, number: 1)
    do {
      try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: aside) }
      try write(aside)
      let files = try EmbeddedFolder.hashes(aside).sorted { $0.key < $1.key }
      let lines = [content] + files.map { "\($0.value) \($0.key)" }
      try EmbeddedFolder.writeText(lines.joined(separator: "\n") + "\n", to: "\(aside)/.complete")
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

  /// Files that are not as they were drawn: changed, removed or added; sorted paths.
  /// - Throws: `ImageError.file`.
  func alteredFiles() throws -> [String] {
    var drawn: [String: String] = [:]
    for line in (markerLines() ?? []).dropFirst() {
      guard let space = line.firstIndex(of: " ") else { continue }
      drawn[String(line[line.index(after: space)...])] = String(line[..<space])
    }
    let present = try EmbeddedFolder.hashes(path)
    return Set(drawn.keys).union(present.keys).filter { drawn[$0] != present[$0] }.sorted()
  }

  /// A marker of one line is an older generator's, which did not write down what it had drawn.
  private var isComplete: Bool {
    guard let lines = markerLines() else { return false }
    return lines.first == content && lines.count > 1
  }

  private func markerLines() -> [String]? {
    (try? FileBytes.read(markerPath)).map {
      String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
    }
  }

  /// Of all files below a folder, hidden ones left out: 16 hexadecimal digits by path.
  private static func hashes(_ folder: String) throws -> [String: String] {
    var hashes: [String: String] = [:]
    for path in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? [] {
      if path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) { continue }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      let hash = DataCheck.contentHash(try FileBytes.read("\(folder)/\(path)"), RandomSource.hash(path))
      let digits = String(hash, radix: 16)
      hashes[path] = String(repeating: "0", count: 16 - digits.count) + digits
    }
    return hashes
  }

  /// Puts the new folder in place, unless another process was first: the content is the same, and that process may
  /// be reading already. A lock on the parent folder keeps two from replacing at a time.
  private func replace(with aside: String) throws {
    let parent = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY)
    guard parent >= 0, flock(parent, LOCK_EX) == 0 else {
      throw DatasetError.writing(
        path: path, reason: "the folder above cannot be locked: \(FileFailure.reason(errno))")
    }
    defer { close(parent) }
    if isComplete { return }
    let old = AsideName.make(path, number: 2)
    guard rename(path, old) == 0 || errno == ENOENT, rename(aside, path) == 0 else {
      throw DatasetError.writing(path: path, reason: FileFailure.reason(errno))
    }
    try? FileManager.default.removeItem(atPath: old)
  }

  /// What a killed process has drawn of this folder. It takes room and nothing else, so that one that cannot be removed
  /// is no reason to fail.
  private func removeLeftOvers() {
    let url = URL(fileURLWithPath: path)
    let (parent, prefix) = (url.deletingLastPathComponent().path, url.lastPathComponent + ".")
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    where name.hasPrefix(prefix) && AsideName.isLeftOver(name) {
      try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
    }
  }

  static func writeText(_ text: String, to path: String) throws {
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { try FileBytes.write($0, to: path) }
  }
}
