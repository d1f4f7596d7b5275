import Experiments
import Foundation
import Runner

/// The process that trains one run of a schedule, from its frozen file: it plans nothing and looks at no other data set than
/// its own.
enum TrainingProcess {
  /// - Parameters:
  ///   - specs: folder of the frozen runs.
  ///   - options: where things lie, as the scheduler was told.
  ///   - threads: of the run.
  static func command(
    _ id: RunID, specs: URL, options: Workspace.Options, threads: Int, restart: Bool
  ) -> [String] {
    [
      ProjectLocation.executable.path, "train", "--spec", FrozenSpec.file(id, in: specs).path, "--supervised",
    ] + options.placeArguments + ["--threads", String(threads)] + (restart ? ["--restart"] : [])
  }
}

extension Workspace.Options {
  /// The scale, the places and how memory is saved, as another command that trains takes them; for a child process that trains a frozen run they are enough:
  /// which tables are meant, and what is overridden, is in the run.
  var placeArguments: [String] {
    var arguments = ["--profile", profile]
    for (name, value) in [("--data", data), ("--results", results), ("--experiments", experiments)] {
      if let value { arguments += [name, value] }
    }
    if recomputesActivations { arguments.append("--recompute-activations") }
    return arguments
  }
}
