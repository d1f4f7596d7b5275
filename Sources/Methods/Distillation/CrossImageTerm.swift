import Autograd
import Kernels
import Models
import Schemas
import Tensors

/// Mini-batch pixel-to-pixel distillation of "Cross-Image Relational Knowledge Distillation" (CIRKD, Yang et al., CVPR
/// 2022). With f the decoder's features at unit length and S_ij = f_i f_j' / temperature the similarities between the
/// pixels of two images:
///
///     L = weight / B^2 * sum over ordered pairs (i, j) of mean over rows of KL(softmax(S^t_ij) || softmax(S^s_ij))
///
/// over all pairs of the batch, an image with itself too. The public code takes the pairs of one GPU's two images. No
/// projection; student and teacher may differ in width.
public final class CrossImageTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "cross_image", parameters: [ParameterSchema("temperature", .number(.above(0, upTo: 100)))],
    roles: ["teacher"])

  public let taps: Set<FeatureTap> = [.decoder]
  private let weight: Double
  private let temperature: Double

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    temperature = parameters.number("temperature")
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    let (student, teacher) = try input.features(term: Self.schema.kind)
    let pixels = input.pass.unitLength(input.pass.tokens(student))
    let result = loss(pixels.value, UnitRows.forward(Tokens.from(map: teacher)).y)
    return TermOutput(value: result.value, gradients: [(pixels, result.gradient)])
  }

  /// - Parameters: `student`, `teacher`: unit rows, [B, N, C] and [B, N, C'].
  package func loss(_ student: Tensor, _ teacher: Tensor) -> (value: Double, gradient: Tensor) {
    let (images, pixels) = (student.shape[0], student.shape[1])
    let share = weight / Double(images * images * pixels)
    let result = Relation.mutualDivergence(
      student: student, teacher: teacher, scale: 1 / temperature, gain: share)
    return (share * result.sum, result.gradient)
  }
}
