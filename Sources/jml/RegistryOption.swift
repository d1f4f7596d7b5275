import ArgumentParser
import Experiments

/// Where the experiment files lie.
struct RegistryOption: ParsableArguments {
  @Option(help: "Folder with the experiment files. Default: ./experiments, else the source checkout's.")
  var experiments: String?

  func validate() throws {
    if experiments?.isEmpty == true {
      throw ValidationError("--experiments is empty: a folder's name is wanted")
    }
  }

  /// - Throws: `RegistryError`.
  func registry() throws -> Registry { try Registry.load(experiments) }
}
