import Tensors

/// A queue of vectors for each class, empty at first: once it is full, the newest replace the oldest. Memory grows with
/// what is in it, twofold at a time.
package final class ClassQueues: Stateful {
  /// Vectors, of each class.
  package let capacities: [Int]
  package let width: Int
  private var rings: [Ring]

  /// The vectors of a class, in memory for `allocated` of them. A ring that is not full has its oldest at 0.
  private struct Ring {
    var vectors: Tensor?
    var allocated = 0
    /// Where the oldest is.
    var head = 0
    var count = 0
  }

  package init(capacities: [Int], width: Int) {
    precondition(
      width > 0 && capacities.allSatisfy { $0 > 0 }, "ClassQueues: capacities \(capacities), width \(width)")
    self.capacities = capacities
    self.width = width
    rings = capacities.map { _ in Ring() }
  }

  /// Vectors that are about to be put in.
  package struct Arrivals {
    /// [n, width], plain.
    fileprivate let source: Tensor
    /// Numbers of its rows, by class, in the order of arrival.
    package private(set) var rows: [[Int32]]

    /// - Parameter source: plain [..., width].
    package init(from source: Tensor, classes: Int) {
      self.source = source
      rows = [[Int32]](repeating: [], count: classes)
    }

    package mutating func append(row: Int, class label: Int) { rows[label].append(Int32(row)) }
  }

  /// Vectors of a class once `arrivals` are in.
  package func count(_ label: Int, after arrivals: Arrivals? = nil) -> Int {
    min(rings[label].count + (arrivals?.rows[label].count ?? 0), capacities[label])
  }

  /// The start of a vector as the queue will be once `arrivals` are in; index 0 is the oldest. Valid while queue and arrivals
  /// are there and unchanged.
  package func vector(_ label: Int, _ index: Int, after arrivals: Arrivals) -> UnsafePointer<Float> {
    let ring = rings[label]
    let total = ring.count + arrivals.rows[label].count
    let place = index + max(0, total - capacities[label])
    precondition(place < total, "ClassQueues: no vector \(index) of class \(label) among \(total)")
    guard place < ring.count, let vectors = ring.vectors else {
      return UnsafePointer(
        arrivals.source.pointer + Int(arrivals.rows[label][place - ring.count]) * width)
    }
    return UnsafePointer(vectors.pointer + (ring.head + place) % ring.allocated * width)
  }

  /// Puts vectors in, class by class, in order.
  package func add(_ arrivals: Arrivals) {
    precondition(
      arrivals.rows.count == rings.count && arrivals.source.layout == .plain
        && arrivals.source.shape[arrivals.source.shape.rank - 1] == width,
      "ClassQueues: vectors \(arrivals.source.shape) of \(arrivals.rows.count) classes, not of \(rings.count)"
    )
    for label in rings.indices {
      let fresh = arrivals.rows[label].suffix(capacities[label])
      reserve(min(rings[label].count + fresh.count, capacities[label]), label)
      guard let vectors = rings[label].vectors else { continue }
      for row in fresh {
        let place: Int
        if rings[label].count < capacities[label] {
          place = rings[label].count
          rings[label].count += 1
        } else {
          place = rings[label].head
          rings[label].head = (place + 1) % capacities[label]
        }
        (vectors.pointer + place * width).update(
          from: arrivals.source.pointer + Int(row) * width, count: width)
      }
    }
    withExtendedLifetime(arrivals) {}
  }

  /// Memory for `count` vectors of a class; those that are there stay.
  private func reserve(_ count: Int, _ label: Int) {
    let ring = rings[label]
    guard count > ring.allocated else { return }
    let allocated = max(count, min(2 * ring.allocated, capacities[label]))
    let larger = Tensor(uninitialized: [allocated, width])
    if let old = ring.vectors {
      larger.pointer.update(from: old.pointer, count: ring.count * width)
    }
    rings[label].vectors = larger
    rings[label].allocated = allocated
  }

  /// `vectors` [all, width], class by class and the oldest first, unless all are empty; `count.<class>`.
  package var state: StateDict {
    var state = StateDict()
    let total = rings.reduce(0) { $0 + $1.count }
    if total > 0 {
      let packed = Tensor(uninitialized: [total, width])
      var target = packed.pointer
      for ring in rings {
        guard let vectors = ring.vectors else { continue }
        let front = min(ring.count, ring.allocated - ring.head)
        target.update(from: vectors.pointer + ring.head * width, count: front * width)
        (target + front * width).update(from: vectors.pointer, count: (ring.count - front) * width)
        target += ring.count * width
      }
      state.add("vectors", packed)
    }
    for (label, ring) in rings.enumerated() { state.add("count.\(label)", ring.count) }
    return state
  }

  package func restore(_ state: StateDict) throws(StateError) {
    var counts: [Int] = []
    for label in rings.indices {
      let count = try state.required("count.\(label)")
      guard (0...capacities[label]).contains(count) else {
        throw .mismatchedShape(
          path: "count.\(label)", found: "[\(count)]", expected: "[0 to \(capacities[label])]")
      }
      counts.append(count)
    }
    let total = counts.reduce(0, +)
    try state.check(against: total > 0 ? [("vectors", [total, width])] : [])
    var first = 0
    for (label, count) in counts.enumerated() {
      var ring = Ring()
      if count > 0, let packed = state["vectors"] {
        let own = Tensor(uninitialized: [count, width])
        own.pointer.update(from: packed.pointer + first * width, count: count * width)
        (ring.vectors, ring.allocated, ring.count) = (own, count, count)
      }
      rings[label] = ring
      first += count
    }
    withExtendedLifetime(state) {}
  }
}
