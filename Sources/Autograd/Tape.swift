import Kernels
import Ranks
import Tensors

/// Records a forward pass and walks it backwards.
///
/// Each operation pushes one closure that turns its output's gradient into its inputs' gradients. The walk pops
/// closures as it goes, so that saved activations are freed as soon as they have been used.
public final class Tape {
  /// Input gradients in the order of the recorded inputs; nil where none is wanted.
  public typealias Backward = (Tensor, inout Gradients) -> [Tensor?]

  private struct Node {
    let operation: String
    let inputs: [Int?]
    let parameters: [Parameter]
    let output: Int
    let way: Way
  }

  private enum Way {
    case operation(Backward)
    /// Records the operations of a segment and gives their output.
    case segment(() -> Variable)
  }

  private var nodes: [Node] = []
  private var slots = 0

  public init() {}

  /// A leaf whose gradient is wanted, for instance a network's input in a gradient check.
  public func leaf(_ value: Tensor) -> Variable {
    defer { slots += 1 }
    return Variable(value, slot: slots)
  }

  /// Records `operation`: its output and how to go back.
  ///
  /// - Parameter parameters: what `backward` adds gradients of. One that is not named here has its gradient all the same, and
  ///   ranks exchange it after the walk instead of on the way.
  public func record(
    _ operation: String, inputs: [Variable], parameters: [Parameter] = [], output: Tensor,
    backward: @escaping Backward
  ) -> Variable {
    add(
      Node(
        operation: operation, inputs: inputs.map(\.slot), parameters: parameters, output: slots,
        way: .operation(backward)), output
    )
  }

  /// Records a segment by its output alone. The walk back calls `replay`, which records the segment's operations on this tape,
  /// and goes on with them: gradients thus add up in the order in which they would without segments.
  func record(segment: String, output: Tensor, replay: @escaping () -> Variable) -> Variable {
    add(Node(operation: segment, inputs: [], parameters: [], output: slots, way: .segment(replay)), output)
  }

  private func add(_ node: Node, _ output: Tensor) -> Variable {
    defer { slots += 1 }
    nodes.append(node)
    return Variable(output, slot: slots)
  }

  /// Walks back from `seeds` (a variable and dL/d variable) and empties the tape.
  ///
  /// - Parameter ranks: who has the other images of the batch; gradients of parameters are then sums over ranks, exchanged
  ///   while the walk goes on. They are to be used only if `ranks.isWhole` afterwards. nil: there are no others.
  /// - Returns: the gradients of parameters, and of the leaves asked for in `keeping`.
  public func backward(
    _ seeds: [(Variable, Tensor)], keeping leaves: [Variable] = [], ranks: RankGroup? = nil
  ) -> Gradients {
    var gradients = Gradients()
    var pending = [Tensor?](repeating: nil, count: slots)
    let exchange = ranks.map { GradientExchange($0.communicator, uses: nodes.flatMap(\.parameters)) }
    for (variable, gradient) in seeds {
      precondition(
        variable.shape == gradient.shape,
        "backward: seed \(gradient.shape) for a value of shape \(variable.shape)")
      if let slot = variable.slot { Tape.accumulate(gradient, into: &pending[slot]) }
    }
    while let node = nodes.popLast() {
      // Also of what the loss does not depend on: that is so on every rank.
      defer { exchange?.passed(node.parameters, &gradients) }
      guard let gradient = pending[node.output] else { continue }
      pending[node.output] = nil
      let backward: Backward
      switch node.way {
      case .operation(let closure): backward = closure
      case .segment(let replay):
        let output = replay()
        pending += [Tensor?](repeating: nil, count: slots - pending.count)
        if let slot = output.slot { Tape.accumulate(gradient, into: &pending[slot]) }
        continue
      }
      let inputs = backward(gradient, &gradients)
      precondition(
        inputs.count == node.inputs.count,
        "\(node.operation): \(inputs.count) gradients for \(node.inputs.count) inputs")
      for (slot, gradient) in zip(node.inputs, inputs) {
        if let slot, let gradient { Tape.accumulate(gradient, into: &pending[slot]) }
      }
    }
    exchange?.finish(&gradients)
    for leaf in leaves {
      if let slot = leaf.slot { gradients.setLeaf(slot, pending[slot]) }
    }
    return gradients
  }

  private static func accumulate(_ gradient: Tensor, into sum: inout Tensor?) {
    guard let present = sum else {
      sum = gradient
      return
    }
    sum = Elementwise.add(present, gradient, activation: .none)
  }
}

/// Gradients of one backward walk, by the parameter's identity. A parameter that is used more than once gets the sum.
public struct Gradients {
  private var byParameter: [ObjectIdentifier: Tensor] = [:]
  /// Parameters in the order of their first gradients.
  private(set) var parameters: [Parameter] = []
  private var byLeaf: [Int: Tensor] = [:]

  public init() {}

  /// dL/d parameter in the parameter's layout; nil when the loss does not depend on it.
  public subscript(parameter: Parameter) -> Tensor? { byParameter[ObjectIdentifier(parameter)] }

  /// dL/d leaf, when the walk was asked to keep it.
  public subscript(leaf variable: Variable) -> Tensor? { variable.slot.flatMap { byLeaf[$0] } }

  /// Adds a share of dL/d parameter.
  ///
  /// - Parameter gradient: in the parameter's shape and layout; kept, and never written to.
  public mutating func add(_ parameter: Parameter, _ gradient: Tensor) {
    precondition(
      gradient.shape == parameter.shape && gradient.layout == parameter.value.layout,
      "gradient \(gradient.shape) for parameter \(parameter.name) \(parameter.shape)")
    let key = ObjectIdentifier(parameter)
    guard let present = byParameter[key] else {
      byParameter[key] = gradient
      parameters.append(parameter)
      return
    }
    byParameter[key] = Elementwise.sum(present, gradient)
  }

  /// Puts another gradient in the place of a parameter's, or none for the moment.
  mutating func replace(_ parameter: Parameter, by gradient: Tensor?) {
    byParameter[ObjectIdentifier(parameter)] = gradient
  }

  mutating func setLeaf(_ slot: Int, _ gradient: Tensor?) { byLeaf[slot] = gradient }
}
