/// How a profile trains backbones beforehand: one run for each backbone, an input of every run that starts from it.
///
/// It stands in for ImageNet in profiles that have no weight files: always on embedded pictures, whatever data the tables
/// are made of, and shared by all of them. Users' overrides do not reach these runs.
public struct PretrainingSpec: Equatable, Sendable {
  /// Of embedded pictures; the profile has its sizes.
  public let dataset: String
  public let loss: String
  public let label: String
  /// For convolutional backbones.
  public let recipe: String
  public let transformerRecipe: String
  /// One score vector an image in place of one for each cell of the last map.
  public let isPooled: Bool
  public let seed: Int

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["dataset", "loss", "label", "recipe", "transformer_recipe", "pooled", "seed"])
    dataset = try reader.required("dataset").name()
    loss = try reader.required("loss").name()
    label = try reader.required("label").name()
    recipe = try reader.required("recipe").name()
    transformerRecipe = try reader.required("transformer_recipe").name()
    isPooled = try reader.required("pooled").bool()
    seed = try reader.required("seed").int(0...Int(Int32.max))
  }

  func recipe(for backbone: ModelSpec.Backbone) -> String {
    backbone.isTransformer ? transformerRecipe : recipe
  }

  /// Overrides by which a user says himself where backbones start; they take the place of pretraining.
  static let replacingKeys = ["model.weights", "recipe.\(RecipeSpec.weightsKey)"]
}
