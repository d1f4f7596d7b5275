import Autograd
import CKernels
import Tensors

/// Stochastic gradient descent with momentum and L2 decay as in torch: g += decay * w; v = momentum * v + g;
/// w -= rate * v.
public final class SGD: Optimizer {
  public typealias Rule = ParameterRule

  private let momentum: Float
  private let parameters: [(parameter: Parameter, rule: Rule)]
  private let velocities: Moments

  public init(_ parameters: [Parameter], momentum: Double, rule: (Parameter) -> Rule) {
    self.momentum = Float(momentum)
    self.parameters = parameters.map { ($0, rule($0)) }
    velocities = Moments("velocity", parameters)
  }

  public func step(_ gradients: Gradients, rate: Double) {
    for ((parameter, rule), velocity) in zip(parameters, velocities.tensors) {
      guard let gradient = gradients[parameter] else { continue }
      jml_sgd_step(
        parameter.value.pointer, gradient.pointer, velocity.pointer, parameter.value.elementCount,
        Float(rate * rule.rateMultiplier), momentum, Float(rule.weightDecay))
    }
  }

  /// `velocity.<parameter>`.
  public var state: StateDict {
    var state = StateDict()
    velocities.add(to: &state)
    return state
  }

  public func restore(_ state: StateDict) throws(StateError) {
    try state.check(against: velocities.targets)
    velocities.restore(state)
  }
}
