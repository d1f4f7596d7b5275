import Tensors

/// A value in a forward pass. When something upstream is trained, it has a slot on the tape where its gradient
/// is collected.
public struct Variable: Sendable {
  public let value: Tensor
  /// Where the tape collects this variable's gradient; nil when no gradient is wanted.
  let slot: Int?

  public init(constant value: Tensor) {
    self.value = value
    slot = nil
  }

  init(_ value: Tensor, slot: Int) {
    self.value = value
    self.slot = slot
  }

  /// The same value without its past: what follows sends no gradient back.
  public var detached: Variable { Variable(constant: value) }

  public var shape: Shape { value.shape }
}
