import ArgumentParser
import Runner

/// The options that say which runs are meant, and where things lie.
struct WorkspaceOptions: ParsableArguments {
  @Option(name: .customLong("table"), help: "Table by number or name; may be repeated. Default: every table.")
  var tables: [String] = []

  @Option(
    name: .customLong("figure"),
    help: "Figure that is drawn from runs, by number or name; may be repeated. Alone, no table is meant.")
  var figures: [String] = []

  @OptionGroup var places: PlaceOptions

  @Flag(help: "Print JSON.")
  var json = false

  func options(
    threads: Int? = nil, strict: Bool = false, recompute: RecomputeOption? = nil
  ) -> Workspace.Options {
    var options = places.workspace(tables: tables, figures: figures, threads: threads, strict: strict)
    options.recomputesActivations = recompute?.recomputeActivations ?? false
    return options
  }
}

/// The options that say at which scale, where things lie, and what is overridden.
struct PlaceOptions: ParsableArguments {
  @Option(help: "Scale of the experiments: smoke, mini or paper.")
  var profile = "mini"

  @Option(
    help:
      "Folder with real data (cityscapes/, VOCdevkit/, ...). Default: embedded data in data/embedded/<profile>."
  )
  var data: String?

  @Option(help: "Folder for results. Default: results, or results-<name of the data folder> with --data.")
  var results: String?

  @OptionGroup var files: RegistryOption

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override of a value, such as recipe.optimizer.learning_rate=0.02; may be repeated. Part of the run ids.",
      valueName: "key=value"))
  var overrides: [String] = []

  @Option(
    help: "Seeds of each cell that has several: more or fewer than its table and profile say.")
  var seeds: Int?

  func validate() throws {
    if let seeds, !(1...100).contains(seeds) {
      throw ValidationError("--seeds \(seeds): 1 to 100 are allowed")
    }
    try FolderName.check(data, "--data")
    try FolderName.check(results, "--results")
  }

  func workspace(
    tables: [String] = [], figures: [String] = [], threads: Int? = nil, strict: Bool = false
  ) -> Workspace.Options {
    Workspace.Options(
      experiments: files.experiments, profile: profile, tables: tables, figures: figures, data: data,
      results: results, overrides: overrides, seeds: seeds, threads: threads, strict: strict)
  }
}

struct ThreadsOption: ParsableArguments {
  @Option(
    help: "Threads of each run. Default: all cores, shared by the jobs. Another number may change last bits.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads): 1 to 1024 are allowed")
    }
  }

  /// The number of threads that this thread's kernels use from now on: every processor's where none is given.
  /// - Throws: `RunnerError.fewerThreads`.
  func adopted() throws -> Int {
    let count = threads ?? Machine.cores
    try ThreadTeam.adopt(count)
    return count
  }
}

struct RecomputeOption: ParsableArguments {
  @Flag(
    help:
      "Compute a backbone's blocks again on the way back instead of keeping them: less memory, more time, the same bits."
  )
  var recomputeActivations = false
}

struct StrictOption: ParsableArguments {
  @Flag(help: "Warnings about data, such as files that are not used, are errors.")
  var strict = false
}

extension Workspace {
  /// With every table and every sweep; the runs of pictures are runs of tables.
  static func everything(_ options: Options) throws -> Workspace {
    let registry = try Workspace(options).registry
    var wanted = options
    (wanted.tables, wanted.figures) = (registry.tableNames, registry.figureNames)
    return try Workspace(wanted)
  }
}
