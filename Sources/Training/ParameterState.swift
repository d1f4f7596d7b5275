import Autograd
import Tensors

/// Parameters outside a network, such as an adapter's, as a part of a run's state.
public final class ParameterState: Stateful {
  private let parameters: [Parameter]

  /// - Parameter parameters: their names are unique.
  public init(_ parameters: [Parameter]) { self.parameters = parameters }

  public var state: StateDict {
    StateDict(parameters.map { ($0.name, Tensor($0.value.kernelValues, shape: $0.shape)) })
  }

  public func restore(_ state: StateDict) throws(StateError) {
    try state.check(against: parameters.map { ($0.name, $0.shape) })
    for parameter in parameters {
      if let tensor = state[parameter.name] { parameter.value.assign(tensor) }
    }
  }
}
