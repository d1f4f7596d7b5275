import Autograd
import CKernels
import Foundation
import Tensors

/// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), as in torch: w -= rate * decay * w;
/// m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
/// w -= rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) in step t, counted from 1.
public final class AdamW: Optimizer {
  public typealias Rule = ParameterRule

  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double
  private let parameters: [(parameter: Parameter, rule: Rule)]
  private let means: Moments
  private let squares: Moments
  private var steps = 0

  public init(
    _ parameters: [Parameter], beta1: Double, beta2: Double, epsilon: Double, rule: (Parameter) -> Rule
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.parameters = parameters.map { ($0, rule($0)) }
    means = Moments("exp_avg", parameters)
    squares = Moments("exp_avg_sq", parameters)
  }

  public func step(_ gradients: Gradients, rate: Double) {
    steps += 1
    let firstCorrection = 1 - pow(beta1, Double(steps))
    let secondCorrection = 1 - pow(beta2, Double(steps))
    for (index, (parameter, rule)) in parameters.enumerated() {
      guard let gradient = gradients[parameter] else { continue }
      let rate = rate * rule.rateMultiplier
      var coefficients = jml_adamw(
        keep: Float(1 - rate * rule.weightDecay), beta1: Float(beta1), first_gain: Float(1 - beta1),
        beta2: Float(beta2), second_gain: Float(1 - beta2), step: Float(rate / firstCorrection),
        inverse_root: Float(1 / secondCorrection.squareRoot()), epsilon: Float(epsilon))
      jml_adamw_step(
        &coefficients, parameter.value.pointer, gradient.pointer, means.tensors[index].pointer,
        squares.tensors[index].pointer, parameter.value.elementCount)
    }
  }

  /// torch's `exp_avg.<parameter>` and `exp_avg_sq.<parameter>`, and the counter `steps`.
  public var state: StateDict {
    var state = StateDict()
    means.add(to: &state)
    squares.add(to: &state)
    state.add("steps", steps)
    return state
  }

  public func restore(_ state: StateDict) throws(StateError) {
    try state.check(against: means.targets + squares.targets)
    steps = try state.required("steps")
    means.restore(state)
    squares.restore(state)
  }
}
