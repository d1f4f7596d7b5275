import Kernels
import Tensors

/// All parameters and buffers of one model, in the order in which its layers made them.
public final class ParameterStore: @unchecked Sendable {
  /// Seed of the initial values; each parameter's own seed also depends on its path, so that adding a layer leaves
  /// the others' initial values as they were.
  public let seed: UInt64?
  /// Of the products of the layers that are made here.
  public let precision: Precision
  /// Whether blocks of the layers that are made here are computed again in the walk back (`ForwardPass.segment`).
  public let recomputesBlocks: Bool
  /// Parameters whose names begin with this stay at zero; nil: all are drawn.
  private let loadedPrefix: String?
  public private(set) var parameters: [Parameter] = []
  public private(set) var buffers: [ModelBuffer] = []

  /// - Parameters:
  ///   - seed: nil leaves every parameter at zero, for weights that are loaded next.
  ///   - loadedPrefix: leaves those at zero whose names begin with it, since they are loaded next. The others' values are what
  ///     they are without it.
  public init(
    seed: UInt64?, precision: Precision = .float32, recomputesBlocks: Bool = false,
    loadedPrefix: String? = nil
  ) {
    self.seed = seed
    self.loadedPrefix = loadedPrefix
    self.precision = precision
    self.recomputesBlocks = recomputesBlocks
  }

  public var root: ParameterScope { ParameterScope(store: self, path: "") }

  /// Of the numbers that a parameter begins with; nil: it stays at zero.
  fileprivate func source(of name: String) -> RandomSource? {
    if let loadedPrefix, name.hasPrefix(loadedPrefix) { return nil }
    return seed.map { RandomSource(seed: $0, purpose: "initial value of \(name)") }
  }

  fileprivate func addParameter(_ name: String, _ value: Tensor) -> Parameter {
    precondition(!parameters.contains { $0.name == name }, "ParameterStore: \(name) exists already")
    let parameter = Parameter(name: name, value: value)
    parameters.append(parameter)
    return parameter
  }

  fileprivate func addBuffer(_ name: String, _ value: Tensor) -> ModelBuffer {
    let buffer = ModelBuffer(name: name, value: value)
    buffers.append(buffer)
    return buffer
  }
}

/// A place in a model's tree of parameters: `scope["layer1"]["0"]["conv1"]` makes parameters whose names begin with
/// `layer1.0.conv1.`, which are also their checkpoint keys.
public struct ParameterScope {
  let store: ParameterStore
  public let path: String

  public var precision: Precision { store.precision }
  public var recomputesBlocks: Bool { store.recomputesBlocks }

  public subscript(_ name: String) -> ParameterScope {
    ParameterScope(store: store, path: path.isEmpty ? name : "\(path).\(name)")
  }

  public subscript(_ index: Int) -> ParameterScope { self[String(index)] }

  /// A trained tensor whose row-major values `initial` draws.
  public func parameter(
    _ name: String, _ shape: Shape, layout: Layout = .plain, initial: (inout RandomSource) -> [Float]
  ) -> Parameter {
    parameter(name, shape, layout) { value, random in
      var random = random
      value.assign(kernelValues: initial(&random))
    }
  }

  /// A trained tensor of random values: weights, which are too many for one thread to draw.
  public func parameter(
    _ name: String, _ shape: Shape, layout: Layout = .plain, initial: RandomDistribution
  ) -> Parameter {
    parameter(name, shape, layout) { $0.fill(initial, from: $1) }
  }

  private func parameter(
    _ name: String, _ shape: Shape, _ layout: Layout, fill: (Tensor, RandomSource) -> Void
  ) -> Parameter {
    let full = self[name].path
    let value = Tensor(uninitialized: shape, layout: layout)
    if let source = store.source(of: full) {
      fill(value, source)
    } else {
      value.pointer.initialize(repeating: 0, count: value.elementCount)
    }
    return store.addParameter(full, value)
  }

  /// An untrained tensor whose values `initial` draws; zeros in a store without a seed.
  public func buffer(
    _ name: String, _ shape: Shape, initial: (inout RandomSource) -> [Float]
  ) -> ModelBuffer {
    let full = self[name].path
    guard var random = store.source(of: full) else { return buffer(name, shape, repeating: 0) }
    return store.addBuffer(full, Tensor(initial(&random), shape: shape))
  }

  /// An untrained tensor of one repeated value.
  public func buffer(_ name: String, _ shape: Shape, repeating value: Float) -> ModelBuffer {
    store.addBuffer(self[name].path, Tensor(repeating: value, shape: shape))
  }
}
