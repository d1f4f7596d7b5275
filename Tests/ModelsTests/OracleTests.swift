import Autograd
import Foundation
import HDF5
import Kernels
import Losses
import Models
import Optimizers
import Tensors
import TestSupport
import Testing

/// Agreement with the authors' classes over timm backbones, run by PyTorch on the CPU.
@Suite(.serialized) struct OracleTests {
  static func images(_ file: HDF5File) throws -> Tensor {
    Tensor(try file.floats("image"), shape: [4, 3, 64, 128])
  }

  /// The oracle marks unlabelled pixels with the number of classes.
  static func labels(_ file: HDF5File) throws -> LabelBatch {
    LabelBatch(
      count: 4, height: 64, width: 128,
      values: try file.bytes("label").map { $0 == 19 ? LabelMap.ignore : $0 })
  }

  /// 0.25 * (0.5 CE(main) + 0.5 CE(aux)) + 0.75 JML1(main).
  static let loss = SegmentationLoss(
    SegmentationLoss.Configuration(
      classes: 19, ignoreIndex: LabelMap.ignore, crossEntropyWeight: 0.25, mainWeight: 0.5,
      auxiliaryWeight: 0.5,
      region: SegmentationLoss.Region(
        weight: 0.75,
        loss: .jaccard(
          JaccardMetricLoss(alpha: 1, beta: 1, smooth: 1, averaging: .dataset, active: .present))),
      smoothing: nil, distillation: nil))

  @Test(arguments: OracleModel.names) func namesAndShapes(_ name: String) throws {
    let file = try Fixture.hdf5("models.h5", in: .module)
    let model = SegmentationModel(OracleModel.architecture(name), classes: 19, seed: nil)
    #expect(model.parameters.map { "\($0.name) \($0.shape)" } == (try file.strings("\(name)/parameters")))
    let known = try file.strings("\(name)/buffers").map {
      $0.split(separator: " ").first.map(String.init) ?? ""
    }
    #expect(model.buffers.map(\.name) == known)
  }

  @Test(arguments: OracleModel.names) func evaluationLogits(_ name: String) throws {
    let file = try Fixture.hdf5("models.h5", in: .module)
    let model = try OracleModel.make(name)
    let logits = model(Variable(constant: try Self.images(file)), .evaluation())
    for (what, actual) in [
      ("eval_logits_s8", logits.main.value), ("eval_aux_logits_s8", try #require(logits.auxiliary).value),
    ] {
      let expected = try file.floats("\(name)/\(what)")
      let full = Resize.forward(actual, height: 64, width: 128)
      var sampled: [Float] = []
      for plane in 0..<4 * 19 {
        for y in stride(from: 0, to: 64, by: 8) {
          for x in stride(from: 0, to: 128, by: 8) {
            sampled.append(full.pointer[(plane * 64 + y) * 128 + x])
          }
        }
      }
      let mean = expected.reduce(0, +) / Float(expected.count)
      let deviation = (expected.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(expected.count))
        .squareRoot()
      let worst = zip(sampled, expected).map { abs($0 - $1) }.max() ?? .infinity
      print("oracle \(name) \(what): worst deviation \(worst / deviation) of a standard deviation")
      expectClose(actual: sampled, expected: expected, tolerance: 1e-3 * deviation, "\(name) \(what)")
    }
  }

  @Test(arguments: OracleModel.names) func lossesAndGradients(_ name: String) throws {
    let file = try Fixture.hdf5("models.h5", in: .module)
    let model = try OracleModel.make(name)
    let pass = ForwardPass.training(seed: 1, iteration: 0)
    let logits = model(Variable(constant: try Self.images(file)), pass)
    let result = try Self.loss(
      main: logits.main.value, auxiliary: try #require(logits.auxiliary).value, labels: try Self.labels(file),
      teacher: nil)
    let crossEntropy = try file.attribute(double: "loss_ce", at: name)
    let jaccard = try file.attribute(double: "loss_jdt", at: name)
    expectClose(result.crossEntropy, crossEntropy, tolerance: 1e-4)
    expectClose(result.region, jaccard, tolerance: 1e-4)

    let auxiliaryGradient = try #require(result.auxiliaryGradient)
    let gradients = try #require(pass.tape).backward([
      (logits.main, result.mainGradient), (try #require(logits.auxiliary), auxiliaryGradient),
    ])
    let norms = try file.doubles("\(name)/grad_norm")
    var worst = (deviation: 0.0, name: "")
    var worstLoose = (deviation: 0.0, name: "")
    for (parameter, expected) in zip(model.parameters, norms) {
      let gradient = try #require(gradients[parameter], "no gradient for \(parameter.name)")
      let actual = norm(gradient)
      // Shifts whose gradient is zero in exact arithmetic (a batch norm follows) are rounding; hence the floor.
      let deviation = abs(actual - expected) / max(expected, 1e-5)
      // A batch norm over the four values of image pooling amplifies rounding in all that lies before it.
      let fewValues =
        parameter.name.contains("aspp.convs.0") || parameter.name.contains("ppm.pools")
        || parameter.name.hasPrefix("backbone.") || Self.isSensitive(parameter.name, of: name)
      let tolerance = Self.isScaleInvariant(parameter.name, of: name) ? 0.1 : fewValues ? 0.05 : 0.01
      #expect(deviation < tolerance, "\(name) \(parameter.name): \(actual), expected \(expected)")
      if fewValues {
        if deviation > worstLoose.deviation { worstLoose = (deviation, parameter.name) }
      } else if deviation > worst.deviation {
        worst = (deviation, parameter.name)
      }
    }
    let buffers = try file.doubles("\(name)/buffer_norm_after")
    var worstBuffer = 0.0
    for (buffer, expected) in zip(model.buffers, buffers) {
      let deviation = abs(norm(buffer.value) - expected) / max(expected, 1e-6)
      worstBuffer = max(worstBuffer, deviation)
      #expect(deviation < 0.01, "\(name) \(buffer.name): \(norm(buffer.value)), expected \(expected)")
    }
    print(
      "oracle \(name): CE \(abs(result.crossEntropy - crossEntropy)), JML \(abs(result.region - jaccard)), gradient norms \(worst), over few values \(worstLoose), running statistics \(worstBuffer)"
    )
  }

