import Autograd
import Kernels
import Layers
import Tensors
import Testing

/// A convolution with its norm is the two layers one after the other, in every kind of pass.
@Suite(.serialized) struct NormedConvolutionTests {
  private static let shape: Shape = [2, 16, 5, 7]

  /// A branch of 3x3 and norm, and a shortcut of 1x1 and norm, 16 to 32 channels.
  private struct Block {
    let store = ParameterStore(seed: 5)
    let branch: (convolution: Conv2d, norm: BatchNorm2d)
    let shortcut: (convolution: Conv2d, norm: BatchNorm2d)

    init() {
      func layers(_ scope: ParameterScope, kernel: Int) -> (Conv2d, BatchNorm2d) {
        (
          Conv2d(
            scope["0"], inChannels: 16, outChannels: 32, kernel: kernel, stride: 1, padding: kernel / 2,
            dilation: 1, groups: 1, bias: false, initializer: .uniformFanIn),
          BatchNorm2d(scope["1"], channels: 32, momentum: 0.1, epsilon: 1e-5, activation: .none)
        )
      }
      branch = layers(store.root["branch"], kernel: 3)
      shortcut = layers(store.root["shortcut"], kernel: 1)
    }

    func apart(_ x: Variable, _ pass: ForwardPass) -> Variable {
      let y = branch.norm(branch.convolution(x, pass), pass)
      return pass.add(y, shortcut.norm(shortcut.convolution(x, pass), pass), activation: .relu)
    }

    func together(_ x: Variable, _ pass: ForwardPass) -> Variable {
      let shortcut = NormedConvolution(self.shortcut.convolution, self.shortcut.norm)
      return NormedConvolution(branch.convolution, branch.norm)(
        x, pass, sum: ResidualSum(activation: .relu) { shortcut(x, pass) })
    }
  }

  private static var input: Tensor {
    var random = RandomSource(seed: 6, purpose: "x")
    return Tensor((0..<shape.count).map { _ in Float(random.uniform(-1, 1)) }, shape: shape)
  }

  /// Output, statistics afterwards, and the gradients of input and parameters.
  private static func training(_ body: (Block, Variable, ForwardPass) -> Variable) -> [[Float]] {
    let block = Block()
    let tape = Tape()
    let leaf = tape.leaf(input)
    let pass = ForwardPass.training(seed: 1, iteration: 0, tape: tape)
    let y = body(block, pass.convert(leaf, to: KernelRuntime.preferredLayout), pass)
    let seed = Tensor(
      (0..<y.shape.count).map { Float($0 % 13) - 6 }, shape: y.shape
    ).converted(to: KernelRuntime.preferredLayout)
    let gradients = tape.backward([(y, seed)], keeping: [leaf])
    return [y.value.converted(to: .plain).values, gradients[leaf: leaf]?.values ?? []]
      + block.store.buffers.map(\.value.values)
      + block.store.parameters.map { parameter in
        guard let gradient = gradients[parameter] else { return [] }
        return gradient.layout == .hwio ? gradient.kernelValues : gradient.values
      }
  }

  @Test func training() {
    let together = Self.training { $0.together($1, $2) }
    #expect(together == Self.training { $0.apart($1, $2) })
    #expect(together.count == 2 + 4 + 6 && together.allSatisfy { !$0.isEmpty })
  }

  @Test func evaluation() {
    let block = Block()
    for (index, buffer) in block.store.buffers.enumerated() {
      for channel in 0..<32 { buffer.value.pointer[channel] = 0.5 + Float((channel * 7 + index) % 11) / 8 }
    }
    let x = Variable(constant: Self.input.converted(to: KernelRuntime.preferredLayout))
    func values(_ y: Variable) -> [UInt32] { y.value.converted(to: .plain).values.map(\.bitPattern) }
    let apart = values(block.apart(x, .evaluation()))
    #expect(values(block.together(x, .evaluation())) == apart)
    #expect(values(block.together(x, .evaluation(fused: false))) == apart)
  }

  @Test func counting() {
    let block = Block()
    let x = Variable(constant: Self.input.converted(to: KernelRuntime.preferredLayout))
    let (together, apart) = (ForwardPass.counting(), ForwardPass.counting())
    #expect(block.together(x, together).shape == block.apart(x, apart).shape)
    #expect(together.operationCounts == apart.operationCounts)
    // 32 channels of 2 x 5 x 7 pixels, twice.
    #expect(together.operationCounts?.batchNormElements == 2 * 32 * 70)
    #expect(together.operationCounts?.convolution == 32 * 70 * 16 * (9 + 1))
  }
}
