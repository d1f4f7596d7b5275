import Autograd
import Kernels
import Models
import Tensors
import Testing

/// Networks whose convolutions norm, activate and add by themselves have the bits of those whose operations follow one
/// another: all logits and every feature map.
@Suite(.serialized) struct FusedEvaluationTests {
  private func bits(_ variable: Variable) -> [UInt32] {
    variable.value.converted(to: .plain).values.map(\.bitPattern)
  }

  @Test(arguments: [
    "deeplabv3_resnet18d", "deeplabv3_mobilenetv2_100", "pspnet_resnet50d", "deeplabv3plus_resnet101d",
    "unet_mobilenetv2_100",
  ])
  func sameBits(_ name: String) throws {
    let model = try OracleModel.make(name)
    let taps = Set(model.architecture.taps)
    var random = RandomSource(seed: 2, purpose: "images")
    let images = Variable(
      constant: Tensor(
        (0..<2 * 3 * 64 * 96).map { _ in Float(random.uniform(-1, 1)) }, shape: [2, 3, 64, 96]))
    let before = KernelRuntime.threads
    defer { KernelRuntime.threads = before }
    for threads in [1, 2] {
      KernelRuntime.threads = threads
      let fused = model(images, .evaluation(), taps: taps)
      let apart = model(images, .evaluation(fused: false), taps: taps)
      #expect(bits(fused.main) == bits(apart.main))
      #expect(fused.auxiliary.map(bits) == apart.auxiliary.map(bits))
      for tap in taps { #expect(bits(fused[tap]) == bits(apart[tap]), "\(name) \(tap), \(threads) threads") }
      #expect(Set(bits(fused.main)).count > 1000)
    }
  }

  /// Both halves of a perturbed pass go through the decoder that the fused kernels make.
  @Test func perturbedPass() throws {
    let model = try OracleModel.make("deeplabv3_resnet18d")
    var random = RandomSource(seed: 3, purpose: "images")
    let images = Variable(
      constant: Tensor(
        (0..<3 * 3 * 48 * 64).map { _ in Float(random.uniform(-1, 1)) }, shape: [3, 3, 48, 64]))
    let fused = model.perturbed(images, .evaluation(), featureDropout: 0.5)
    let apart = model.perturbed(images, .evaluation(fused: false), featureDropout: 0.5)
    #expect(bits(fused.main) == bits(apart.main))
  }
}
