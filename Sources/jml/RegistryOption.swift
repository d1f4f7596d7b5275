import ArgumentParser
import Experiments

/// Names of folders on the command line.
enum FolderName {
  /// - Throws: `ValidationError` for a name that is given and empty.
  static func check(_ name: String?, _ option: String) throws {
    if name?.isEmpty == true { throw ValidationError("\(option) is empty: a folder's name is wanted") }
  }
}

/// Where the experiment files lie.
struct RegistryOption: ParsableArguments {
  @Option(help: "Folder with the experiment files. Default: ./experiments, else the source checkout's.")
  var experiments: String?

  func validate() throws {
    try FolderName.check(experiments, "--experiments")
  }

  /// - Throws: `RegistryError`.
  func registry() throws -> Registry { try Registry.load(experiments) }
}
