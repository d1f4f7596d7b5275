import Autograd
import Kernels
import Layers
import Models
import Schemas
import Tensors

/// Channel-wise distillation, "Channel-wise Knowledge Distillation for Dense Prediction" (Shu et al., ICCV 2021):
///
///     L = weight * T^2 / (B C) * sum over images and channels of KL(softmax(t / T) || softmax(s / T))
///
/// where the softmax runs over the positions of a channel's map. At `features`, the student's decoder features first pass
/// a 1x1 convolution without bias to the teacher's width, which is trained with the student; at `logits`, the main logits
/// are compared as they are.
public final class ChannelWiseTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "channel_wise",
    parameters: [
      ParameterSchema("at", .choice(["features", "logits"])),
      ParameterSchema("temperature", .number(.above(0, upTo: 100))),
    ], roles: ["teacher"])

  private let weight: Double
  private let temperature: Double
  /// nil: at logits.
  private let adapter: Conv2d?
  private let store: ParameterStore

  public static let isShared = true
  public let splitting = TermSplitting.meanOverImages

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    temperature = parameters.number("temperature")
    store = ParameterStore(seed: setup.seed)
    adapter =
      parameters.word("at") == "logits"
      ? nil
      : Conv2d(
        store.root[setup.name]["adapter"], inChannels: setup.student.architecture.channels(of: .decoder),
        outChannels: setup.teacher.channels(of: .decoder), kernel: 1, stride: 1, padding: 0, dilation: 1,
        groups: 1, bias: false, initializer: .uniformFanIn)
  }

  public var taps: Set<FeatureTap> { adapter == nil ? [] : [.decoder] }
  public var parameters: [Parameter] { store.parameters }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    guard let adapter else {
      guard let (student, teacher) = try HeadLogits.main.of(input, term: Self.schema.kind) else {
        return .nothing
      }
      return output(student, teacher)
    }
    let (feature, teacher) = try input.features(term: Self.schema.kind)
    let student = input.pass.convert(adapter(feature, input.pass), to: .plain)
    return output(student, teacher.converted(to: .plain))
  }

  private func output(_ student: Variable, _ teacher: Tensor) -> TermOutput {
    let result = ChannelWiseTerm.divergence(
      student.value, teacher, temperature: temperature, weight: weight)
    return TermOutput(value: result.value, gradients: [(student, result.gradient)])
  }

  /// - Parameters: `student`, `teacher`: plain [B, C, h, w] of one shape.
  package static func divergence(
    _ student: Tensor, _ teacher: Tensor, temperature: Double, weight: Double
  ) -> (value: Double, gradient: Tensor) {
    let shape = student.shape
    let share = weight * temperature * temperature / Double(shape[0] * shape[1])
    let result = Relation.rowDivergence(
      student: student, teacher: teacher, count: shape[2] * shape[3], scale: 1 / temperature, gain: share)
    return (share * result.sum, result.gradient)
  }
}
