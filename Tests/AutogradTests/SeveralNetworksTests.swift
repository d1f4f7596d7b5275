import Autograd
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// One tape for several passes, several networks, and a network that runs twice.
@Suite(.serialized) struct SeveralNetworksTests {
  private func unit(_ store: ParameterStore) -> ConvNormAct {
    ConvNormAct(store.root["unit"], inChannels: 16, outChannels: 32, kernel: 3, dilation: 1)
  }

  private func input(_ seed: UInt64, _ shape: Shape = [2, 16, 5, 7]) -> Tensor {
    var random = RandomSource(seed: seed, purpose: "input")
    return Tensor((0..<shape.count).map { _ in Float(random.uniform(-1, 1)) }, shape: shape)
      .converted(to: KernelRuntime.preferredLayout)
  }

  private func ones(_ y: Variable) -> Tensor {
    let tensor = Tensor(uninitialized: y.shape, layout: y.value.layout)
    tensor.pointer.initialize(repeating: 1, count: tensor.elementCount)
    return tensor
  }

  /// The gradients of two passes on one tape are the sums of those of two tapes.
  @Test func aNetworkThatRunsTwice() throws {
    func gradients(together: Bool) throws -> [[Float]] {
      let store = ParameterStore(seed: 3)
      let unit = unit(store)
      let first = ForwardPass.training(seed: 1, iteration: 0)
      let tape = try #require(first.tape)
      let second =
        together
        ? ForwardPass.training(seed: 1, iteration: 0, stream: "again", tape: tape)
        : ForwardPass.training(seed: 1, iteration: 0)
      let (a, b) = (unit(Variable(constant: input(1)), first), unit(Variable(constant: input(2)), second))
      let sets =
        together
        ? [tape.backward([(a, ones(a)), (b, ones(b))])]
        : [tape.backward([(a, ones(a))]), try #require(second.tape).backward([(b, ones(b))])]
      return try store.parameters.map { parameter in
        let all = try sets.map { try #require($0[parameter]).kernelValues }
        return all.dropFirst().reduce(all[0]) { zip($0, $1).map(+) }
      }
    }
    let (together, apart) = (try gradients(together: true), try gradients(together: false))
    for (one, other) in zip(together, apart) { #expect(one == other) }
  }

  /// Parameters of two stores with equal names and places do not meet.
  @Test func twoNetworksOnOneTape() throws {
    let stores = [ParameterStore(seed: 3), ParameterStore(seed: 4)]
    let units = stores.map(unit)
    let pass = ForwardPass.training(seed: 1, iteration: 0)
    let outputs = units.map { $0(Variable(constant: input(1)), pass) }
    let sum = pass.add(outputs[0], outputs[1], activation: .none)
    let gradients = try #require(pass.tape).backward([(sum, ones(sum))])
    for (store, unit) in zip(stores, units) {
      _ = unit
      for parameter in store.parameters { #expect(gradients[parameter]?.shape == parameter.shape) }
    }
    let weights = stores.map { $0.parameters[0] }
    #expect(weights[0].name == weights[1].name)
    #expect(gradients[weights[0]]?.kernelValues != gradients[weights[1]]?.kernelValues)
  }

  @Test func streamsDrawDifferentDropout() {
    let x = Variable(constant: Tensor(repeating: 1, shape: [20, 30, 1, 1]))
    func dropped(_ stream: String) -> [Float] {
      ForwardPass.training(seed: 8, iteration: 3, stream: stream).channelDropout(x, probability: 0.3).value
        .values
    }
    #expect(dropped("main") == dropped("main"))
    #expect(
      dropped("main")
        == ForwardPass.training(seed: 8, iteration: 3).channelDropout(x, probability: 0.3).value.values)
    #expect(dropped("main") != dropped("unlabelled") && dropped("unlabelled") != dropped("teacher"))
    #expect(
      ForwardPass.trainingStatistics(seed: 8, iteration: 3, stream: "teacher").channelDropout(
        x, probability: 0.3
      )
      .value.values == dropped("teacher"))
  }

  /// Batch statistics and moving ones, nothing recorded; evaluation moves nothing.
  @Test func trainingStatisticsWithoutTape() {
    let (taped, free) = (ParameterStore(seed: 3), ParameterStore(seed: 3))
    let (one, other) = (unit(taped), unit(free))
    let pass = ForwardPass.trainingStatistics(seed: 1, iteration: 0, stream: "teacher")
    #expect(pass.tape == nil && pass.training && pass.mode == .trainingStatistics)
    let x = Variable(constant: input(1))
    let y = one(x, ForwardPass.training(seed: 1, iteration: 0))
    let z = other(x, pass)
    #expect(y.value.converted(to: .plain).values == z.value.converted(to: .plain).values)
    for (a, b) in zip(taped.buffers, free.buffers) { #expect(a.value.values == b.value.values) }
    let before = free.buffers.map(\.value.values)
    _ = other(x, .evaluation())
    #expect(free.buffers.map(\.value.values) == before && before[0].contains { $0 != 0 })
  }
}
