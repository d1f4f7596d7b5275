import Autograd
import CKernels
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

/// Updates its parameters in place, one step at a time. Its state is a named tensor or more a parameter, and counters.
public protocol Optimizer: Stateful {
  /// Updates every parameter that has a gradient; gradients of other parameters are left alone.
  ///
  /// - Parameter rate: learning rate of the group with multiplier 1.
  func step(_ gradients: Gradients, rate: Double)
}

/// One tensor an optimizer keeps for each parameter, in the parameter's layout.
struct Moments {
  private let name: String
  private let parameters: [Parameter]
  let tensors: [Tensor]

  /// Zeros.
  /// - Parameter name: torch's, such as `exp_avg`; the first part of the state's paths.
  init(_ name: String, _ parameters: [Parameter]) {
    self.name = name
    self.parameters = parameters
    tensors = parameters.map { parameter in
      let tensor = Tensor(uninitialized: parameter.shape, layout: parameter.value.layout)
      jml_clear(tensor.pointer, tensor.elementCount)
      return tensor
    }
  }

  /// What `restore` needs.
  var targets: [(path: String, shape: Shape)] { parameters.map { ("\(name).\($0.name)", $0.shape) } }

  /// Adds copies.
  func add(to state: inout StateDict) {
    for (parameter, tensor) in zip(parameters, tensors) {
      state.add("\(name).\(parameter.name)", Tensor(tensor.kernelValues, shape: parameter.shape))
    }
  }

  /// - Parameter state: checked against `targets`.
  func restore(_ state: StateDict) {
    for (target, wanted) in zip(tensors, targets) {
      if let tensor = state[wanted.path] { target.assign(tensor) }
    }
  }
}
