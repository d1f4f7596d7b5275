import Tensors

/// A ring of unit vectors for each class: the newest replace the oldest. It starts full of normalised Gaussian noise.
package final class FeatureQueue: Stateful {
  package let classes: Int
  /// Vectors a class.
  package let capacity: Int
  package let width: Int
  /// [classes, capacity, width]
  private let vectors: Tensor
  /// Of each class: where the next vector goes.
  private var heads: [Int]

  /// - Parameter purpose: names the noise together with `seed`.
  package init(classes: Int, capacity: Int, width: Int, seed: UInt64, purpose: String) {
    self.classes = classes
    self.capacity = capacity
    self.width = width
    vectors = Tensor(uninitialized: [classes, capacity, width])
    heads = [Int](repeating: 0, count: classes)
    for row in 0..<classes * capacity {
      var random = RandomSource(seed: seed, purpose: purpose, row)
      let noise = RandomSource.normal(count: width, deviation: 1, &random)
      guard let unit = FeatureQueue.unitLength(noise) else { preconditionFailure("FeatureQueue: no noise") }
      (vectors.pointer + row * width).update(from: unit, count: width)
    }
  }

  /// x / |x|, computed in double precision; nil for 0.
  package static func unitLength(_ vector: [Float]) -> [Float]? {
    let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return norm > 0 ? vector.map { Float(Double($0) / norm) } : nil
  }

  /// Vectors that are about to be put in.
  package struct Batch {
    /// In the order of arrival.
    fileprivate var rows: [(class: Int, vector: [Float])] = []

    package init() {}

    package mutating func append(_ vector: [Float], class label: Int) { rows.append((label, vector)) }
    package var count: Int { rows.count }
  }

  /// Puts vectors in, in order.
  package func add(_ batch: Batch) {
    for (place, vector) in places(of: batch) { write(vector, at: place) }
    for row in batch.rows { heads[row.class] = (heads[row.class] + 1) % capacity }
  }

  /// The vectors in `slots` of every class as they will be once `batch` is in, [classes * slots, width], class by class.
  package func gather(_ slots: [Int], after batch: Batch) -> Tensor {
    let chosen = Tensor(uninitialized: [classes * slots.count, width])
    let new = Dictionary(places(of: batch), uniquingKeysWith: { _, last in last })
    for label in 0..<classes {
      for (index, slot) in slots.enumerated() {
        let target = chosen.pointer + (label * slots.count + index) * width
        let place = label * capacity + slot
        if let vector = new[place] {
          vector.withUnsafeBufferPointer { source in
            for element in 0..<width { target[element] = source[element] }
          }
        } else {
          target.update(from: vectors.pointer + place * width, count: width)
        }
      }
    }
    return chosen
  }

  /// Row of the ring of each vector; a row may come twice if more arrive than fit.
  private func places(of batch: Batch) -> [(Int, [Float])] {
    var heads = heads
    return batch.rows.map { row in
      defer { heads[row.class] = (heads[row.class] + 1) % capacity }
      return (row.class * capacity + heads[row.class], row.vector)
    }
  }

  private func write(_ vector: [Float], at row: Int) {
    precondition(vector.count == width, "FeatureQueue: a vector of \(vector.count), not of \(width)")
    vector.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { (vectors.pointer + row * width).update(from: start, count: width) }
    }
  }

  package var state: StateDict {
    var state = StateDict()
    state.add("vectors", vectors.copied())
    for (label, head) in heads.enumerated() { state.add("head.\(label)", head) }
    return state
  }

  package func restore(_ state: StateDict) throws(StateError) {
    try state.check(against: [("vectors", vectors.shape)])
    var heads: [Int] = []
    for label in 0..<classes { heads.append(try state.required("head.\(label)")) }
    self.heads = heads
    if let stored = state["vectors"] {
      vectors.pointer.update(from: stored.pointer, count: vectors.shape.count)
    }
  }
}
