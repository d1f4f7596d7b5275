import Tensors

/// A trained tensor, named by its dotted path. Gradients are keyed by its identity, so that parameters of several
/// networks may share names. The optimizer updates its storage in place.
public final class Parameter: @unchecked Sendable {
  public let name: String
  public let value: Tensor

  init(name: String, value: Tensor) {
    self.name = name
    self.value = value
  }

  public var shape: Shape { value.shape }
}

/// A tensor that is part of a model's state but not trained by gradients: running statistics.
public final class ModelBuffer: @unchecked Sendable {
  public let name: String
  public let value: Tensor

  init(name: String, value: Tensor) {
    self.name = name
    self.value = value
  }
}
