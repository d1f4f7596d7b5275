import JSON
import Schemas

/// Optimizer, schedule, augmentation and inference. What depends on the scale of an experiment (crop, batch,
/// iterations) is the profile's. `recipes/<name>.yaml`.
public struct RecipeSpec: Equatable, Sendable {
  public let name: String
  public let optimizer: Optimizer
  /// Of the backbone, at the end of the warm-up.
  public let learningRate: Double
  /// Decoder and heads learn this many times faster than the backbone (the authors' code; not in the paper).
  public let headMultiplier: Double
  /// Not applied to one-dimensional parameters (norms, biases).
  public let weightDecay: Double
  /// Exponent of the polynomial decay.
  public let power: Double
  /// Fraction of the iterations with linear warm-up (the authors' code; not in the paper).
  public let warmupRatio: Double
  /// Smallest backbone rate during the warm-up.
  public let warmupFloor: Double
  /// Random resize by a factor drawn uniformly from this range, relative to the stored image.
  public let scale: ClosedRange<Double>
  public let flipProbability: Double
  /// Per channel R, G, B on 0...255.
  public let mean: [Double]
  /// Per channel R, G, B on 0...255.
  public let std: [Double]
  /// Step of the sliding window at inference, as a fraction of the crop, rounded up to pixels.
  public let evaluationStrideRatio: Double
  /// What backbones start from; nil: random values.
  public private(set) var backboneWeights: BackboneWeights?

  public enum Optimizer: Equatable, Sendable {
    case sgd(momentum: Double)
    /// Loshchilov and Hutter, ICLR 2019.
    case adamw(beta1: Double, beta2: Double, epsilon: Double)
  }

  private enum OptimizerKind: String, CaseIterable {
    case sgd, adamw

    var keys: [String] {
      switch self {
      case .sgd: ["momentum"]
      case .adamw: ["beta1", "beta2", "epsilon"]
      }
    }
  }

  static let commonKeys = [
    "optimizer", "learning_rate", "head_multiplier", "weight_decay", "power", "warmup_ratio", "warmup_floor",
    "scale_minimum", "scale_maximum", "flip_probability", "mean", "std", "evaluation_stride_ratio",
    RecipeSpec.weightsKey,
  ]
  static let weightsKey = "backbone_weights"

  /// Of every optimizer.
  static let optimizerKeys = OptimizerKind.allCases.flatMap(\.keys)

  init(_ reader: StrictReader, name: String?) throws {
    let kind = try reader.required("optimizer").choice(OptimizerKind.self)
    self.name = try reader.name(or: name, keys: RecipeSpec.commonKeys + kind.keys)
    switch kind {
    case .sgd: optimizer = .sgd(momentum: try reader.required("momentum").number(.from(0, below: 1)))
    case .adamw:
      optimizer = .adamw(
        beta1: try reader.required("beta1").number(.from(0, below: 1)),
        beta2: try reader.required("beta2").number(.from(0, below: 1)),
        epsilon: try reader.required("epsilon").number(.above(0, upTo: 1)))
    }
    learningRate = try reader.required("learning_rate").number(.above(0, upTo: 10))
    headMultiplier = try reader.required("head_multiplier").number(.above(0, upTo: 1000))
    weightDecay = try reader.required("weight_decay").number(.closed(0, 1))
    power = try reader.required("power").number(.closed(0, 10))
    warmupRatio = try reader.required("warmup_ratio").number(.from(0, below: 1))
    warmupFloor = try reader.required("warmup_floor").number(.closed(0, 1))
    let low = try reader.required("scale_minimum").number(.closed(0.05, 20))
    let high = try reader.required("scale_maximum").number(.closed(0.05, 20))
    guard low <= high else {
      throw try reader.required("scale_minimum").inconsistent("larger than scale_maximum \(high)")
    }
    scale = low...high
    flipProbability = try reader.required("flip_probability").number(.closed(0, 1))
    mean = try RecipeSpec.channels(try reader.required("mean"), .closed(0, 255))
    std = try RecipeSpec.channels(try reader.required("std"), .above(0, upTo: 255))
    evaluationStrideRatio = try reader.required("evaluation_stride_ratio").number(.above(0, upTo: 1))
    backboneWeights =
      reader.optional(RecipeSpec.weightsKey) == nil
      ? nil : try reader.nullable(RecipeSpec.weightsKey).map { try BackboneWeights($0) }
  }

  /// The same recipe with the weights' file for one backbone.
  func resolved(for backbone: ModelSpec.Backbone) throws -> RecipeSpec {
    var recipe = self
    recipe.backboneWeights = try backboneWeights?.resolved(for: backbone.rawValue)
    return recipe
  }

  private static func channels(_ reader: StrictReader, _ range: NumberRange) throws -> [Double] {
    let values = try reader.list { try $0.number(range) }
    if values.count != 3 { throw reader.outOfRange("a list of 3, one per channel R, G, B") }
    return values
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "learning_rate": .number(learningRate),
      "head_multiplier": .number(headMultiplier),
      "weight_decay": .number(weightDecay), "power": .number(power), "warmup_ratio": .number(warmupRatio),
      "warmup_floor": .number(warmupFloor), "scale_minimum": .number(scale.lowerBound),
      "scale_maximum": .number(scale.upperBound), "flip_probability": .number(flipProbability),
      "mean": .array(mean.map { .number($0) }), "std": .array(std.map { .number($0) }),
      "evaluation_stride_ratio": .number(evaluationStrideRatio),
    ]
    // Left out when there are none, so that such runs keep the ids they had before this key.
    if let backboneWeights { members[RecipeSpec.weightsKey] = backboneWeights.json }
    switch optimizer {
    case .sgd(let momentum):
      members["optimizer"] = .string(OptimizerKind.sgd.rawValue)
      members["momentum"] = .number(momentum)
    case .adamw(let beta1, let beta2, let epsilon):
      members["optimizer"] = .string(OptimizerKind.adamw.rawValue)
      members["beta1"] = .number(beta1)
      members["beta2"] = .number(beta2)
      members["epsilon"] = .number(epsilon)
    }
    return .object(members)
  }
}
