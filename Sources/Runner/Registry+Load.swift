import Experiments

extension Registry {
  /// The experiment files, with the methods that this program knows.
  ///
  /// - Parameter experiments: the folder that somebody named; nil for ./experiments or the source checkout's.
  /// - Throws: `RegistryError`, `RunnerError.noExperiments`.
  public static func load(_ experiments: String?) throws -> Registry {
    try Registry(root: try ProjectLocation.experiments(experiments), methods: MethodTypes.all.catalogue)
  }
}
