import Autograd
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Passes through networks that judge and do not learn.
@Suite struct FrozenPassTests {
  @Test func gradientsPassAndParametersGetNone() {
    let store = ParameterStore(seed: 3)
    let convolution = SpectralConv2d(
      store.root["a"], inChannels: 5, outChannels: 16, kernel: 4, stride: 2, padding: 1)
    let norm = BatchNorm2d(store.root["b"], channels: 16, momentum: 0.1, epsilon: 1e-5, activation: .relu)
    let linear = Linear(store.root["c"], inputs: 16, outputs: 3, bias: true, initializer: .uniformFanIn)
    var random = RandomSource(seed: 1, purpose: "frozen")
    let input = Tensor((0..<2 * 5 * 6 * 8).map { _ in Float(random.uniform(-1, 1)) }, shape: [2, 5, 6, 8])

    func gradients(frozen: Bool) -> (input: [Float], parameters: Int) {
      let tape = Tape()
      let leaf = tape.leaf(input)
      let whole = ForwardPass.training(seed: 1, iteration: 0, tape: tape)
      let pass = frozen ? whole.throughFrozen() : whole
      let before = convolution.vector.value.values
      let blocked = pass.convert(leaf, to: KernelRuntime.preferredLayout)
      let output = linear(pass.tokens(norm(convolution(blocked, pass), pass)), pass)
      // The power iteration's vector moves in either pass: equal ones for both.
      convolution.vector.value.assign(kernelValues: before)
      var weights = RandomSource(seed: 1, purpose: "weights")
      let seed = Tensor(
        (0..<output.shape.count).map { _ in Float(weights.uniform(-1, 1)) }, shape: output.shape)
      let found = tape.backward([(output, seed)], keeping: [leaf])
      return (found[leaf: leaf]?.values ?? [], store.parameters.count { found[$0] != nil })
    }
    let (learning, frozen) = (gradients(frozen: false), gradients(frozen: true))
    #expect(learning.parameters == store.parameters.count && frozen.parameters == 0)
    #expect(!frozen.input.isEmpty && frozen.input == learning.input)
  }
}
