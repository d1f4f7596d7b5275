import Experiments
import Foundation
import Methods

/// The repository's `experiments` folder.
let experimentsFolder = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("experiments")

let fingerprints = [
  "cityscapes": "street-1", "pascal_voc": "objects-1", "pretraining_objects": "objects-2",
]

/// A copy of the repository's experiment files that a test may spoil.
final class TemporaryRegistry {
  let root: URL

  /// - Parameters:
  ///   - pretraining: whether small profiles train backbones beforehand, as the repository's do. Without, a plan
  ///     has the runs of its tables and their teachers alone.
  ///   - rivals: whether Table 4 runs its rivals, as the repository's does, or quotes them.
  init(pretraining: Bool = false, rivals: Bool = false) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("registry-\(UUID().uuidString)")
    try FileManager.default.copyItem(at: experimentsFolder, to: root)
    if !rivals { try quoteRivals() }
    guard !pretraining else { return }
    for profile in ["mini", "smoke"] {
      let url = root.appendingPathComponent("profiles/\(profile).yaml")
      let lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
      guard let first = lines.firstIndex(of: "pretraining:"), let next = lines.firstIndex(of: "datasets:")
      else {
        throw MissingText(text: "pretraining")
      }
      try (lines[..<first] + lines[next...]).joined(separator: "\n").write(
        to: url, atomically: true, encoding: .utf8)
    }
  }

  private func quoteRivals() throws {
    let url = root.appendingPathComponent("tables/table04.yaml")
    let lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n").compactMap {
      line in
      guard
        let title = ["SKD", "IFVD", "CD", "CIRKD", "MasKD", "DIST"].first(where: {
          line.hasPrefix("  - {title: \($0), kind: run")
        })
      else {
        return line.hasPrefix("    cells:") || line.hasPrefix("      CIRKD: {distillation") ? nil : line
      }
      return "  - {title: \(title), kind: quoted}"
    }
    try lines.joined(separator: "\n").write(to: url, atomically: true, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  /// Replaces the first `old` in a file; fails when it is not there.
  func replace(_ file: String, _ old: String, _ new: String) throws {
    let url = root.appendingPathComponent(file)
    let text = try String(contentsOf: url, encoding: .utf8)
    guard let range = text.range(of: old) else { throw MissingText(text: old) }
    try text.replacingCharacters(in: range, with: new).write(to: url, atomically: true, encoding: .utf8)
  }

  func write(_ file: String, _ text: String) throws {
    try text.write(to: root.appendingPathComponent(file), atomically: true, encoding: .utf8)
  }

  func load() throws -> Registry { try Registry(root: root, methods: Methods.catalogue) }

  func plan(_ profile: String = "mini", _ overrides: [String] = []) throws -> Plan {
    try Plan(
      registry: try load(), tables: ["table04"], profile: profile,
      overrides: try overrides.map { try Override($0) },
      dataFingerprints: fingerprints)
  }

  struct MissingText: Error { let text: String }
}

/// The description of the registry error that `body` throws; nil when it throws none.
func registryError(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch let error as RegistryError {
    return error.description
  } catch {
    return nil
  }
}
