import Autograd
import Tensors

extension SegmentationModel {
  /// One tensor of a model's state, row-major under its dotted name.
  public typealias NamedValues = (name: String, tensor: Tensor)

  /// Plain copies of all parameters: convolution weights are [out, in / groups, k, k].
  public func weights() -> [NamedValues] {
    parameters.map { ($0.name, Tensor($0.value.kernelValues, shape: $0.shape)) }
  }

  /// Plain copies of the running statistics.
  public func runningStatistics() -> [NamedValues] { buffers.map { ($0.name, $0.value.copied()) } }

  /// Overwrites parameters and running statistics.
  ///
  /// - Throws: `ModelError` when a name is missing, unknown, or has another shape; nothing is changed then.
  public func load(weights: [NamedValues], buffers statistics: [NamedValues]) throws(ModelError) {
    let targets = parameters.map { ($0.name, $0.value) }
    let buffers = self.buffers.map { ($0.name, $0.value) }
    try SegmentationModel.check(weights, targets)
    try SegmentationModel.check(statistics, buffers)
    SegmentationModel.copy(weights, to: targets)
    SegmentationModel.copy(statistics, to: buffers)
  }

  /// Overwrites the named parameters and running statistics; the others stay. Names and shapes must be the model's.
  public func assign(_ values: [NamedValues]) {
    let targets = Dictionary(
      parameters.map { ($0.name, $0.value) } + buffers.map { ($0.name, $0.value) },
      uniquingKeysWith: { first, _ in first })
    for (name, tensor) in values {
      guard let target = targets[name], target.shape == tensor.shape else {
        preconditionFailure("assign: the model has no \(name) of shape \(tensor.shape)")
      }
      target.assign(kernelValues: tensor.kernelValues)
    }
  }

  private static func check(_ source: [NamedValues], _ targets: [(String, Tensor)]) throws(ModelError) {
    let known = Set(targets.map(\.0))
    let given = Set(source.map(\.name))
    let missing = targets.map(\.0).filter { !given.contains($0) }
    guard missing.isEmpty else { throw .missingWeights(missing) }
    let unexpected = source.map(\.name).filter { !known.contains($0) }
    guard unexpected.isEmpty else { throw .unexpectedWeights(unexpected) }
    let shapes = Dictionary(targets.map { ($0.0, $0.1.shape) }, uniquingKeysWith: { first, _ in first })
    for (name, tensor) in source {
      guard let expected = shapes[name], expected != tensor.shape else { continue }
      throw .mismatchedShape(name: name, found: tensor.shape.description, expected: expected.description)
    }
  }

  private static func copy(_ source: [NamedValues], to targets: [(String, Tensor)]) {
    let byName = Dictionary(source.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    for (name, target) in targets {
      if let tensor = byName[name] { target.assign(kernelValues: tensor.kernelValues) }
    }
  }
}
