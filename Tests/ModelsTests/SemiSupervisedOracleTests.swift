import Autograd
import HDF5
import Models
import Tensors
import TestSupport
import Testing

/// Agreement of the networks of semi-supervised segmentation with PyTorch over timm's ResNet-101.
@Suite(.serialized) struct SemiSupervisedOracleTests {
  static let networks: [(String, [Int]?)] = [
    ("deeplabv3plus_resnet101d_os16", nil), ("deeplabv3plus_resnet101d_os16_mg124", [1, 2, 4]),
    ("deeplabv3plus_resnet101d_os16_mg224", [2, 2, 4]),
  ]
  private static let images = FillRule.symmetric("semi_supervised/image", [4, 3, 96, 160], bound: 1)

  private static func model(_ multiGrid: [Int]?) throws -> SegmentationModel {
    let model = SegmentationModel(
      PlainDeepLabTests.architecture(multiGrid: multiGrid), classes: 21, seed: nil)
    try model.restore(
      StateDict(
        (model.parameters.map { ($0.name, $0.shape) } + model.buffers.map { ($0.name, $0.value.shape) }).map {
          // As the recorder does, so that deep batch norms do not amplify rounding.
          let scale: Float = $0.hasSuffix(".bn3.weight") ? 0.125 : 1
          return ($0, Tensor(FillRule.values($0, $1).map { $0 * scale }, shape: $1))
        }))
    return model
  }

  /// Every `channels`th channel and 4th pixel, as the oracle records.
  private static func sampled(_ map: Variable, channels: Int) -> [Float] {
    let shape = map.shape
    let values = map.value.converted(to: .plain).values
    var sampled: [Float] = []
    for image in 0..<shape[0] {
      for channel in stride(from: 0, to: shape[1], by: channels) {
        for y in stride(from: 0, to: shape[2], by: 4) {
          for x in stride(from: 0, to: shape[3], by: 4) {
            sampled.append(values[((image * shape[1] + channel) * shape[2] + y) * shape[3] + x])
          }
        }
      }
    }
    return sampled
  }

  private func compare(_ actual: [Float], _ file: HDF5File, _ path: String) throws {
    let expected = try file.floats(path)
    let mean = expected.reduce(0, +) / Float(expected.count)
    let deviation = (expected.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(expected.count))
      .squareRoot()
    let worst = zip(actual, expected).map { abs($0 - $1) }.max() ?? .infinity
    print("oracle \(path): worst deviation \(worst / deviation) of a standard deviation")
    expectClose(actual: actual, expected: expected, tolerance: 1e-3 * deviation, path)
  }

  @Test(arguments: networks) func mapsLogitsAndGradients(_ name: String, _ multiGrid: [Int]?) throws {
    let file = try Fixture.hdf5("semi_supervised.h5", in: .module)
    let model = try Self.model(multiGrid)
    #expect(model.parameters.map { "\($0.name) \($0.shape)" } == (try file.strings("\(name)/parameters")))
    #expect(model.buffers.map(\.name) == (try file.strings("\(name)/buffers")))

    let evaluated = model(Variable(constant: Self.images), .evaluation(), taps: [.joined])
    try compare(Self.sampled(evaluated[.joined], channels: 8), file, "\(name)/eval_joined")
    try compare(Self.sampled(evaluated.main, channels: 1), file, "\(name)/eval_logits")

    let pass = ForwardPass.training(seed: 1, iteration: 0)
    let main = model(Variable(constant: Self.images), pass).main
    try compare(Self.sampled(main, channels: 1), file, "\(name)/train_logits")
    let seed = FillRule.symmetric("semi_supervised/gradient", main.shape, bound: 1)
    let gradients = try #require(pass.tape).backward([(main, seed)])
    var worst = (deviation: 0.0, name: "")
    for (parameter, expected) in zip(model.parameters, try file.doubles("\(name)/grad_norm")) {
      let actual = norm(try #require(gradients[parameter], "no gradient for \(parameter.name)"))
      let deviation = abs(actual - expected) / max(expected, 1e-3)
      #expect(deviation < 0.01, "\(name) \(parameter.name): \(actual), expected \(expected)")
      if deviation > worst.deviation { worst = (deviation, parameter.name) }
    }
    var worstBuffer = 0.0
    for (buffer, expected) in zip(model.buffers, try file.doubles("\(name)/buffer_norm_after")) {
      let deviation = abs(norm(buffer.value) - expected) / max(expected, 1e-6)
      #expect(deviation < 0.01, "\(name) \(buffer.name): \(norm(buffer.value)), expected \(expected)")
      worstBuffer = max(worstBuffer, deviation)
    }
    print("oracle \(name): gradient norms \(worst), running statistics \(worstBuffer)")
  }

  private func norm(_ tensor: Tensor) -> Double {
    var sum = 0.0
    for value in tensor.kernelValues { sum += Double(value) * Double(value) }
    return sum.squareRoot()
  }
}
