import JSON

extension RecipeSpec {
  /// What turns gradients into updates.
  public struct Optimizer: Equatable, Sendable {
    public let kind: Kind
    /// Of the backbone, at the end of the warm-up.
    public let learningRate: Double
    /// Decoder and heads learn this many times faster than the backbone (the authors' code; not in the paper).
    public let headMultiplier: Double
    /// Not applied to one-dimensional parameters (norms, biases).
    public let weightDecay: Double

    public enum Kind: Equatable, Sendable {
      case sgd(momentum: Double)
      /// Loshchilov and Hutter, ICLR 2019.
      case adamw(beta1: Double, beta2: Double, epsilon: Double)

      enum Name: String, CaseIterable {
        case sgd, adamw
      }
    }

    private static let commonKeys = ["learning_rate", "head_multiplier", "weight_decay"]

    private static func ownKeys(_ kind: Kind.Name) -> [String] {
      switch kind {
      case .sgd: ["momentum"]
      case .adamw: ["beta1", "beta2", "epsilon"]
      }
    }

    /// Besides `kind`.
    static func keys(_ kind: Kind.Name) -> [String] { commonKeys + ownKeys(kind) }

    init(_ reader: StrictReader) throws {
      let name = try reader.required("kind").choice(Kind.Name.self)
      try reader.allowOnly(["kind"] + Optimizer.keys(name))
      switch name {
      case .sgd: kind = .sgd(momentum: try reader.required("momentum").number(.from(0, below: 1)))
      case .adamw:
        kind = .adamw(
          beta1: try reader.required("beta1").number(.from(0, below: 1)),
          beta2: try reader.required("beta2").number(.from(0, below: 1)),
          epsilon: try reader.required("epsilon").number(.above(0, upTo: 1)))
      }
      learningRate = try reader.required("learning_rate").number(.above(0, upTo: 10))
      headMultiplier = try reader.required("head_multiplier").number(.above(0, upTo: 1000))
      weightDecay = try reader.required("weight_decay").number(.closed(0, 1))
    }

    var json: JSONValue {
      var members: [String: JSONValue] = [
        "learning_rate": .number(learningRate), "head_multiplier": .number(headMultiplier),
        "weight_decay": .number(weightDecay),
      ]
      switch kind {
      case .sgd(let momentum):
        members["kind"] = .string(Kind.Name.sgd.rawValue)
        members["momentum"] = .number(momentum)
      case .adamw(let beta1, let beta2, let epsilon):
        members["kind"] = .string(Kind.Name.adamw.rawValue)
        members["beta1"] = .number(beta1)
        members["beta2"] = .number(beta2)
        members["epsilon"] = .number(epsilon)
      }
      return .object(members)
    }
  }

  /// How the learning rate changes from iteration to iteration: a linear warm-up, then
  /// rate * (1 - iteration / iterations)^power.
  public struct Schedule: Equatable, Sendable {
    public let kind: Kind
    /// Fraction of the iterations with linear warm-up (the authors' code; not in the paper).
    public let warmupRatio: Double
    /// Smallest backbone rate during the warm-up.
    public let warmupFloor: Double

    public enum Kind: Equatable, Sendable {
      /// Polynomial decay.
      case poly(power: Double)

      enum Name: String, CaseIterable {
        case poly
      }
    }

    /// Besides `kind`.
    static let keys = ["power", "warmup_ratio", "warmup_floor"]

    init(_ reader: StrictReader) throws {
      let name = try reader.required("kind").choice(Kind.Name.self)
      try reader.allowOnly(["kind"] + Schedule.keys)
      switch name {
      case .poly: kind = .poly(power: try reader.required("power").number(.closed(0, 10)))
      }
      warmupRatio = try reader.required("warmup_ratio").number(.from(0, below: 1))
      warmupFloor = try reader.required("warmup_floor").number(.closed(0, 1))
    }

    var json: JSONValue {
      var members: [String: JSONValue] = [
        "warmup_ratio": .number(warmupRatio), "warmup_floor": .number(warmupFloor),
      ]
      switch kind {
      case .poly(let power):
        members["kind"] = .string(Kind.Name.poly.rawValue)
        members["power"] = .number(power)
      }
      return .object(members)
    }
  }
}
