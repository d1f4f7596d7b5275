import Autograd
import Kernels
import Models
import Tensors
import Testing

@Suite(.serialized) struct OutputsTests {
  private func images(_ height: Int = 64, _ width: Int = 96) -> Variable {
    var random = RandomSource(seed: 1, purpose: "images")
    return Variable(
      constant: Tensor(
        (0..<2 * 3 * height * width).map { _ in Float(random.uniform(-1, 1)) }, shape: [2, 3, height, width]))
  }

  /// Every tap of every family: channels as the architecture says, sizes by stride, and the logits are the same bits
  /// with and without them.
  @Test(arguments: [
    "deeplabv3_resnet18d", "deeplabv3_mobilenetv2_100", "deeplabv3plus_resnet101d", "unet_resnet18d",
    "segformer_mit_b0",
  ])
  func featureTaps(_ name: String) throws {
    let model = try OracleModel.make(name)
    let taps = model.architecture.taps
    #expect(taps.contains(.stem) == !name.contains("mit"))
    #expect(taps.contains(.joined) == name.hasPrefix("deeplabv3plus"))
    #expect(FeatureTap.allCases.filter { ![.stem, .joined].contains($0) }.allSatisfy { taps.contains($0) })
    let plain = model(images(), .evaluation())
    let outputs = model(images(), .evaluation(), taps: Set(taps))
    #expect(outputs.main.value.values == plain.main.value.values)
    let strides: [FeatureTap: Int] = [
      .stem: 2, .stage1: 4, .stage2: 8, .stage3: 16, .stage4: 32, .joined: 4,
    ]
    for tap in taps {
      let map = outputs[tap]
      #expect(map.shape[0] == 2 && map.shape[1] == model.architecture.channels(of: tap))
      if let stride = strides[tap] {
        let reached = min(stride, model.architecture.outputStride)
        #expect(map.shape[2] == 64 / reached && map.shape[3] == 96 / reached, "\(name) \(tap): \(map.shape)")
      }
    }
    // The decoder's map has the logits' size.
    #expect(outputs[.decoder].shape.dimensions[2...] == outputs.main.shape.dimensions[2...])
  }

  /// Products in bfloat16 leave the logits where they were but for some thousandths, the same bits each time.
  @Test(.enabled(if: Precision.bfloat16.isAvailable, "this CPU has no AVX-512 BF16"))
  func logitsInBFloat16() {
    func logits(_ precision: Precision) -> [Float] {
      let model = SegmentationModel(
        Architecture(
          backbone: .resnet50d, decoder: .deepLabV3(rates: [2, 3, 5]), outChannels: 32,
          auxiliaryChannels: nil,
          outputStride: 8, dropout: 0, stochasticDepth: 0), classes: 7, seed: 4, precision: precision)
      return model(images(), .evaluation()).main.value.values
    }
    let (plain, short) = (logits(.float32), logits(.bfloat16))
    #expect(short == logits(.bfloat16) && short != plain)
    let scale = plain.reduce(0) { $0 + $1 * $1 }
    let distance = zip(plain, short).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect((distance / scale).squareRoot() < 0.02)
  }

  @Test func withoutAuxiliaryHead() throws {
    func model(_ auxiliary: Int?) -> SegmentationModel {
      SegmentationModel(
        Architecture(
          backbone: .resnet18d, decoder: .pspNet(bins: [1, 2]), outChannels: 24, auxiliaryChannels: auxiliary,
          outputStride: 8, dropout: 0, stochasticDepth: 0), classes: 5, seed: 4)
    }
    let (with, without) = (model(16), model(nil))
    #expect(without(images(), .evaluation()).auxiliary == nil)
    #expect(!without.parameters.contains { $0.name.hasPrefix("aux") })
    // 3x3 from 256 channels, its norm, and the classifier.
    #expect(with.parameterCount - without.parameterCount == 256 * 16 * 9 + 2 * 16 + 16 * 5 + 5)
    #expect(
      without.operationCounts(height: 64, width: 96).convolution
        < with.operationCounts(height: 64, width: 96).convolution)
    #expect(
      without(images(), .evaluation()).main.value.values == with(images(), .evaluation()).main.value.values)
  }
}
