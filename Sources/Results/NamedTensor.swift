import HDF5
import Tensors

/// A weight, buffer or optimizer tensor with its dotted name, such as "backbone.layer1.0.conv1.weight".
public struct NamedTensor: Sendable {
  public let name: String
  /// Plain layout.
  public let tensor: Tensor

  public init(name: String, tensor: Tensor) {
    precondition(tensor.layout == .plain, "NamedTensor: \(name) is not in plain layout")
    precondition(!name.isEmpty && !name.contains("/"), "NamedTensor: '\(name)' cannot name a dataset")
    self.name = name
    self.tensor = tensor
  }

  public init(_ entry: StateDict.Entry) { self.init(name: entry.path, tensor: entry.tensor) }
}

/// Training curves, one value per logged iteration.
public struct Curves: Equatable, Sendable {
  public var iteration: [Int]
  public var loss: [Double]
  public var learningRate: [Double]

  public init(iteration: [Int] = [], loss: [Double] = [], learningRate: [Double] = []) {
    precondition(
      iteration.count == loss.count && loss.count == learningRate.count,
      "Curves: \(iteration.count) iterations, \(loss.count) losses, \(learningRate.count) learning rates")
    self.iteration = iteration
    self.loss = loss
    self.learningRate = learningRate
  }

  public mutating func append(iteration: Int, loss: Double, learningRate: Double) {
    self.iteration.append(iteration)
    self.loss.append(loss)
    self.learningRate.append(learningRate)
  }
}

extension HDF5Writer {
  /// Writes a flat group with one float32 dataset a tensor.
  func write(_ tensors: [NamedTensor], group: String) throws {
    try makeGroup(group)
    for entry in tensors {
      let values = UnsafeBufferPointer(start: entry.tensor.pointer, count: entry.tensor.shape.count)
      try withExtendedLifetime(entry) {
        try write(floats: values, shape: entry.tensor.shape.dimensions, at: "\(group)/\(entry.name)")
      }
    }
  }

  func write(_ curves: Curves) throws {
    let shape = [curves.iteration.count]
    try write(int64s: curves.iteration.map { Int64($0) }, shape: shape, at: "curves/iteration")
    try write(doubles: curves.loss, shape: shape, at: "curves/loss")
    try write(doubles: curves.learningRate, shape: shape, at: "curves/learning_rate")
  }
}

extension HDF5File {
  /// Names in a group, sorted.
  /// - Throws: `HDF5Error`; `ResultsError.damaged` for two names that are the same text, as composed and decomposed
  ///   letters are: they are told apart in the file, and nowhere else.
  func names(in group: String) throws -> [String] {
    let names = try children(of: group)
    guard let index = names.indices.dropFirst().first(where: { names[$0] == names[$0 - 1] }) else {
      return names
    }
    throw ResultsError.damaged(path: path, reason: "/\(group) has '\(names[index])' twice")
  }

  /// The tensors of a flat group, sorted by name.
  func tensors(group: String) throws -> [NamedTensor] {
    try names(in: group).map { name in
      let dataset = "\(group)/\(name)"
      var shape: [Int] = []
      let values = try floats(dataset) { shape = $0 }
      return NamedTensor(name: name, tensor: Tensor(values, shape: Shape(shape)))
    }
  }

  func curves() throws -> Curves {
    let iteration = try int64s("curves/iteration").map { Int($0) }
    let loss = try doubles("curves/loss")
    let learningRate = try doubles("curves/learning_rate")
    guard iteration.count == loss.count, loss.count == learningRate.count else {
      throw ResultsError.damaged(path: path, reason: "the curves differ in length")
    }
    return Curves(iteration: iteration, loss: loss, learningRate: learningRate)
  }
}
