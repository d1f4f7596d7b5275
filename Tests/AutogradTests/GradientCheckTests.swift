import Autograd
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Differences through whole graphs: every operation's backward pass, and how the tape joins them.
///
/// Values are single precision, so that a difference quotient of step h carries noise of about 1e-7 |y| / h beside its
/// truncation error. The five-point rule's error is O(h^4), which lets h be large enough for both to be small: what is left
/// is below a thousandth of a gradient's usual size, and that is the bound.
@Suite(.serialized) struct GradientCheckTests {
  /// df/dt at t = 0, with an error of O(step^4).
  private static func derivative(step: Float, _ f: (Float) -> Double) -> Double {
    (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * Double(step))
  }

  /// One tensor that the loss depends on: its values, its gradient, and the loss as a function of its values.
  private struct Subject {
    let name: String
    let values: [Float]
    let gradient: [Float]
    let loss: ([Float]) -> Double

    /// Some elements by themselves, which finds a wrong place, then all of them at once along random directions, which
    /// leaves none out.
    func check(samples: Int, random: inout RandomSource) {
      precondition(
        values.count == gradient.count, "\(name): \(gradient.count) gradients of \(values.count) values")
      let indices = Array(stride(from: 0, to: values.count, by: max(1, values.count / samples)))
      let numeric = indices.map { index in
        GradientCheckTests.derivative(step: 0.03) { step in
          var moved = values
          moved[index] += step
          return loss(moved)
        }
      }
      // The usual size of an element: a gradient that is small by chance is no more exact than its neighbours.
      let size = (numeric.reduce(0) { $0 + $1 * $1 } / Double(numeric.count)).squareRoot()
      expectClose(
        actual: indices.map { Double(gradient[$0]) }, expected: numeric, tolerance: Subject.tolerance * size,
        relative: Subject.tolerance, "\(name), single elements")
      for _ in 0..<3 {
        let direction = values.map { _ in Float(random.uniform(-1, 1)) }
        let along = GradientCheckTests.derivative(step: 0.01) { step in
          loss(zip(values, direction).map { $0 + step * $1 })
        }
        let expected = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        expectClose(
          expected, along, tolerance: Subject.tolerance * size * Double(values.count).squareRoot(),
          "\(name), all elements")
      }
    }

    static let tolerance = 1e-3
  }

