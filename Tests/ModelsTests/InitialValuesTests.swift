import Kernels
import Models
import Tensors
import Testing

/// Initial values of networks, which threads share.
@Suite(.serialized) struct InitialValuesTests {
  private static func model(_ backbone: Architecture.Backbone, loadsBackbone: Bool = false)
    -> SegmentationModel
  {
    SegmentationModel(
      Architecture(
        backbone: backbone, decoder: .pspNet(bins: [1, 2]), outChannels: 48, auxiliaryChannels: 32,
        outputStride: 32, dropout: 0.1, stochasticDepth: 0, multiGrid: nil), classes: 5, seed: 8,
      loadsBackbone: loadsBackbone)
  }

  private static func bits(_ model: SegmentationModel) -> [[UInt32]] {
    model.parameters.map { $0.value.kernelValues.map(\.bitPattern) }
  }

  private static func bits(_ backbone: Architecture.Backbone, threads: Int) -> [[UInt32]] {
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    KernelRuntime.threads = threads
    return bits(model(backbone))
  }

  @Test(arguments: [Architecture.Backbone.resnet18d, .mobilenetv2, .mitB0]) func threadsDoNotMatter(
    _ backbone: Architecture.Backbone
  ) {
    let one = Self.bits(backbone, threads: 1)
    #expect(Self.bits(backbone, threads: 2) == one)
    #expect(Self.bits(backbone, threads: 3) == one)
  }

  /// What is loaded next is not drawn, and everything else begins as ever.
  @Test(arguments: [Architecture.Backbone.resnet18d, .mitB0]) func aBackboneThatIsLoaded(
    _ backbone: Architecture.Backbone
  ) {
    let (drawn, loading) = (Self.model(backbone), Self.model(backbone, loadsBackbone: true))
    let whole = Self.bits(drawn)
    for (parameter, expected) in zip(loading.parameters, whole) {
      let found = parameter.value.kernelValues.map(\.bitPattern)
      if SegmentationModel.isBackbone(parameter) {
        #expect(found.allSatisfy { $0 == 0 }, "\(parameter.name)")
      } else {
        #expect(found == expected, "\(parameter.name)")
      }
    }
    loading.assignBackbone(drawn.state)
    #expect(Self.bits(loading) == whole)
  }
}
