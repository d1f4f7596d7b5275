/// How a tensor's elements lie in memory.
///
/// Plain tensors are row-major ([B, C, H, W] with W fastest). Activations inside a network are `blocked`: channels
/// padded to a multiple of `block` and stored [B, C/block, H, W, block], the layout the convolution kernels prefer.
/// The padding channels are zero.
public enum Layout: Hashable, Sendable {
  case plain
  case blocked(Int)
  /// Convolution weights of logical shape [out, in, k, k], stored [k, k, in, out].
  case hwio
}

/// Owns one aligned buffer; gives it back to the pool when the last tensor lets go.
public final class TensorStorage: @unchecked Sendable {
  public let base: UnsafeMutablePointer<Float>
  /// Elements that fit, at least what was asked for.
  public let count: Int
  private let capacity: Int

  public init(count: Int) {
    self.count = count
    capacity = MemoryPool.capacity(forBytes: count * MemoryLayout<Float>.stride)
    base = MemoryPool.allocate(capacity: capacity).assumingMemoryBound(to: Float.self)
  }

  deinit { MemoryPool.recycle(UnsafeMutableRawPointer(base), capacity: capacity) }
}

/// A Float32 array of fixed shape: a handle on shared storage.
///
/// Kernels write only into tensors that they have just made; everything else treats a tensor as a value. The one
/// exception is a parameter's storage, which the optimizer updates in place.
public struct Tensor: @unchecked Sendable {
  public let shape: Shape
  public let layout: Layout
  public let storage: TensorStorage

  /// A tensor with undefined contents, for a kernel to fill.
  public init(uninitialized shape: Shape, layout: Layout = .plain) {
    self.shape = shape
    self.layout = layout
    storage = TensorStorage(count: Tensor.elementCount(shape, layout))
  }

  /// A plain tensor of one value.
  public init(repeating value: Float, shape: Shape) {
    self.init(uninitialized: shape)
    storage.base.initialize(repeating: value, count: shape.count)
  }

  /// A plain tensor from row-major values.
  public init(_ values: [Float], shape: Shape) {
    precondition(values.count == shape.count, "Tensor: \(values.count) values do not fill shape \(shape)")
    self.init(uninitialized: shape)
    values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { storage.base.update(from: start, count: values.count) }
    }
  }

  /// The same elements under another plain shape.
  public init(reshaping other: Tensor, to shape: Shape) {
    precondition(
      other.layout == .plain && other.shape.count == shape.count,
      "Tensor: cannot reshape \(other.shape) (\(other.layout)) to \(shape)")
    self.shape = shape
    layout = .plain
    storage = other.storage
  }

  /// Elements in memory, including the zero padding of a blocked layout.
  public static func elementCount(_ shape: Shape, _ layout: Layout) -> Int {
    switch layout {
    case .plain, .hwio: return shape.count
    case .blocked(let block):
      precondition(shape.rank == 4, "Tensor: a blocked layout needs [B, C, H, W], got \(shape)")
      return shape[0] * ((shape[1] + block - 1) / block * block) * shape[2] * shape[3]
    }
  }

  /// Elements in memory, including padding.
  public var elementCount: Int { Tensor.elementCount(shape, layout) }

  /// The start of the storage. Valid while this tensor is alive: keep it alive across the use.
  public var pointer: UnsafeMutablePointer<Float> { storage.base }

  /// Row-major values of a plain tensor.
  public var values: [Float] {
    precondition(layout == .plain, "Tensor.values: layout \(layout) is opaque; convert to plain first")
    return Array(UnsafeBufferPointer(start: storage.base, count: shape.count))
  }

  /// The only element of a one-element plain tensor.
  public var scalar: Float {
    precondition(shape.count == 1, "Tensor.scalar: shape \(shape) is not a scalar")
    return storage.base[0]
  }

  /// A copy with storage of its own.
  public func copied() -> Tensor {
    let copy = Tensor(uninitialized: shape, layout: layout)
    copy.storage.base.update(from: storage.base, count: elementCount)
    return copy
  }

  /// One image of plain [B, N, C], a copy [N, C].
  public func image(_ index: Int) -> Tensor {
    precondition(
      layout == .plain && shape.rank == 3, "Tensor.image: \(shape) (\(layout)) is not plain [B, N, C]")
    let rows = Tensor(uninitialized: [shape[1], shape[2]])
    withExtendedLifetime(self) {
      rows.pointer.update(from: pointer + index * rows.shape.count, count: rows.shape.count)
    }
    return rows
  }
}
