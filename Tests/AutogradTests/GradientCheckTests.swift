import Autograd
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Central differences through whole graphs: every operation's backward pass, and how the tape joins them.
@Suite(.serialized) struct GradientCheckTests {
  /// sum(weights . output), so that dL/d output is known.
  private func check(
    _ name: String, _ shape: Shape, parameters: [Parameter], seed: UInt64 = 3,
    _ network: (Variable, ForwardPass) -> Variable
  ) {
    var source = RandomSource(seed: seed, purpose: name)
    let input = (0..<shape.count).map { _ in Float(source.uniform(-1, 1)) }
    var weights: [Float] = []

    func loss(_ values: [Float]) -> Double {
      let pass = ForwardPass.training(seed: 1, iteration: 0)
      let y = network(Variable(constant: Tensor(values, shape: shape)), pass).value.converted(to: .plain)
        .values
      return zip(y, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    let pass = ForwardPass.training(seed: 1, iteration: 0)
    guard let tape = pass.tape else { return }
    let leaf = tape.leaf(Tensor(input, shape: shape))
    let output = pass.convert(network(leaf, pass), to: .plain)
    weights = (0..<output.shape.count).map { _ in Float(source.uniform(-1, 1)) }
    let gradients = tape.backward([(output, Tensor(weights, shape: output.shape))], keeping: [leaf])

    let step: Float = 1e-2
    func expect(_ analytic: Double, _ numeric: Double, _ what: String) {
      #expect(
        abs(analytic - numeric) <= 2e-2 * max(1, abs(numeric)),
        "\(name), \(what): \(analytic), numeric \(numeric)")
    }
    guard let inputGradient = gradients[leaf: leaf] else {
      Issue.record("\(name): no gradient for the input")
      return
    }
    for index in stride(from: 0, to: shape.count, by: max(1, shape.count / 12)) {
      var up = input
      var down = input
      up[index] += step
      down[index] -= step
      expect(
        Double(inputGradient.converted(to: .plain).values[index]), (loss(up) - loss(down)) / Double(2 * step),
        "input \(index)")
    }
    for parameter in parameters {
      guard let gradient = gradients[parameter] else {
        Issue.record("\(name): no gradient for \(parameter.name)")
        continue
      }
      let values = parameter.value.kernelValues
      for index in stride(from: 0, to: values.count, by: max(1, values.count / 6)) {
        var moved = values
        moved[index] += step
        parameter.value.assign(kernelValues: moved)
        let up = loss(input)
        moved[index] -= 2 * step
        parameter.value.assign(kernelValues: moved)
        let down = loss(input)
        parameter.value.assign(kernelValues: values)
        expect(
          Double(gradient.kernelValues[index]), (up - down) / Double(2 * step), "\(parameter.name) \(index)")
      }
    }
  }

  private func conv(
    _ store: ParameterStore, _ name: String, _ input: Int, _ output: Int, kernel: Int = 3, stride: Int = 1,
    dilation: Int = 1, groups: Int = 1, bias: Bool = false
  ) -> Conv2d {
    Conv2d(
      store.root[name], inChannels: input, outChannels: output, kernel: kernel, stride: stride,
      padding: dilation * (kernel - 1) / 2, dilation: dilation, groups: groups, bias: bias,
      initializer: .kaimingUniformFanIn)
  }

  private func blocked(_ x: Variable, _ pass: ForwardPass) -> Variable {
    pass.convert(x, to: KernelRuntime.preferredLayout)
  }

  @Test func convolutionsInEveryForm() {
    let store = ParameterStore(seed: 1)
    let plain = conv(store, "plain", 16, 32)
    let dilated = conv(store, "dilated", 32, 16, dilation: 2)
    let depthwise = conv(store, "depthwise", 16, 16, dilation: 2, groups: 16)
    let strided = conv(store, "strided", 16, 19, kernel: 3, stride: 2, bias: true)
    check("convolutions", [2, 16, 6, 9], parameters: store.parameters) { x, pass in
      strided(depthwise(dilated(plain(self.blocked(x, pass), pass), pass), pass), pass)
    }
  }

  /// Smooth everywhere: no ReLU, so that the differences do not cross a kink.
  @Test func normResidualAndConcat() {
    let store = ParameterStore(seed: 2)
    let norm = BatchNorm2d(store.root["norm"], channels: 16, momentum: 0.1, epsilon: 1e-5, activation: .none)
    let mix = conv(store, "mix", 32, 16, kernel: 1)
    check("norm and residual", [3, 16, 4, 5], parameters: store.parameters) { x, pass in
      let x = self.blocked(x, pass)
      let y = norm(x, pass)
      return pass.add(mix(pass.concatenate([x, y]), pass), x, activation: .none)
    }
  }

  @Test func poolingResizeAndDropout() {
    check("pooling", [2, 16, 7, 6], parameters: []) { x, pass in
      let x = self.blocked(x, pass)
      let average = pass.pool(
        x, Pooling(kind: .averageExcludingPadding, kernel: 2, stride: 2, padding: 0, paddingAfter: 1))
      let bins = pass.adaptiveAveragePool(x, bins: 3)
      let sum = pass.add(
        pass.resize(average, height: 9, width: 11), pass.resize(bins, height: 9, width: 11), activation: .none
      )
      return pass.softmax(pass.convert(pass.channelDropout(sum, probability: 0.3), to: .plain))
    }
  }

  @Test func attentionAndNorm() {
    let store = ParameterStore(seed: 5)
    let dense = { (name: String, outputs: Int) in
      Linear(store.root[name], inputs: 18, outputs: outputs, bias: true, initializer: .normal(deviation: 0.5))
    }
    let (queries, pairs) = (dense("q", 18), dense("kv", 36))
    let norm = LayerNorm(store.root["norm"], channels: 18, epsilon: 1e-6)
    let weight = store.root["sr"].parameter("weight", [18, 18, 2, 2], layout: .hwio) {
      Initializer.kaimingUniformFanIn.values([18, 18, 2, 2], &$0)
    }
    let bias = store.root["sr"].parameter("bias", [18]) { _ in [Float](repeating: 0.1, count: 18) }
    // 5 x 7 pixels: the last row and column fill no patch.
    check("attention", [2, 35, 18], parameters: store.parameters) { x, pass in
      let reduced = pass.patchProjection(x, height: 5, width: 7, size: 2, weight: weight, bias: bias)
      let y = pass.attention(
        queries: queries(norm(x, pass), pass), keysAndValues: pairs(reduced, pass), heads: 3)
      return pass.map(pass.addBranch(x, y, dropProbability: 0.4), height: 5, width: 7)
    }
  }

  @Test func mixedFeedForward() {
    let store = ParameterStore(seed: 6)
    let expand = Linear(
      store.root["fc1"], inputs: 5, outputs: 21, bias: true, initializer: .normal(deviation: 0.5))
    let weight = store.root["dw"].parameter("weight", [21, 1, 3, 3]) {
      Initializer.kaimingUniformFanIn.values([21, 1, 3, 3], &$0)
    }
    let bias = store.root["dw"].parameter("bias", [21]) { _ in [Float](repeating: 0.1, count: 21) }
    check("mixed feed-forward", [3, 5, 4, 3], parameters: store.parameters) { x, pass in
      let tokens = expand(pass.tokens(self.blocked(x, pass)), pass)
      let mixed = pass.tokenDepthwise(tokens, height: 4, width: 3, weight: weight, bias: bias)
      return pass.map(pass.gelu(mixed), height: 4, width: 3)
    }
  }

  /// The products before the resizing are what the network says: the convolution of resized, joined maps.
  @Test func resizedProjection() {
    let store = ParameterStore(seed: 7)
    let fuse = conv(store, "fuse", 48, 16, kernel: 1)
    let halve = Pooling(kind: .averageExcludingPadding, kernel: 2, stride: 2, padding: 0, paddingAfter: 1)
    func parts(_ x: Variable, _ pass: ForwardPass) -> [Variable] {
      let x = self.blocked(x, pass)
      let half = pass.pool(x, halve)
      return [x, half, pass.pool(half, halve)]
    }
    check("resized projection", [2, 16, 7, 6], parameters: store.parameters) { x, pass in
      pass.projectResized(parts(x, pass), height: 7, width: 6, weight: fuse.weight)
    }
    let x = Variable(constant: Tensor((0..<2 * 16 * 42).map { Float($0 % 13) - 6 }, shape: [2, 16, 7, 6]))
    let pass = ForwardPass.evaluation()
    let joined = pass.concatenate(parts(x, pass).map { pass.resize($0, height: 7, width: 6) })
    expectClose(
      actual: pass.projectResized(parts(x, pass), height: 7, width: 6, weight: fuse.weight).value
        .converted(to: .plain).values,
      expected: fuse(joined, pass).value.converted(to: .plain).values, tolerance: 1e-4)
    // Counted as the network is written.
    let (ours, plain) = (ForwardPass.counting(), ForwardPass.counting())
    _ = ours.projectResized(parts(x, ours), height: 7, width: 6, weight: fuse.weight)
    _ = fuse(plain.concatenate(parts(x, plain).map { plain.resize($0, height: 7, width: 6) }), plain)
    #expect(ours.operationCounts == plain.operationCounts)
  }

  @Test func linearLayers() {
    let store = ParameterStore(seed: 4)
    let first = Linear(store.root["first"], inputs: 7, outputs: 5, bias: true, initializer: .xavierUniform)
    let second = Linear(store.root["second"], inputs: 5, outputs: 3, bias: true, initializer: .xavierUniform)
    var source = RandomSource(seed: 9, purpose: "linear")
    let x = (0..<28).map { _ in Float(source.uniform(-1, 1)) }
    let tape = ForwardPass.training(seed: 1, iteration: 0)
    let leaf = tape.tape?.leaf(Tensor(x, shape: [4, 7]))
    guard let leaf, let recording = tape.tape else { return }
    let y = second(first(leaf, tape), tape)
    let gradients = recording.backward([(y, Tensor(repeating: 1, shape: [4, 3]))], keeping: [leaf])
    let sum = { (values: [Float]) -> Double in
      let pass = ForwardPass.evaluation()
      return second(first(Variable(constant: Tensor(values, shape: [4, 7])), pass), pass).value.values
        .reduce(0) { $0 + Double($1) }
    }
    for index in 0..<28 {
      var up = x
      var down = x
      up[index] += 0.01
      down[index] -= 0.01
      expectClose(
        Double(gradients[leaf: leaf]?.values[index] ?? .nan), (sum(up) - sum(down)) / 0.02, tolerance: 1e-3)
    }
    #expect(gradients[first.weight]?.shape == [5, 7] && gradients[second.weight]?.shape == [3, 5])
  }
}
