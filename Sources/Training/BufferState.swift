import Autograd
import Tensors

/// Running statistics and the like outside a network, as a part of a run's state.
public final class BufferState: Stateful {
  private let buffers: [ModelBuffer]

  /// - Parameter buffers: their names are unique.
  public init(_ buffers: [ModelBuffer]) { self.buffers = buffers }

  public var state: StateDict { StateDict(buffers.map { ($0.name, $0.value.copied()) }) }

  public func restore(_ state: StateDict) throws(StateError) {
    try state.check(against: buffers.map { ($0.name, $0.value.shape) })
    for buffer in buffers {
      if let tensor = state[buffer.name] {
        buffer.value.pointer.update(from: tensor.pointer, count: tensor.shape.count)
      }
    }
  }
}
