import Autograd
import Kernels
import Layers
import Tensors
import Testing

@Suite(.serialized) struct TapeTests {
  @Test func gradientsOfAReusedVariableAdd() {
    let pass = ForwardPass.training(seed: 1, iteration: 0)
    guard let tape = pass.tape else { return }
    let x = tape.leaf(Tensor(repeating: 2, shape: [1, 1, 2, 3]))
    let y = pass.add(pass.add(x, x, activation: .none), x, activation: .none)
    let gradients = tape.backward([(y, Tensor(repeating: 1, shape: [1, 1, 2, 3]))], keeping: [x])
    #expect(gradients[leaf: x]?.values == [Float](repeating: 3, count: 6))
  }

  /// The walk frees what each operation saved; afterwards only the gradients remain.
  @Test func backwardFreesActivations() {
    let store = ParameterStore(seed: 1)
    let unit = ConvNormAct(store.root["unit"], inChannels: 16, outChannels: 16, kernel: 3, dilation: 1)
    let x = Tensor(repeating: 0.5, shape: [2, 16, 32, 32]).converted(to: KernelRuntime.preferredLayout)
    let before = MemoryPool.liveBytes
    let pass = ForwardPass.training(seed: 1, iteration: 0)
    var y: Variable? = unit(Variable(constant: x), pass)
    let gradient = Tensor(repeating: 1, shape: [2, 16, 32, 32]).converted(to: KernelRuntime.preferredLayout)
    var gradients: Gradients?
    if let output = y { gradients = pass.tape?.backward([(output, gradient)]) }
    y = nil
    let weights = store.parameters.reduce(0) { $0 + $1.value.elementCount * 4 }
    #expect(MemoryPool.liveBytes - before <= gradient.elementCount * 4 + 4 * weights + 65_536)
    #expect(gradients.map { gradients in store.parameters.allSatisfy { gradients[$0] != nil } } == true)
  }

  @Test func dropoutKeepsTheMeanAndRepeats() {
    let x = Variable(constant: Tensor(repeating: 1, shape: [40, 50, 1, 1]))
    func dropped(_ iteration: Int) -> [Float] {
      ForwardPass.training(seed: 8, iteration: iteration).channelDropout(x, probability: 0.1).value.values
    }
    let values = dropped(0)
    #expect(values.allSatisfy { $0 == 0 || abs($0 - 1 / 0.9) < 1e-6 })
    #expect(abs(values.reduce(0, +) / 2000 - 1) < 0.03)
    #expect(values == dropped(0) && values != dropped(1))
    #expect(ForwardPass.evaluation().channelDropout(x, probability: 0.1).value.values == x.value.values)
  }

  @Test func runningVarianceIsUnbiased() {
    let store = ParameterStore(seed: 1)
    let norm = BatchNorm2d(store.root["norm"], channels: 16, momentum: 0.1, epsilon: 1e-5, activation: .none)
    let values = (0..<64).map { Float($0 / 16 % 2 == 0 ? 1 : -1) }
    let x = Tensor(values, shape: [4, 16, 1, 1]).converted(to: KernelRuntime.preferredLayout)
    _ = norm(Variable(constant: x), .training(seed: 1, iteration: 0))
    // Batch variance 1 over four values: unbiased 4/3.
    #expect(abs(norm.runningVariance.value.values[0] - (0.9 + 0.1 * 4 / 3)) < 1e-5)
    #expect(abs(norm.runningMean.value.values[0]) < 1e-6)
  }

  @Test func initialValuesDependOnSeedAndPathAlone() {
    func weights(_ seed: UInt64, _ path: String, extra: Bool) -> [Float] {
      let store = ParameterStore(seed: seed)
      if extra { _ = store.root["other"].parameter("weight", [3]) { _ in [1, 2, 3] } }
      return store.root[path].parameter("weight", [8, 4, 3, 3]) {
        Initializer.kaimingNormalFanOut(groups: 1).values([8, 4, 3, 3], &$0)
      }.value.values
    }
    #expect(weights(1, "a", extra: false) == weights(1, "a", extra: true))
    #expect(weights(1, "a", extra: false) != weights(2, "a", extra: false))
    #expect(weights(1, "a", extra: false) != weights(1, "b", extra: false))
  }

  /// Layers fill their weights in place, with the numbers that the parameter's own source gives one by one.
  @Test func layersDrawWhatTheirInitializersSay() {
    let store = ParameterStore(seed: 9)
    func expected(_ name: String, _ shape: Shape, _ initializer: Initializer) -> [Float] {
      var random = RandomSource(seed: 9, purpose: "initial value of \(name)")
      return initializer.values(shape, &random)
    }
    for (name, initializer) in [
      ("normal", Initializer.kaimingNormalFanOut(groups: 1)), ("uniform", .kaimingUniformFanIn),
    ] {
      let convolution = Conv2d(
        store.root[name], inChannels: 21, outChannels: 37, kernel: 3, stride: 1, padding: 1, dilation: 1,
        groups: 1,
        bias: true, initializer: initializer)
      #expect(convolution.weight.value.layout == .hwio)
      #expect(
        convolution.weight.value.kernelValues == expected("\(name).weight", [37, 21, 3, 3], initializer))
    }
    let linear = Linear(
      store.root["linear"], inputs: 300, outputs: 21, bias: false, initializer: .normal(deviation: 0.02))
    #expect(linear.weight.value.values == expected("linear.weight", [21, 300], .normal(deviation: 0.02)))
  }

  @Test(arguments: [(64, 32, 3, 1), (96, 1, 3, 96)]) func initialVarianceFollowsTheFan(
    _ c: (Int, Int, Int, Int)
  ) {
    let shape: Shape = [c.0, c.1, c.2, c.2]
    var random = RandomSource(seed: 4, purpose: "variance")
    let values = Initializer.kaimingNormalFanOut(groups: c.3).values(shape, &random)
    let variance = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
    let expected = 2.0 * Double(c.3) / Double(c.0 * c.2 * c.2)
    #expect(abs(variance / expected - 1) < 0.15)
  }
}
