extension Tensor {
  /// Batches one after another: plain [B1, ...], [B2, ...], ... to plain [B1 + B2 + ..., ...].
  public init(joining batches: [Tensor]) {
    guard let first = batches.first else { preconditionFailure("Tensor(joining:): nothing to join") }
    let rest = first.shape.dimensions.dropFirst()
    precondition(
      batches.allSatisfy { $0.layout == .plain && $0.shape.dimensions.dropFirst() == rest },
      "Tensor(joining:): \(batches.map { "\($0.shape) (\($0.layout))" }) differ in more than their batch")
    self.init(uninitialized: Shape([batches.reduce(0) { $0 + $1.shape[0] }] + rest))
    var place = pointer
    for batch in batches {
      withExtendedLifetime(batch) { place.update(from: batch.pointer, count: batch.shape.count) }
      place += batch.shape.count
    }
  }

  /// Some of a batch's images, a copy: plain [B, ...] to plain [range.count, ...].
  public func images(_ range: Range<Int>) -> Tensor {
    precondition(
      layout == .plain && shape.rank > 1 && range.lowerBound >= 0 && range.upperBound <= shape[0],
      "Tensor.images: \(range) of \(shape) (\(layout))")
    let part = Tensor(uninitialized: Shape([range.count] + shape.dimensions.dropFirst()))
    withExtendedLifetime(self) {
      let size = shape.count / shape[0]
      part.pointer.update(from: pointer + range.lowerBound * size, count: part.shape.count)
    }
    return part
  }
}
