import JSON
import Schemas

/// How a network is trained and read out, whatever it learns from: optimizer, schedule, augmentation, normalisation,
/// inference, and what its backbone starts from. What depends on the scale of an experiment (crop, batch, iterations)
/// is the profile's. `recipes/<name>.yaml`.
public struct RecipeSpec: Equatable, Sendable {
  public let name: String
  public let optimizer: Optimizer
  public let schedule: Schedule
  /// What happens to a training image, in this order.
  public let augmentation: [AugmentationStage]
  public let normalisation: Normalisation
  public let inference: Inference
  /// What backbones start from; nil: random values.
  public private(set) var backboneWeights: BackboneWeights?
  /// How the network's products take their operands.
  public let precision: Precision

  public enum Precision: String, CaseIterable, Sendable { case float32, bfloat16 }

  private static let sections = ["optimizer", "schedule", "augmentation", "normalisation", "inference"]
  static let weightsKey = "backbone_weights"
  static let precisionKey = "precision"

  /// The dotted keys of every recipe, whatever its kinds: what a profile may change.
  static let overridableKeys =
    Optimizer.Kind.Name.allCases.flatMap(Optimizer.keys).map { "optimizer.\($0)" }
    + Schedule.keys.map { "schedule.\($0)" }
    + AugmentationStage.Kind.allCases.flatMap { kind in
      kind.keys.map { "augmentation.\(kind.rawValue).\($0)" }
    }
    + Normalisation.keys.map { "normalisation.\($0)" } + Inference.keys.map { "inference.\($0)" }
    + [weightsKey, precisionKey]

  init(_ reader: StrictReader, name: String?) throws {
    self.name = try reader.name(
      or: name, keys: RecipeSpec.sections + [RecipeSpec.weightsKey, RecipeSpec.precisionKey])
    optimizer = try Optimizer(try reader.required("optimizer"))
    schedule = try Schedule(try reader.required("schedule"))
    augmentation = try AugmentationStage.list(try reader.required("augmentation"))
    normalisation = try Normalisation(try reader.required("normalisation"))
    inference = try Inference(try reader.required("inference"))
    backboneWeights =
      reader.optional(RecipeSpec.weightsKey) == nil
      ? nil : try reader.nullable(RecipeSpec.weightsKey).map { try BackboneWeights($0) }
    precision = try reader.optional(RecipeSpec.precisionKey)?.choice(Precision.self) ?? .float32
  }

  /// The same recipe with the weights' file for one backbone, and its hash.
  ///
  /// - Throws: `RegistryError.unreadable`.
  func resolved(for backbone: ModelSpec.Backbone) throws -> RecipeSpec {
    var recipe = self
    recipe.backboneWeights = try backboneWeights?.resolved(for: backbone.rawValue)
    return recipe
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "optimizer": optimizer.json, "schedule": schedule.json,
      "augmentation": .array(augmentation.map(\.json)), "normalisation": normalisation.json,
      "inference": inference.json,
    ]
    // Left out when there are none: a run from random values has nothing to say about files.
    if let backboneWeights { members[RecipeSpec.weightsKey] = backboneWeights.json }
    // As is float32, so that runs keep the ids that they had before there was another.
    if precision != .float32 { members[RecipeSpec.precisionKey] = .string(precision.rawValue) }
    return .object(members)
  }
}
