import Foundation

/// Where things lie that nobody named.
public enum ProjectLocation {
  /// This program's file, links resolved.
  public static let executable: URL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()

  /// The folder of the source checkout that this program was built in; nil for an installed copy.
  public static let packageRoot: URL? = {
    var folder = executable.deletingLastPathComponent()
    while folder.path != "/" {
      if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
        return folder
      }
      folder.deleteLastPathComponent()
    }
    return nil
  }()

  /// `given`, else `experiments` in the current folder, else the one of the source checkout.
  /// - Throws: `RunnerError.noExperiments`.
  public static func experiments(_ given: String?) throws -> URL {
    if let given {
      guard isFolder(given) else { throw RunnerError.noExperiments(tried: [given]) }
      return URL(fileURLWithPath: given)
    }
    let here = FileManager.default.currentDirectoryPath + "/experiments"
    let candidates = [here] + (packageRoot.map { [$0.appendingPathComponent("experiments").path] } ?? [])
    guard let found = candidates.first(where: isFolder) else {
      throw RunnerError.noExperiments(tried: candidates)
    }
    return URL(fileURLWithPath: found)
  }

  static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
