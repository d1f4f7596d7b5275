import ArgumentParser
import Experiments
import Runner

extension RecipeSpec.Precision: ExpressibleByArgument {}

/// Which network a benchmark is of, and how it is trained or evaluated.
struct BenchNetworkOptions: ParsableArguments {
  @Option(help: "A model of the experiment files.")
  var model = "deeplabv3_resnet18d"

  @Option(help: "Classes.")
  var classes = 19

  @Option(help: "A recipe of the experiment files.")
  var recipe = "sgd_cityscapes"

  @Option(help: "float32 or bfloat16. Default: the recipe's.")
  var precision: RecipeSpec.Precision?

  @OptionGroup var files: RegistryOption

  func validate() throws { try BenchCheck.range(classes, "--classes", 2...254) }

  /// - Throws: `RegistryError.brokenReference`.
  func model(in registry: Registry) throws -> ModelSpec {
    try BenchCheck.named(model, registry.models, "--model")
  }

  /// - Throws: `RegistryError.brokenReference`.
  func recipe(in registry: Registry) throws -> RecipeSpec {
    try BenchCheck.named(recipe, registry.recipes, "--recipe")
  }
}
