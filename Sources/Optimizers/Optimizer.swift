import Autograd
import Tensors

/// How one parameter differs from the base settings.
public struct ParameterRule: Sendable, Hashable {
  /// Factor on the learning rate: 10 for decoder and heads.
  public let rateMultiplier: Double
  /// 0 for 1-d parameters (norms and biases).
  public let weightDecay: Double

  public init(rateMultiplier: Double, weightDecay: Double) {
    self.rateMultiplier = rateMultiplier
    self.weightDecay = weightDecay
  }
}

/// Updates parameters in place, one step at a time.
public protocol Optimizer: AnyObject {
  /// Updates every parameter that has a gradient.
  ///
  /// - Parameter rate: learning rate of the group with multiplier 1.
  func step(_ gradients: Gradients, rate: Double)

  /// Plain copies of what the optimizer remembers, under the parameters' names.
  func state() -> OptimizerState

  /// Restores `state` after `steps` steps; returns the names that were missing or had another shape (empty when all
  /// fitted).
  func restore(_ state: OptimizerState, steps: Int) -> [String]
}

/// What an optimizer remembers, plain tensors by parameter name.
public struct OptimizerState: Sendable {
  public typealias NamedValues = (name: String, tensor: Tensor)

  /// Velocities of SGD, or AdamW's running means of gradients (torch's exp_avg).
  public let first: [NamedValues]
  /// AdamW's running means of squared gradients (exp_avg_sq); empty for SGD.
  public let second: [NamedValues]

  public init(first: [NamedValues], second: [NamedValues] = []) {
    self.first = first
    self.second = second
  }
}

/// One tensor an optimizer keeps for each parameter, in the parameter's layout.
struct Moments {
  private let parameters: [Parameter]
  let tensors: [Tensor]

  /// Zeros.
  init(_ parameters: [Parameter]) {
    self.parameters = parameters
    tensors = parameters.map { parameter in
      let tensor = Tensor(uninitialized: parameter.shape, layout: parameter.value.layout)
      tensor.pointer.initialize(repeating: 0, count: tensor.elementCount)
      return tensor
    }
  }

  var named: [OptimizerState.NamedValues] {
    zip(parameters, tensors).map { ($0.name, Tensor($1.kernelValues, shape: $0.shape)) }
  }

  /// The names that were missing or had another shape.
  func restore(_ state: [OptimizerState.NamedValues]) -> [String] {
    let byName = Dictionary(state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    var failed: [String] = []
    for (parameter, target) in zip(parameters, tensors) {
      guard let tensor = byName[parameter.name], tensor.shape == parameter.shape else {
        failed.append(parameter.name)
        continue
      }
      target.assign(kernelValues: tensor.kernelValues)
    }
    return failed
  }
}
