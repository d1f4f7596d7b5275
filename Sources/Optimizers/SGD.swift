import Autograd
import CKernels
import Tensors

/// Stochastic gradient descent with momentum and L2 decay as in torch: g += decay * w; v = momentum * v + g;
/// w -= rate * v.
public final class SGD {
  /// How one parameter differs from the base settings.
  public struct Rule: Sendable, Hashable {
    /// Factor on the learning rate: 10 for decoder and heads.
    public let rateMultiplier: Double
    /// 0 for 1-d parameters (norms and biases).
    public let weightDecay: Double

    public init(rateMultiplier: Double, weightDecay: Double) {
      self.rateMultiplier = rateMultiplier
      self.weightDecay = weightDecay
    }
  }

  private struct Entry {
    let parameter: Parameter
    let rule: Rule
    let momentum: Tensor
  }

  private let momentum: Float
  private var entries: [Entry]

  public init(_ parameters: [Parameter], momentum: Double, rule: (Parameter) -> Rule) {
    self.momentum = Float(momentum)
    entries = parameters.map { parameter in
      let state = Tensor(uninitialized: parameter.shape, layout: parameter.value.layout)
      state.pointer.initialize(repeating: 0, count: state.elementCount)
      return Entry(parameter: parameter, rule: rule(parameter), momentum: state)
    }
  }

  /// Updates every parameter that has a gradient.
  ///
  /// - Parameter rate: learning rate of the group with multiplier 1.
  public func step(_ gradients: Gradients, rate: Double) {
    for entry in entries {
      guard let gradient = gradients[entry.parameter] else { continue }
      jml_sgd_step(
        entry.parameter.value.pointer, gradient.pointer, entry.momentum.pointer,
        entry.parameter.value.elementCount,
        Float(rate * entry.rule.rateMultiplier), momentum, Float(entry.rule.weightDecay))
    }
  }

  /// Plain copies of the velocities, under their parameters' names.
  public func state() -> [(name: String, tensor: Tensor)] {
    entries.map { ($0.parameter.name, Tensor($0.momentum.kernelValues, shape: $0.parameter.shape)) }
  }

  /// Restores velocities by name; returns the names that were missing or had another shape (empty when all fitted).
  public func restore(_ state: [(name: String, tensor: Tensor)]) -> [String] {
    let byName = Dictionary(state.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    var failed: [String] = []
    for entry in entries {
      guard let tensor = byName[entry.parameter.name], tensor.shape == entry.parameter.shape else {
        failed.append(entry.parameter.name)
        continue
      }
      entry.momentum.assign(kernelValues: tensor.kernelValues)
    }
    return failed
  }
}
