import Experiments
import Foundation
import Results

/// The registry, data and results that one invocation works with.
public struct Workspace: Sendable {
  /// As the user gave them; nil where a default applies.
  public struct Options: Sendable {
    public var experiments: String?
    public var profile: String
    /// Numbers or names: `4`, `04`, `table04`; empty for every table.
    public var tables: [String]
    /// Sweeps and figures of pictures by number or name; with some and without tables, no table is meant.
    public var figures: [String]
    public var data: String?
    public var results: String?
    /// `key=value`.
    public var overrides: [String]
    /// How many seeds each cell has that names several; nil: as tables and profile say.
    public var seeds: Int?
    public var threads: Int?
    /// Whether warnings about data are errors.
    public var strict: Bool
    /// Whether training computes blocks again on the way back, also where the profile does not say so.
    public var recomputesActivations: Bool

    public init(
      experiments: String?, profile: String, tables: [String], figures: [String] = [], data: String?,
      results: String?, overrides: [String], seeds: Int? = nil, threads: Int?, strict: Bool = false,
      recomputesActivations: Bool = false
    ) {
      self.experiments = experiments
      self.profile = profile
      self.tables = tables
      self.figures = figures
      self.data = data
      self.results = results
      self.overrides = overrides
      self.seeds = seeds
      self.threads = threads
      self.strict = strict
      self.recomputesActivations = recomputesActivations
    }
  }

  public let registry: Registry
  public let profile: ProfileSpec
  /// Names of tables.
  public let tables: [String]
  /// Names of sweeps and of figures of pictures.
  public let figures: [String]
  public let overrides: [Override]
  let seeds: Int?
  public let source: DataSource
  /// `<results>/<profile>`.
  public let folder: URL
  public let preparation: DataPreparation
  /// Whether training computes blocks of the backbone again on the way back instead of keeping them.
  public let recomputesActivations: Bool
  private let threads: Int?

  public var store: ResultStore { ResultStore(root: folder) }

  /// - Throws: `RegistryError`, `RunnerError`.
  public init(_ options: Options) throws {
    registry = try Registry.load(options.experiments)
    guard let profile = registry.profiles[options.profile] else {
      throw RegistryError.brokenReference(
        file: "profiles", path: "--profile", value: options.profile, allowed: registry.profileNames)
    }
    self.profile = profile
    tables =
      options.tables.isEmpty && !options.figures.isEmpty ? [] : try Workspace.names(options.tables, registry)
    let registered = registry
    figures = try options.figures.map { text in
      try Workspace.name(text, registered.figureNumbers, folder: "figures", option: "--figure")
    }
    overrides = try options.overrides.map { try Override($0) }
    seeds = options.seeds
    let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    if let data = options.data {
      source = .folder(URL(fileURLWithPath: data))
    } else {
      source = .embedded(here.appendingPathComponent("data/embedded/\(profile.name)"))
    }
    let results = Workspace.resultsFolder(options, source)
    folder = URL(fileURLWithPath: results).appendingPathComponent(profile.name)
    threads = options.threads ?? profile.execution.threads
    recomputesActivations = options.recomputesActivations || profile.execution.recomputesActivations
    preparation = DataPreparation(
      source: source,
      pretrainingSource: .embedded(here.appendingPathComponent("data/embedded/\(profile.name)/pretraining")),
      profile: profile, cache: CheckCache(folder: folder.appendingPathComponent("checks")),
      threads: Machine.cores, strict: options.strict)
  }

  /// Results of other data than the embedded one go elsewhere, so that tables never overwrite each other.
  private static func resultsFolder(_ options: Options, _ source: DataSource) -> String {
    if let given = options.results { return given }
    switch source {
    case .embedded: return "results"
    case .folder(let url): return "results-\(url.standardizedFileURL.lastPathComponent)"
    }
  }

  /// Table names for numbers and names; every table for none.
  /// - Throws: `RegistryError.brokenReference`.
  public static func names(_ wanted: [String], _ registry: Registry) throws -> [String] {
    if wanted.isEmpty { return registry.tableNames }
    return try wanted.map {
      try name($0, registry.tables.mapValues(\.number), folder: "tables", option: "--table")
    }
  }

  private static func name(
    _ text: String, _ numbers: [String: Int], folder: String, option: String
  ) throws -> String {
    let number = Int(text)
    let names = numbers.keys.sorted()
    guard let found = names.first(where: { $0 == text || (number != nil && numbers[$0] == number) }) else {
      throw RegistryError.brokenReference(file: folder, path: option, value: text, allowed: names)
    }
    return found
  }

  /// Threads of each of `jobs` runs.
  public func threads(jobs: Int) -> Int { threads ?? max(1, Machine.cores / max(1, jobs)) }
}
