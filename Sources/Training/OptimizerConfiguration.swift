import Autograd
import Models
import Optimizers

/// How parameters are updated: Section 5 of the paper and the authors' recipe. There are no defaults: values come from
/// the experiment.
public struct OptimizerConfiguration: Sendable, Hashable {
  public enum Rule: Sendable, Hashable {
    case sgd(momentum: Double)
    case adamW(beta1: Double, beta2: Double, epsilon: Double)
  }

  public var rule: Rule
  /// L2 (SGD) or decoupled (AdamW) decay of parameters with two or more axes; norms and biases have none.
  public var weightDecay: Double
  /// Factor on the learning rate of decoder, heads and whatever a method adds to the network.
  public var headMultiplier: Double

  public init(rule: Rule, weightDecay: Double, headMultiplier: Double) {
    self.rule = rule
    self.weightDecay = weightDecay
    self.headMultiplier = headMultiplier
  }

  /// - Parameter adapters: parameters outside the network that are trained with it.
  public func optimizer(for model: SegmentationModel, with adapters: [Parameter] = []) -> any Optimizer {
    optimizer(of: model.parameters + adapters) {
      SegmentationModel.isBackbone($0) ? 1 : headMultiplier
    }
  }

  /// For parameters of no network, all at the base rate.
  public func optimizer(of parameters: [Parameter]) -> any Optimizer {
    optimizer(of: parameters) { _ in 1 }
  }

  private func optimizer(
    of parameters: [Parameter], multiplier: (Parameter) -> Double
  ) -> any Optimizer {
    let rule = { (parameter: Parameter) in
      ParameterRule(
        rateMultiplier: multiplier(parameter), weightDecay: parameter.shape.rank > 1 ? weightDecay : 0)
    }
    switch self.rule {
    case .sgd(let momentum): return SGD(parameters, momentum: momentum, rule: rule)
    case .adamW(let beta1, let beta2, let epsilon):
      return AdamW(parameters, beta1: beta1, beta2: beta2, epsilon: epsilon, rule: rule)
    }
  }
}
