import Methods
import Tensors
import Testing

@Suite struct ClassQueuesTests {
  private static let width = 3

  /// Vectors that hold their number: row r is [r, r + 0.25, r + 0.5].
  private static func arrivals(_ rows: [Int], class label: Int, classes: Int = 2) -> ClassQueues.Arrivals {
    let source = Tensor(
      rows.flatMap { row in (0..<width).map { Float(row) + 0.25 * Float($0) } },
      shape: [rows.count, width])
    var arrivals = ClassQueues.Arrivals(from: source, classes: classes)
    for index in rows.indices { arrivals.append(row: index, class: label) }
    return arrivals
  }

  private static func content(
    _ queues: ClassQueues, _ label: Int, after arrivals: ClassQueues.Arrivals? = nil
  ) -> [Float] {
    let arrivals =
      arrivals
      ?? ClassQueues.Arrivals(
        from: Tensor(repeating: 0, shape: [1, width]), classes: queues.capacities.count)
    return (0..<queues.count(label, after: arrivals)).map { index in
      let vector = queues.vector(label, index, after: arrivals)
      #expect(vector[1] == vector[0] + 0.25 && vector[2] == vector[0] + 0.5)
      return vector[0]
    }
  }

  /// The oldest leave first, and what a batch will leave is what it leaves.
  @Test func firstInFirstOut() {
    let queues = ClassQueues(capacities: [3, 5], width: Self.width)
    #expect(Self.content(queues, 0).isEmpty && queues.state.tensors.isEmpty)
    let rounds: [(label: Int, rows: [Int], expected: [Float])] = [
      (0, [1, 2], [1, 2]), (1, [10], [10]), (0, [3, 4], [2, 3, 4]), (0, [], [2, 3, 4]), (0, [5], [3, 4, 5]),
      (1, [11, 12, 13, 14, 15, 16, 17], [13, 14, 15, 16, 17]), (0, [6, 7, 8, 9], [7, 8, 9]),
    ]
    for (label, rows, expected) in rounds {
      if rows.isEmpty { continue }
      let arrivals = Self.arrivals(rows, class: label)
      let other = Self.content(queues, 1 - label)
      #expect(Self.content(queues, label, after: arrivals) == expected)
      queues.add(arrivals)
      #expect(Self.content(queues, label) == expected)
      #expect(Self.content(queues, 1 - label) == other)
    }
  }

  /// Taken when a ring has gone round, put into another queue, and continued by both.
  @Test func stateRoundTrip() throws {
    let queues = ClassQueues(capacities: [3, 4, 2], width: Self.width)
    queues.add(Self.arrivals([1, 2, 3, 4], class: 0, classes: 3))
    queues.add(Self.arrivals([5], class: 0, classes: 3))
    queues.add(Self.arrivals([7, 8], class: 1, classes: 3))
    let state = queues.state
    #expect(state["vectors"]?.shape == [5, Self.width])
    #expect((0..<3).map { state.counter("count.\($0)") } == [3, 2, 0])
    let other = ClassQueues(capacities: [3, 4, 2], width: Self.width)
    other.add(Self.arrivals([90, 91], class: 2, classes: 3))
    try other.restore(state)
    for round in 0..<4 {
      for label in 0..<3 { #expect(Self.content(queues, label) == Self.content(other, label)) }
      #expect(queues.state["vectors"]?.values == other.state["vectors"]?.values)
      for target in [queues, other] {
        target.add(Self.arrivals([20 + round, 30 + round], class: round % 3, classes: 3))
      }
    }
    // An empty state empties.
    try other.restore(ClassQueues(capacities: [3, 4, 2], width: Self.width).state)
    #expect((0..<3).allSatisfy { other.count($0) == 0 })
  }

  @Test func stateThatDoesNotFitIsRefused() throws {
    let queues = ClassQueues(capacities: [3, 2], width: Self.width)
    queues.add(Self.arrivals([1, 2], class: 1))
    func message(_ change: (inout StateDict) -> Void) -> String {
      var state = StateDict()
      change(&state)
      do {
        try queues.restore(state)
        return ""
      } catch {
        return "\(error)"
      }
    }
    let vectors = Tensor(repeating: 1, shape: [3, Self.width])
    #expect(message { $0.add("count.0", 0) } == "the state lacks count.1")
    #expect(
      message {
        $0.add("count.0", 0)
        $0.add("count.1", 3)
        $0.add("vectors", vectors)
      } == "count.1 has shape [3], [0 to 2] is needed")
    #expect(
      message {
        $0.add("count.0", 1)
        $0.add("count.1", 1)
        $0.add("vectors", vectors)
      }.hasPrefix("vectors has shape"))
    #expect(
      message {
        $0.add("count.0", 0)
        $0.add("count.1", 0)
        $0.add("vectors", vectors)
      }.contains("vectors, which nothing here has"))
    #expect(Self.content(queues, 1) == [1, 2])
  }

  /// numpy.percentile of the same numbers.
  @Test func percentiles() {
    let of = Percentiles([4, 1, 3, 2])
    #expect([0, 50, 100].map { of(Double($0)) } == [1, 2.5, 4])
    #expect(of(90) == 3.7)
    #expect(Percentiles([7])(13) == 7)
  }
}
