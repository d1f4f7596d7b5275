import Kernels
import Models
import Tensors
import Testing

/// Initial values of networks, which threads share.
@Suite(.serialized) struct InitialValuesTests {
  private static func bits(_ backbone: Architecture.Backbone, threads: Int) -> [[UInt32]] {
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    KernelRuntime.threads = threads
    let model = SegmentationModel(
      Architecture(
        backbone: backbone, decoder: .pspNet(bins: [1, 2]), outChannels: 48, auxiliaryChannels: 32,
        outputStride: 32, dropout: 0.1, stochasticDepth: 0, multiGrid: nil), classes: 5, seed: 8)
    return model.parameters.map { $0.value.kernelValues.map(\.bitPattern) }
  }

  @Test(arguments: [Architecture.Backbone.resnet18d, .mobilenetv2, .mitB0]) func threadsDoNotMatter(
    _ backbone: Architecture.Backbone
  ) {
    let one = Self.bits(backbone, threads: 1)
    #expect(Self.bits(backbone, threads: 2) == one)
    #expect(Self.bits(backbone, threads: 3) == one)
  }
}
