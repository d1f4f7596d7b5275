import Experiments
import Foundation
import Methods
import Testing

/// Experiment files in memory say what they say in a folder.
@Suite struct MemoryRegistryTests {
  private func files() throws -> [String: Data] {
    var files: [String: Data] = [:]
    let manager = FileManager.default
    for folder in try manager.contentsOfDirectory(atPath: experimentsFolder.path)
    where !folder.hasPrefix(".") && folder != "README.md" {
      let path = experimentsFolder.appendingPathComponent(folder)
      for name in try manager.contentsOfDirectory(atPath: path.path) where !name.hasPrefix(".") {
        files["\(folder)/\(name)"] = try Data(contentsOf: path.appendingPathComponent(name))
      }
    }
    return files
  }

  private func ids(_ registry: Registry) throws -> [String] {
    try Plan(
      registry: registry, tables: ["table04"], profile: "mini", overrides: [], dataFingerprints: fingerprints
    ).runs.map(\.id.text)
  }

  @Test func sameRuns() throws {
    let memory = try Registry(files: files(), methods: Methods.catalogue)
    let folder = try Registry(root: experimentsFolder, methods: Methods.catalogue)
    #expect(memory.tableNames == folder.tableNames && memory.figureNames == folder.figureNames)
    #expect(memory.regressionNames == folder.regressionNames && !memory.claims.isEmpty)
    let expected = try ids(folder)
    #expect(!expected.isEmpty)
    #expect(try ids(memory) == expected)
  }

  @Test func errorsNameFiles() throws {
    func error(_ file: String, _ bytes: [UInt8]) throws -> String? {
      let all = try files().merging([file: Data(bytes)]) { _, new in new }
      return registryError { _ = try Registry(files: all, methods: Methods.catalogue) }
    }
    for (file, bytes, words) in [
      ("losses/a.yaml", [0xFF] as [UInt8], "losses/a.yaml: cannot be read: not a readable UTF-8 file"),
      ("losses/A.yml", [], "losses/A.yml: cannot be read: the name must be"),
      ("lost/a.yaml", [], "experiments: lost: unknown key; allowed: models"),
    ] {
      let found = try error(file, bytes)
      #expect(found?.hasPrefix(words) == true, "\(file): \(found ?? "nothing")")
    }
    #expect(try error("README.md", []) == nil)
    // A folder without files is an empty one.
    let labels = try files().filter { $0.key.hasPrefix("labels/") }
    #expect(try Registry(files: labels, methods: Methods.catalogue).labels.count == labels.count)
  }
}
