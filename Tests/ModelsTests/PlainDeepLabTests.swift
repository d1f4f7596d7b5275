import Autograd
import Models
import Tensors
import Testing

/// DeepLabV3+ of semi-supervised segmentation: ResNet-101 at output stride 16, plain convolutions, no auxiliary head.
@Suite(.serialized) struct PlainDeepLabTests {
  static func architecture(
    multiGrid: [Int]? = nil, convolutions: Architecture.DeepLabV3PlusConvolutions = .plain
  ) -> Architecture {
    Architecture(
      backbone: .resnet101d,
      decoder: .deepLabV3Plus(rates: [6, 12, 18], shortcutChannels: 48, convolutions: convolutions),
      outChannels: 256, auxiliaryChannels: nil, outputStride: 16, dropout: 0, stochasticDepth: 0,
      multiGrid: multiGrid)
  }

  /// One convolution of the definition: kernel x kernel from `input` to `output` channels at 1 / stride of an image's
  /// height and width; stride nil: on one pixel.
  private struct Term {
    let input: Int
    let output: Int
    let kernel: Int
    let stride: Int?
    let hasNorm: Bool

    init(_ input: Int, _ output: Int, kernel: Int, stride: Int?, hasNorm: Bool = true) {
      (self.input, self.output, self.kernel, self.stride) = (input, output, kernel, stride)
      self.hasNorm = hasNorm
    }

    /// With scale and shift of its norm, or a bias.
    var parameters: Int { input * output * kernel * kernel + (hasNorm ? 2 * output : output) }

    func multiplyAdds(_ height: Int, _ width: Int) -> Int {
      let pixels = stride.map { height / $0 * (width / $0) } ?? 1
      return input * output * kernel * kernel * pixels
    }
  }

  /// Every convolution, from He et al. (CVPR 2016, Table 1), the deep stem of He et al. (CVPR 2019) and the decoder.
  private static func terms(classes: Int) -> [Term] {
    var terms = [
      Term(3, 32, kernel: 3, stride: 2), Term(32, 32, kernel: 3, stride: 2),
      Term(32, 64, kernel: 3, stride: 2),
    ]
    // (input, width, blocks, stride of its input, stride of its maps); a block gives four times its width.
    for (input, width, blocks, before, stride) in [
      (64, 64, 3, 4, 4), (256, 128, 4, 4, 8), (512, 256, 23, 8, 16), (1024, 512, 3, 16, 16),
    ] {
      terms += [
        Term(input, width, kernel: 1, stride: before), Term(width, width, kernel: 3, stride: stride),
        Term(width, 4 * width, kernel: 1, stride: stride),
        // The shortcut, after its average pooling.
        Term(input, 4 * width, kernel: 1, stride: stride),
      ]
      for _ in 1..<blocks {
        terms += [
          Term(4 * width, width, kernel: 1, stride: stride), Term(width, width, kernel: 3, stride: stride),
          Term(width, 4 * width, kernel: 1, stride: stride),
        ]
      }
    }
    return terms + [
      // Image pooling, 1x1, three rates, projection.
      Term(2048, 256, kernel: 1, stride: nil), Term(2048, 256, kernel: 1, stride: 16),
      Term(2048, 256, kernel: 3, stride: 16), Term(2048, 256, kernel: 3, stride: 16),
      Term(2048, 256, kernel: 3, stride: 16), Term(5 * 256, 256, kernel: 1, stride: 16),
      // Shortcut, fusion, classifier.
      Term(256, 48, kernel: 1, stride: 4), Term(256 + 48, 256, kernel: 3, stride: 4),
      Term(256, 256, kernel: 3, stride: 4), Term(256, classes, kernel: 1, stride: 4, hasNorm: false),
    ]
  }

  @Test(arguments: [nil, [1, 2, 4], [2, 2, 4]] as [[Int]?]) func sizes(_ multiGrid: [Int]?) {
    let model = SegmentationModel(Self.architecture(multiGrid: multiGrid), classes: 21, seed: nil)
    let terms = Self.terms(classes: 21)
    #expect(model.parameterCount == terms.reduce(0) { $0 + $1.parameters })
    #expect(model.parameterCount == 59_363_541)
    for (width, expected) in [(512, 89_869_778_944), (1024, 179_739_033_600)] {
      let counted = model.operationCounts(height: 512, width: width).convolution
      #expect(counted == terms.reduce(0) { $0 + $1.multiplyAdds(512, width) })
      #expect(counted == expected)
    }
    #expect(!model.parameters.contains { $0.name.hasPrefix("aux") })
  }

  private static func small(
    _ convolutions: Architecture.DeepLabV3PlusConvolutions = .plain, seed: UInt64? = 5
  ) -> SegmentationModel {
    SegmentationModel(
      Architecture(
        backbone: .resnet18d,
        decoder: .deepLabV3Plus(rates: [2, 3], shortcutChannels: 20, convolutions: convolutions),
        outChannels: 32, auxiliaryChannels: nil, outputStride: 16, dropout: 0, stochasticDepth: 0),
      classes: 5, seed: seed)
  }

  private static let images: Variable = {
    var random = RandomSource(seed: 1, purpose: "images")
    return Variable(
      constant: Tensor(
        (0..<2 * 3 * 64 * 96).map { _ in Float(random.uniform(-1, 1)) }, shape: [2, 3, 64, 96]))
  }()

  @Test(arguments: Architecture.DeepLabV3PlusConvolutions.allCases)
  func shapesAndTheJoinedMap(_ convolutions: Architecture.DeepLabV3PlusConvolutions) {
    let model = Self.small(convolutions)
    let plain = model(Self.images, .evaluation())
    let outputs = model(Self.images, .evaluation(), taps: [.joined, .decoder])
    #expect(outputs.main.shape == [2, 5, 16, 24])
    #expect(outputs.main.value.values == plain.main.value.values)
    #expect(outputs[.joined].shape == [2, 52, 16, 24])
    #expect(model.architecture.channels(of: .joined) == 52)
    #expect(outputs[.decoder].shape == [2, 32, 16, 24])
  }

  /// The names that both share, and what a plain convolution has in place of a separable one.
  @Test func parameterNames() {
    let names = { (model: SegmentationModel) in
      model.parameters.filter { $0.name.hasPrefix("method.") && $0.shape.rank == 4 }.map {
        "\($0.name) \($0.shape)"
      }
    }
    #expect(
      names(Self.small(seed: nil)) == [
        "method.aspp.convs.0.1.0.weight [32, 512, 1, 1]", "method.aspp.convs.1.0.weight [32, 512, 1, 1]",
        "method.aspp.convs.2.0.weight [32, 512, 3, 3]", "method.aspp.convs.3.0.weight [32, 512, 3, 3]",
        "method.bottleneck.0.weight [32, 128, 1, 1]", "method.shortcut.0.weight [20, 64, 1, 1]",
        "method.cat_conv.0.0.weight [32, 52, 3, 3]", "method.cat_conv.1.0.weight [32, 32, 3, 3]",
      ])
  }
}
