import Autograd
import Tensors

extension SegmentationModel: Stateful {
  /// Plain copies of all parameters by dotted name: convolution weights are [out, in / groups, k, k].
  public var weights: StateDict {
    StateDict(parameters.map { ($0.name, Tensor($0.value.kernelValues, shape: $0.shape)) })
  }

  /// Plain copies of the running statistics.
  public var runningStatistics: StateDict { StateDict(buffers.map { ($0.name, $0.value.copied()) }) }

  /// Weights, then running statistics.
  public var state: StateDict {
    var state = weights
    for entry in runningStatistics.tensors { state.add(entry.path, entry.tensor) }
    return state
  }

  public func restore(_ state: StateDict) throws(StateError) {
    try state.check(
      against: parameters.map { ($0.name, $0.shape) } + buffers.map { ($0.name, $0.value.shape) })
    assign(state)
  }

  /// Overwrites the whole backbone with what a network of the same backbone has: of `values` what its names begin with.
  public func assignBackbone(_ values: StateDict) {
    let given = values.tensors.filter { $0.path.hasPrefix(SegmentationModel.backbonePrefix) }
    let wanted = (parameters.map(\.name) + buffers.map(\.name))
      .filter { $0.hasPrefix(SegmentationModel.backbonePrefix) }
    precondition(
      Set(given.map(\.path)) == Set(wanted),
      "assignBackbone: \(given.count) tensors, not the backbone's \(wanted.count)")
    assign(StateDict(given.map { ($0.path, $0.tensor) }))
  }

  /// Overwrites the parameters and running statistics that `values` names; the others stay. Names and shapes must be
  /// the model's.
  public func assign(_ values: StateDict) {
    let targets = Dictionary(
      parameters.map { ($0.name, $0.value) } + buffers.map { ($0.name, $0.value) },
      uniquingKeysWith: { first, _ in first })
    for entry in values.tensors {
      guard let target = targets[entry.path], target.shape == entry.tensor.shape else {
        preconditionFailure("assign: the model has no \(entry.path) of shape \(entry.tensor.shape)")
      }
      target.assign(entry.tensor)
    }
  }
}
