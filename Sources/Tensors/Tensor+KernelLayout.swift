extension Tensor {
  /// Row-major values of logical shape [out, in, k, k] from weights stored in either layout.
  public var kernelValues: [Float] {
    guard layout == .hwio else { return values }
    return [Float](unsafeUninitializedCapacity: shape.count) { buffer, count in
      guard let target = buffer.baseAddress else { return }
      let source = UnsafePointer(storage.base)
      forEachTile { logical, stored in target[logical] = source[stored] }
      count = shape.count
    }
  }

  /// Fills a tensor in place from row-major values of its logical shape, whatever its layout stores.
  public func assign(kernelValues: [Float]) {
    precondition(
      kernelValues.count == shape.count, "Tensor.assign: \(kernelValues.count) values for \(shape)")
    kernelValues.withUnsafeBufferPointer { buffer in
      guard let source = buffer.baseAddress else { return }
      let target = storage.base
      guard layout == .hwio else {
        precondition(layout == .plain, "Tensor.assign: layout \(layout) is opaque")
        target.update(from: source, count: shape.count)
        return
      }
      forEachTile { logical, stored in target[stored] = source[logical] }
    }
  }

  /// Fills a tensor in place with the values of another one of its shape, whichever of the two layouts each has.
  public func assign(_ other: Tensor) {
    precondition(other.shape == shape, "Tensor.assign: \(other.shape) for \(shape)")
    let (source, target) = (UnsafePointer(other.storage.base), storage.base)
    withExtendedLifetime(other) {
      switch (other.layout, layout) {
      case (.plain, .hwio): forEachTile { logical, stored in target[stored] = source[logical] }
      case (.hwio, .plain): other.forEachTile { logical, stored in target[logical] = source[stored] }
      case (.plain, .plain), (.hwio, .hwio): target.update(from: source, count: shape.count)
      default: preconditionFailure("Tensor.assign: layout \(layout) or \(other.layout) is opaque")
      }
    }
  }

  /// Pairs row-major indices of [out, in, k, k] with those of [k, k, in, out], in tiles that stay in the cache on
  /// both sides.
  @inline(__always)
  private func forEachTile(_ body: (_ logical: Int, _ stored: Int) -> Void) {
    let (outputs, inputs, taps) = (shape[0], shape[1], shape[2] * shape[3])
    let tile = 16
    for firstOut in stride(from: 0, to: outputs, by: tile) {
      for firstIn in stride(from: 0, to: inputs, by: tile) {
        for tap in 0..<taps {
          for input in firstIn..<min(firstIn + tile, inputs) {
            for output in firstOut..<min(firstOut + tile, outputs) {
              body((output * inputs + input) * taps + tap, (tap * inputs + input) * outputs + output)
            }
          }
        }
      }
    }
  }
}
