import Autograd
import Kernels
import Layers
import Ranks
import Tensors
import TestSupport
import Testing

/// Passes of ranks that share a batch, against one pass that has it all.
@Suite(.serialized) struct RankPassTests {
  private static func images(_ shape: Shape, _ seed: UInt64 = 1) -> Tensor {
    var random = RandomSource(seed: seed, purpose: "rank pass")
    return Tensor((0..<shape.count).map { _ in Float(random.uniform(-1, 2)) }, shape: shape)
  }

  private static func pass(_ communicator: any Communicator, _ batch: Int) -> (ForwardPass, RankGroup) {
    KernelRuntime.threads = 1
    let ranks = RankGroup(communicator, batch: batch)
    return (.training(seed: 4, iteration: 2, ranks: ranks), ranks)
  }

  /// The numbers that one process draws, two layers one after another.
  @Test(arguments: [1, 2, 3]) func dropoutIsThatOfTheWholeBatch(_ size: Int) throws {
    let x = Tensor(repeating: 1, shape: [5, 24, 3, 2]).converted(to: KernelRuntime.preferredLayout)
    let tokens = Tensor(repeating: 1, shape: [5, 3, 4])
    @Sendable func run(_ pass: ForwardPass, _ slots: Range<Int>) -> [Float] {
      let own = Tensor(repeating: 1, shape: [slots.count, 24, 3, 2]).converted(to: x.layout)
      let a = pass.channelDropout(Variable(constant: own), probability: 0.4).value.converted(to: .plain)
      let branch = Variable(constant: tokens.images(slots))
      let b = pass.addBranch(branch, branch, dropProbability: 0.5).value
      return (0..<slots.count).flatMap { a.images($0..<$0 + 1).values + b.images($0..<$0 + 1).values }
    }
    let whole = run(.training(seed: 4, iteration: 2), 0..<5)
    let parts = try onRanks(size) { communicator in
      let (pass, ranks) = Self.pass(communicator, 5)
      return run(pass, ranks.slots)
    }
    #expect(parts.flatMap { $0 } == whole)
    #expect(Set(whole).count > 3)
  }

  private struct Outcome: Sendable {
    let y: [Float]
    let gradients: [String: [Float]]
    let statistics: [[Float]]
  }

  /// Convolution, batch norm and a 1x1 convolution that is used twice, with its norm.
  private static func run(_ pass: ForwardPass, _ slots: Range<Int>, _ ranks: RankGroup?) -> Outcome {
    KernelRuntime.threads = 1
    let store = ParameterStore(seed: 9)
    let first = ConvNormAct(store.root["first"], inChannels: 3, outChannels: 20, kernel: 3, dilation: 1)
    let second = ConvNormAct(store.root["second"], inChannels: 20, outChannels: 20, kernel: 1, dilation: 1)
    let x = images([5, 3, 9, 14]).images(slots).converted(to: KernelRuntime.preferredLayout)
    let seed = images([5, 20, 9, 14], 2).images(slots).converted(to: KernelRuntime.preferredLayout)
    let y = second(second(first(Variable(constant: x), pass), pass), pass)
    let gradients = pass.tape?.backward([(y, seed)], ranks: ranks)
    var byName: [String: [Float]] = [:]
    for parameter in store.parameters { byName[parameter.name] = gradients?[parameter]?.kernelValues }
    return Outcome(
      y: y.value.converted(to: .plain).values, gradients: byName,
      statistics: store.buffers.map { $0.value.values })
  }

  @Test(arguments: [1, 2, 3, 5]) func gradientsAreThoseOfTheWholeBatch(_ size: Int) throws {
    let whole = try alone { Self.run(.training(seed: 4, iteration: 2), 0..<5, nil) }
    let parts = try onRanks(size) { communicator in
      let (pass, ranks) = Self.pass(communicator, 5)
      return Self.run(pass, ranks.slots, ranks)
    }
    expectClose(actual: parts.flatMap(\.y), expected: whole.y, tolerance: 1e-5)
    for (rank, part) in parts.enumerated() {
      #expect(part.gradients == parts[0].gradients, "rank \(rank)")
      #expect(part.statistics == parts[0].statistics, "rank \(rank)")
      for (a, b) in zip(part.statistics, whole.statistics) {
        expectClose(actual: a, expected: b, tolerance: 1e-6, relative: 1e-6)
      }
      #expect(Set(part.gradients.keys) == Set(whole.gradients.keys))
      for (name, wanted) in whole.gradients.sorted(by: { $0.key < $1.key }) {
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        expectClose(
          actual: part.gradients[name] ?? [], expected: wanted, tolerance: 1e-5 * largest,
          "\(name) of \(size)")
      }
    }
  }

  /// Gradients of parameters that an operation did not name, and buckets that are never full.
  @Test func whatNobodyNamedIsExchangedToo() throws {
    let found = try onRanks(3) { communicator -> [[Float]?] in
      let ranks = RankGroup(communicator, batch: 3)
      let store = ParameterStore(seed: 1)
      let named = store.root.parameter("named", [2]) { _ in [1, 2] }
      let unnamed = store.root.parameter("unnamed", [3]) { _ in [1, 2, 3] }
      let unused = store.root.parameter("unused", [1]) { _ in [1] }
      let tape = Tape()
      let x = tape.leaf(Tensor([1], shape: [1]))
      let own = Float(ranks.rank + 1)
      func record(_ input: Variable, _ parameters: [Parameter]) -> Variable {
        tape.record("op", inputs: [input], parameters: parameters, output: Tensor([1], shape: [1])) {
          gradient, gradients in
          gradients.add(named, Tensor([own, 10 * own], shape: [2]))
          gradients.add(unnamed, Tensor([own, 0, -own], shape: [3]))
          return [gradient]
        }
      }
      let y = record(record(x, [named]), [named])
      _ = tape.record("off", inputs: [x], parameters: [unused], output: Tensor([1], shape: [1])) { _, _ in
        [nil]
      }
      let gradients = tape.backward([(y, Tensor([1], shape: [1]))], ranks: ranks)
      return [named, unnamed, unused].map { gradients[$0]?.values }
    }
    // Twice 1 + 2 + 3.
    for own in found { #expect(own == [[12, 120], [12, 0, -12], nil]) }
  }
}
