/// How a profile trains backbones beforehand: one run for each backbone, an input of every run that starts from it.
///
/// It stands in for ImageNet in profiles that have no weight files: always on embedded pictures, whatever data the tables
/// are made of, and shared by all of them. Users' overrides do not reach these runs.
public struct PretrainingSpec: Equatable, Sendable {
  /// Of embedded pictures; the profile has its sizes.
  public let dataset: String
  public let loss: String
  public let label: String
  public let seed: Int
  private let networks: [ModelSpec.Backbone.Family: Network]

  /// What is trained for the backbones of one family.
  public struct Network: Equatable, Sendable {
    public let recipe: String
    /// 32 as in classification, or 8 or 16 for a finer last map.
    public let outputStride: Int
    /// What stands on the backbone and is thrown away afterwards.
    public let decoder: ModelSpec.Decoder
  }

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(
      ["dataset", "loss", "label", "seed"] + ModelSpec.Backbone.Family.allCases.map(\.rawValue))
    dataset = try reader.required("dataset").name()
    loss = try reader.required("loss").name()
    label = try reader.required("label").name()
    seed = try reader.required("seed").int(0...Int(Int32.max))
    networks = try Dictionary(
      uniqueKeysWithValues: ModelSpec.Backbone.Family.allCases.map { family in
        let reader = try reader.required(family.rawValue)
        try reader.allowOnly(["recipe", "output_stride", "decoder"])
        let kind = family.members[0]
        return (
          family,
          Network(
            recipe: try reader.required("recipe").name(),
            outputStride: try ModelSpec.outputStride(try reader.required("output_stride"), backbone: kind),
            decoder: try ModelSpec.decoder(try reader.required("decoder"), backbone: kind))
        )
      })
  }

  func network(for backbone: ModelSpec.Backbone) -> Network {
    guard let network = networks[backbone.family] else { preconditionFailure("no network for \(backbone)") }
    return network
  }

  /// The recipes that families name, each with its path below `pretraining`.
  var recipes: [(path: String, name: String)] {
    ModelSpec.Backbone.Family.allCases.compactMap { family in
      networks[family].map { ("\(family.rawValue).recipe", $0.recipe) }
    }
  }

  /// Overrides by which a user says himself where backbones start; they take the place of pretraining.
  static let replacingKeys = ["model.weights", "recipe.\(RecipeSpec.weightsKey)"]
}
