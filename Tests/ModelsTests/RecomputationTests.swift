import Autograd
import Models
import Tensors
import TestSupport
import Testing

/// Blocks that are computed again on the way back: less memory, and not one other bit.
@Suite(.serialized) struct RecomputationTests {
  static let networks = [
    "deeplabv3 resnet18d", "deeplabv3plus resnet50d", "unet mobilenetv2", "segformer mitB0",
  ]

  private static func model(_ name: String, recomputes: Bool) -> SegmentationModel {
    let (decoder, backbone, stride): (Architecture.Decoder, Architecture.Backbone, Int)
    switch name {
    case "deeplabv3 resnet18d": (decoder, backbone, stride) = (.deepLabV3(rates: [1, 2]), .resnet18d, 16)
    // Its decoder reads two maps of the backbone, one of them an output of a block that others go on from.
    case "deeplabv3plus resnet50d":
      (decoder, backbone, stride) = (.deepLabV3Plus(rates: [1, 2], shortcutChannels: 20), .resnet50d, 16)
    case "unet mobilenetv2":
      (decoder, backbone, stride) = (.uNet(widths: [64, 48, 32, 32, 32]), .mobilenetv2, 32)
    default: (decoder, backbone, stride) = (.segFormer, .mitB0, 32)
    }
    return SegmentationModel(
      Architecture(
        backbone: backbone, decoder: decoder, outChannels: 32, auxiliaryChannels: 16, outputStride: stride,
        dropout: 0.3, stochasticDepth: 0.4), classes: 5, seed: 8, recomputesBlocks: recomputes)
  }

  private static func images(_ seed: UInt64, _ shape: Shape = [3, 3, 64, 96]) -> Variable {
    var random = RandomSource(seed: seed, purpose: "images")
    return Variable(
      constant: Tensor((0..<shape.count).map { _ in Float(random.uniform(-1, 1)) }, shape: shape))
  }

  private static func seeds(_ outputs: SegmentationModel.Outputs) -> [(Variable, Tensor)] {
    [outputs.main, outputs.auxiliary].compactMap { $0 }.map { logits in
      let values = (0..<logits.shape.count).map { Float($0 % 7) - 2.5 }
      return (logits, Tensor(values, shape: logits.shape))
    }
  }

  private struct Seen: Equatable {
    var logits: [[Float]] = []
    var gradients: [[Float]?] = []
    var statistics: [[Float]] = []
  }

  /// Two passes of one network, which share a tape, as semi-supervised steps have them.
  private static func twice(_ name: String, recomputes: Bool) throws -> Seen {
    let model = model(name, recomputes: recomputes)
    let first = ForwardPass.training(seed: 3, iteration: 2)
    let tape = try #require(first.tape)
    let second = ForwardPass.training(seed: 3, iteration: 2, stream: "other", tape: tape)
    let outputs = [model(images(1), first), model(images(2, [2, 3, 96, 64]), second)]
    var seen = Seen()
    seen.logits = outputs.map { $0.main.value.values }
    let gradients = tape.backward(outputs.flatMap(seeds))
    seen.gradients = model.parameters.map { gradients[$0]?.kernelValues }
    seen.statistics = model.buffers.map { $0.value.values }
    return seen
  }

  @Test(arguments: networks) func sameBits(_ name: String) throws {
    let plain = try Self.twice(name, recomputes: false)
    let again = try Self.twice(name, recomputes: true)
    #expect(plain.logits == again.logits, "\(name): logits")
    #expect(plain.statistics == again.statistics, "\(name): running statistics")
    #expect(plain.gradients == again.gradients, "\(name): gradients")
    #expect(plain.gradients.allSatisfy { $0 != nil })
  }

  @Test(arguments: networks) func lessMemory(_ name: String) throws {
    func peak(recomputes: Bool) throws -> Int {
      let model = Self.model(name, recomputes: recomputes)
      let before = MemoryPool.liveBytes
      MemoryPool.resetPeak()
      let pass = ForwardPass.training(seed: 3, iteration: 2)
      let outputs = model(Self.images(1, [2, 3, 128, 160]), pass)
      let gradients = try #require(pass.tape).backward(Self.seeds(outputs))
      return withExtendedLifetime(gradients) { MemoryPool.peakBytes - before }
    }
    let (plain, again) = (try peak(recomputes: false), try peak(recomputes: true))
    #expect(again < plain, "\(name): \(again) bytes at most, and \(plain) without")
  }

  /// Nothing is run twice where nothing goes back.
  @Test func evaluationIsTheSame() {
    let values = [false, true].map {
      Self.model("deeplabv3 resnet18d", recomputes: $0)(Self.images(4), .evaluation()).main.value.values
    }
    #expect(values[0] == values[1])
  }
}