  /// sum(weights . output), so that dL/d output is known.
  private func check(
    _ name: String, _ shape: Shape, parameters: [Parameter], seed: UInt64 = 3,
    _ network: @escaping (Variable, ForwardPass) -> Variable
  ) throws {
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
    let tape = try #require(pass.tape)
    let leaf = tape.leaf(Tensor(input, shape: shape))
    let output = pass.convert(network(leaf, pass), to: .plain)
    weights = (0..<output.shape.count).map { _ in Float(source.uniform(-1, 1)) }
    let gradients = tape.backward([(output, Tensor(weights, shape: output.shape))], keeping: [leaf])

    let inputGradient = try #require(gradients[leaf: leaf], "\(name): no gradient for the input")
    Subject(
      name: "\(name), input", values: input, gradient: inputGradient.converted(to: .plain).values, loss: loss
    ).check(samples: 12, random: &source)
    for parameter in parameters {
      let gradient = try #require(gradients[parameter], "\(name): no gradient for \(parameter.name)")
      let values = parameter.value.kernelValues
      defer { parameter.value.assign(kernelValues: values) }
      Subject(name: "\(name), \(parameter.name)", values: values, gradient: gradient.kernelValues) { moved in
        parameter.value.assign(kernelValues: moved)
        return loss(input)
      }.check(samples: 12, random: &source)
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

  @Test func convolutionsInEveryForm() throws {
    let store = ParameterStore(seed: 1)
    let plain = conv(store, "plain", 16, 32)
    let dilated = conv(store, "dilated", 32, 16, dilation: 2)
    let depthwise = conv(store, "depthwise", 16, 16, dilation: 2, groups: 16)
    let strided = conv(store, "strided", 16, 19, kernel: 3, stride: 2, bias: true)
    try check("convolutions", [2, 16, 6, 9], parameters: store.parameters) { x, pass in
      strided(depthwise(dilated(plain(self.blocked(x, pass), pass), pass), pass), pass)
    }
  }

  /// Smooth everywhere: no ReLU, so that the differences do not cross a kink.
  @Test func normResidualAndConcat() throws {
    let store = ParameterStore(seed: 2)
    let norm = BatchNorm2d(store.root["norm"], channels: 16, momentum: 0.1, epsilon: 1e-5, activation: .none)
    let mix = conv(store, "mix", 32, 16, kernel: 1)
    try check("norm and residual", [3, 16, 4, 5], parameters: store.parameters) { x, pass in
      let x = self.blocked(x, pass)
      let y = norm(x, pass)
      return pass.add(mix(pass.concatenate([x, y]), pass), x, activation: .none)
    }
  }

  /// A map beside a changed copy and a shorter part, in both layouts; the input's gradient is that of every place that
  /// it comes from.
  @Test(arguments: [false, true]) func batchConcat(_ isBlocked: Bool) throws {
    let store = ParameterStore(seed: 3)
    let norm = BatchNorm2d(store.root["norm"], channels: 19, momentum: 0.1, epsilon: 1e-5, activation: .none)
    let mix = conv(store, "mix", 19, 5, kernel: 3)
    try check("batch concat", [2, 19, 4, 3], parameters: store.parameters) { x, pass in
      let layout = isBlocked ? KernelRuntime.preferredLayout : .plain
      let parts = [
        pass.convert(x, to: layout), pass.convert(pass.channelDropout(x, probability: 0.4), to: layout),
        pass.convert(norm(self.blocked(x, pass), pass), to: layout),
      ]
      return mix(self.blocked(pass.concatenateBatch(parts), pass), pass)
    }
  }

  @Test func poolingResizeAndDropout() throws {
    try check("pooling", [2, 16, 7, 6], parameters: []) { x, pass in
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

  @Test func attentionAndNorm() throws {
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
    try check("attention", [2, 35, 18], parameters: store.parameters) { x, pass in
      let reduced = pass.patchProjection(x, height: 5, width: 7, size: 2, weight: weight, bias: bias)
      let y = pass.attention(
        queries: queries(norm(x, pass), pass), keysAndValues: pairs(reduced, pass), heads: 3)
      return pass.map(pass.addBranch(x, y, dropProbability: 0.4), height: 5, width: 7)
    }
  }

  @Test func mixedFeedForward() throws {
    let store = ParameterStore(seed: 6)
    let expand = Linear(
      store.root["fc1"], inputs: 5, outputs: 21, bias: true, initializer: .normal(deviation: 0.5))
    let weight = store.root["dw"].parameter("weight", [21, 1, 3, 3]) {
      Initializer.kaimingUniformFanIn.values([21, 1, 3, 3], &$0)
    }
    let bias = store.root["dw"].parameter("bias", [21]) { _ in [Float](repeating: 0.1, count: 21) }
    try check("mixed feed-forward", [3, 5, 4, 3], parameters: store.parameters) { x, pass in
      let tokens = expand(pass.tokens(self.blocked(x, pass)), pass)
      let mixed = pass.tokenDepthwise(tokens, height: 4, width: 3, weight: weight, bias: bias)
      return pass.map(pass.gelu(mixed), height: 4, width: 3)
    }
  }

  /// The products before the resizing are what the network says: the convolution of resized, joined maps.
  @Test func resizedProjection() throws {
    let store = ParameterStore(seed: 7)
    let fuse = conv(store, "fuse", 48, 16, kernel: 1)
    let halve = Pooling(kind: .averageExcludingPadding, kernel: 2, stride: 2, padding: 0, paddingAfter: 1)
    func parts(_ x: Variable, _ pass: ForwardPass) -> [Variable] {
      let x = self.blocked(x, pass)
      let half = pass.pool(x, halve)
      return [x, half, pass.pool(half, halve)]
    }
    try check("resized projection", [2, 16, 7, 6], parameters: store.parameters) { x, pass in
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

  @Test func linearLayers() throws {
    let store = ParameterStore(seed: 4)
    let first = Linear(store.root["first"], inputs: 7, outputs: 5, bias: true, initializer: .xavierUniform)
    let second = Linear(store.root["second"], inputs: 5, outputs: 3, bias: true, initializer: .xavierUniform)
    #expect(first.weight.shape == [5, 7] && second.weight.shape == [3, 5])
    try check("linear", [4, 7], parameters: store.parameters) { x, pass in second(first(x, pass), pass) }
  }
}
