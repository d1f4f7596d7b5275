import ArgumentParser
import Cluster
import Runner

/// Which runs are meant, for verbs that speak with Slurm.
struct ClusterOptions: ParsableArguments {
  @OptionGroup var workspace: WorkspaceOptions

  @Option(
    name: .customLong("tables"), help: ArgumentHelp("Tables by number or name.", valueName: "1,2,4"))
  var list: String?

  func validate() throws {
    if let list, list.split(separator: ",", omittingEmptySubsequences: false).contains("") {
      throw ValidationError("--tables '\(list)': numbers or names are wanted, separated by commas")
    }
  }

  func options(
    threads: Int? = nil, strict: Bool = false, recompute: RecomputeOption? = nil
  ) -> Workspace.Options {
    var options = workspace.options(threads: threads, strict: strict, recompute: recompute)
    options.tables += list?.split(separator: ",").map(String.init) ?? []
    return options
  }

  var namesNothing: Bool { list == nil && workspace.tables.isEmpty && workspace.figures.isEmpty }
}

extension SlurmTime: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// `24G`, `24000M`.
struct MemorySize: ExpressibleByArgument {
  let mebibytes: Int

  init?(argument: String) {
    guard let unit = argument.last, let number = Int(argument.dropLast()),
      (1...1_000_000_000).contains(number),
      let scale = ["M": 1, "G": 1024][unit]
    else { return nil }
    mebibytes = number * scale
  }
}