  /// Depthwise convolutions of which one tap a channel sees the image (1x1, or dilated beyond the map's height), before
  /// a batch norm: scaling them changes nothing, so their gradient is what cancellation leaves. PyTorch differs from
  /// its own record by 5 % here, the record from double precision by 3 %, and an image changed by one part in ten
  /// million moves them by 6 %.
  private static func isScaleInvariant(_ parameter: String, of model: String) -> Bool {
    model.hasPrefix("deeplabv3plus")
      && ["1", "3", "4"].contains { parameter == "method.aspp.convs.\($0).0.weight" }
  }

  /// Norms whose gradient passes through those cancellations: the same change of the image moves them by 1 to 4 %.
  private static func isSensitive(_ parameter: String, of model: String) -> Bool {
    model.hasPrefix("deeplabv3plus")
      && ["method.shortcut.", "method.cat_conv.", "method.aspp."].contains { parameter.hasPrefix($0) }
  }

  /// Table 9, printed in millions and in thousand millions of multiply-adds for 512 x 1024 pixels, cut after two
  /// decimals. All but one: for SegFormer-B5 the paper prints 198.37. B3 is made of the same operations, and no
  /// other weight of one of them could add 0.11 to B5 without adding 0.05 to B3, which has room for 0.003.
  @Test(arguments: [
    ("deeplabv3plus_resnet101d", 62_58, 528_32), ("deeplabv3_resnet101d", 87_10, 714_73),
    ("deeplabv3_resnet50d", 68_11, 559_14), ("deeplabv3_resnet18d", 13_98, 121_29),
    ("deeplabv3_mobilenetv2_100", 3_79, 31_68), ("pspnet_resnet18d", 12_79, 109_90),
    ("unet_resnet50d", 76_07, 409_35), ("unet_resnet18d", 14_49, 46_42),
    ("unet_mobilenetv2_100", 4_06, 22_63),
    ("segformer_mit_b5", 83_77, 198_26), ("segformer_mit_b3", 46_40, 124_52),
    ("segformer_mit_b1", 15_48, 63_85),
    ("segformer_mit_b0", 5_01, 45_46),
  ]) func tableNine(_ name: String, parameters: Int, operations: Int) {
    let model = SegmentationModel(OracleModel.architecture(name), classes: 19, seed: nil)
    #expect(model.parameterCount / 10_000 == parameters, "\(name): \(model.parameterCount) parameters")
    let counts = model.operationCounts(height: 512, width: 1024)
    #expect(
      counts.multiplyAdds / 10_000_000 == operations,
      "\(name): \(counts.multiplyAdds) multiply-adds, \(counts)")
  }

  private func norm(_ tensor: Tensor) -> Double {
    var sum = 0.0
    for value in tensor.kernelValues { sum += Double(value) * Double(value) }
    return sum.squareRoot()
  }
}
