import Autograd
import Models
import Tensors
import TestSupport
import Testing

/// Decoder and head on the backbone's maps and on maps with dropped channels, in one batch.
@Suite(.serialized) struct PerturbationTests {
  static let decoders = ["deeplabv3", "pspnet", "deeplabv3plus", "plain deeplabv3plus", "unet", "segformer"]

  private static func model(
    _ decoder: String, auxiliary: Int? = 16, dropout: Double = 0
  ) -> SegmentationModel {
    let kind: Architecture.Decoder
    switch decoder {
    case "deeplabv3": kind = .deepLabV3(rates: [1, 2])
    case "pspnet": kind = .pspNet(bins: [1, 2])
    case "deeplabv3plus": kind = .deepLabV3Plus(rates: [1, 2], shortcutChannels: 20)
    case "plain deeplabv3plus":
      kind = .deepLabV3Plus(rates: [1, 2], shortcutChannels: 20, convolutions: .plain)
    case "unet": kind = .uNet(widths: [64, 48, 32, 32, 32])
    default: kind = .segFormer
    }
    let isTransformer = decoder == "segformer"
    return SegmentationModel(
      Architecture(
        backbone: isTransformer ? .mitB0 : decoder == "unet" ? .mobilenetv2 : .resnet18d, decoder: kind,
        outChannels: 32, auxiliaryChannels: auxiliary,
        outputStride: isTransformer || decoder == "unet" ? 32 : 16, dropout: dropout, stochasticDepth: 0),
      classes: 5, seed: 8)
  }

  private static let images: Variable = {
    var random = RandomSource(seed: 2, purpose: "images")
    return Variable(
      constant: Tensor(
        (0..<4 * 3 * 64 * 96).map { _ in Float(random.uniform(-1, 1)) }, shape: [4, 3, 64, 96]))
  }()

  /// The two halves of a batch's values.
  private static func halves(_ x: Variable) -> (plain: [Float], perturbed: [Float]) {
    let values = x.value.values
    return (Array(values.prefix(values.count / 2)), Array(values.suffix(values.count / 2)))
  }

  private static func pass(_ stream: String = "main") -> ForwardPass {
    .training(seed: 3, iteration: 2, stream: stream)
  }

  private static func deviation(_ values: [Float]) -> Float {
    let mean = values.reduce(0, +) / Float(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
  }

  /// Evaluation drops nothing.
  @Test(arguments: decoders) func evaluationGivesThePlainLogitsTwice(_ decoder: String) throws {
    let model = Self.model(decoder)
    let plain = model(Self.images, .evaluation())
    let outputs = model.perturbed(Self.images, .evaluation(), featureDropout: 0.5)
    let shape = plain.main.shape
    #expect(outputs.main.shape == [8, 5, shape[2], shape[3]])
    let (first, last) = Self.halves(outputs.main)
    let expected = plain.main.value.values
    let tolerance = 1e-5 * Self.deviation(expected)
    expectClose(actual: first, expected: expected, tolerance: tolerance, "\(decoder), plain half")
    expectClose(actual: last, expected: expected, tolerance: tolerance, "\(decoder), perturbed half")
    #expect(
      try #require(outputs.auxiliary).value.values == (try #require(plain.auxiliary)).value.values)
  }

  /// A batch beside its copy has the batch's statistics.
  @Test(arguments: decoders) func withoutDropoutTrainingGivesThePlainLogitsTwice(_ decoder: String) throws {
    let plain = Self.model(decoder)(Self.images, Self.pass())
    let outputs = Self.model(decoder).perturbed(Self.images, Self.pass(), featureDropout: 0)
    let (first, last) = Self.halves(outputs.main)
    let expected = plain.main.value.values
    let tolerance = 1e-3 * Self.deviation(expected)
    expectClose(actual: first, expected: expected, tolerance: tolerance, "\(decoder), plain half")
    expectClose(actual: last, expected: expected, tolerance: tolerance, "\(decoder), perturbed half")
    // The backbone runs once, on the images alone.
    #expect(
      try #require(outputs.auxiliary).value.values == (try #require(plain.auxiliary)).value.values)
  }

  /// When every channel is dropped, no image shows in the last half: the decoder reads no map that is not perturbed.
  @Test(arguments: decoders) func everyMapThatTheDecoderReadsIsPerturbed(_ decoder: String) {
    let model = Self.model(decoder)
    let outputs = model.perturbed(Self.images, Self.pass(), featureDropout: 1 - 1e-12)
    let (first, last) = Self.halves(outputs.main)
    let one = last.count / 4
    let tolerance = 1e-4 * (last.map(abs).max() ?? 0)
    for image in 1..<4 {
      expectClose(
        actual: Array(last[image * one..<(image + 1) * one]), expected: Array(last[..<one]),
        tolerance: tolerance, "\(decoder), image \(image)")
    }
    #expect(Array(first[..<one]) != Array(first[one..<2 * one]), "\(decoder)")
  }

  /// A classifier of unit vectors shows the channels themselves: each is dropped or doubled, half of them at 0.5.
  @Test func channelsAreDroppedAndTheOthersScaled() {
    let model = SegmentationModel(
      Architecture(
        backbone: .resnet18d, decoder: .classifier(isPooled: false), outChannels: 512, auxiliaryChannels: nil,
        outputStride: 32, dropout: 0, stochasticDepth: 0), classes: 40, seed: 8)
    var unit = [Float](repeating: 0, count: 40 * 512)
    for channel in 0..<40 { unit[channel * 512 + channel] = 1 }
    model.assign(StateDict([("head.1.weight", Tensor(unit, shape: [40, 512, 1, 1]))]))
    let outputs = model.perturbed(Self.images, Self.pass(), featureDropout: 0.5)
    #expect(outputs.main.shape == [8, 40, 2, 3] && outputs.auxiliary == nil)
    let (first, last) = Self.halves(outputs.main)
    var dropped = 0
    for plane in 0..<4 * 40 {
      let (x, y) = (first[plane * 6..<(plane + 1) * 6], last[plane * 6..<(plane + 1) * 6])
      if y.allSatisfy({ $0 == 0 }) { dropped += 1 } else { #expect(zip(x, y).allSatisfy { 2 * $0 == $1 }) }
    }
    #expect((60...100).contains(dropped), "\(dropped) of 160")
  }

  /// The same pass gives the same bits, another stream drops others, and both halves send gradients to the backbone.
  @Test func dropoutAndGradients() throws {
    func run(_ stream: String, half: Int) throws -> (logits: [Float], gradient: [Float]) {
      let model = Self.model("plain deeplabv3plus", auxiliary: nil, dropout: 0.1)
      let pass = Self.pass(stream)
      let main = model.perturbed(Self.images, pass, featureDropout: 0.5).main
      var seed = [Float](repeating: 0, count: main.shape.count)
      for index in 0..<seed.count / 2 { seed[half * seed.count / 2 + index] = index % 3 == 0 ? 1 : -0.25 }
      let gradients = try #require(pass.tape).backward([(main, Tensor(seed, shape: main.shape))])
      let stem = try #require(model.parameters.first)
      return (main.value.values, try #require(gradients[stem]).kernelValues)
    }
    let plain = try run("main", half: 0)
    let perturbed = try run("main", half: 1)
    #expect(plain.logits == perturbed.logits)
    #expect(plain.gradient.contains { $0 != 0 } && perturbed.gradient.contains { $0 != 0 })
    #expect(plain.gradient != perturbed.gradient)
    #expect(try run("main", half: 1).gradient == perturbed.gradient)
    #expect(try run("other", half: 1).logits != perturbed.logits)
  }
}
