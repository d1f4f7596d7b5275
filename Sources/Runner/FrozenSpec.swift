import Experiments
import Foundation
import Platform
import Results

/// One run frozen to a file: all that training it needs besides data and the results of other runs, so that a process
/// on any machine trains it without planning, and without looking at another data set.
public struct FrozenSpec: Sendable {
  public let spec: RunSpec
  /// For messages.
  public let path: String

  /// - Throws: `RegistryError` for a file that is no spec, a spec of another engine, or one that names what this program
  ///   does not know.
  public init(reading url: URL) throws {
    path = url.path
    let text = try Registry.text(url.path, file: url.path)
    spec = try RunSpec(json: text, source: url.path, methods: MethodTypes.all.catalogue)
    let current = RunSpec.currentNumerics(spec.recipe.precision)
    guard spec.numerics == current else {
      throw RegistryError.outOfRange(
        file: url.path, path: "numerics", value: "\(spec.numerics)",
        allowed: "\(current), this program's; plan the run again")
    }
  }

  /// Writes `<folder>/<run id>.json`, unless it is there already.
  /// - Returns: the file.
  /// - Throws: `RunnerError.noFolder`, `ResultsError.fileSystem`.
  @discardableResult
  public static func write(_ spec: RunSpec, to folder: URL) throws -> URL {
    let url = file(spec.id, in: folder)
    let data = Data(spec.json.pretty.utf8)
    if (try? RegularFile.read(url.path)) == data { return url }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw RunnerError.noFolder(path: folder.path, reason: (error as NSError).localizedDescription)
    }
    try AtomicFile.write(data, to: url)
    return url
  }

  public static func file(_ id: RunID, in folder: URL) -> URL {
    folder.appendingPathComponent("\(id.text).json")
  }
}

extension Workspace {
  /// Where a scheduler freezes the runs of its plan: `<results>/<profile>/specs`.
  public var specs: URL { folder.appendingPathComponent("specs") }

  /// The data of a frozen run, as the registry's file says where it lies.
  /// - Throws: `RunnerError.otherProfile`, `.changedData`; `RegistryError` for a data set that the registry does not have or
  ///   that means something else there; as `prepare`.
  public func data(
    of frozen: FrozenSpec, progress: @escaping @Sendable (String, Int, Int) -> Void
  ) throws -> PreparedData {
    let spec = frozen.spec
    guard spec.scale.profile == profile.name else {
      throw RunnerError.otherProfile(path: frozen.path, found: spec.scale.profile, wanted: profile.name)
    }
    guard let dataset = registry.datasets[spec.data.name] else {
      throw RegistryError.brokenReference(
        file: frozen.path, path: "data.name", value: spec.data.name, allowed: registry.datasets.keys.sorted())
    }
    let data = try preparation.prepare(dataset, progress: progress)
    guard data.spec.content == spec.data.content, data.summary.fingerprint == spec.data.fingerprint else {
      throw RunnerError.changedData(dataset: dataset.name)
    }
    return data
  }
}
