import Autograd
import Schemas
import Tensors

/// Second stage of MasKD, "Masked Distillation with Receptive Tokens" (Huang et al., ICLR 2023), on the low-resolution
/// logits of a head:
///
///     L = weight * 0.5 * mean over images, tokens and classes of  sum_q m^2 (z_s - z_t)^2 / (sum_q m + 1e-5)
///
/// with the masks m = sigmoid(E z_t) of the tokens that a first stage has learned on the teacher's main logits (input
/// `tokens`); the auxiliary head has masks of the same tokens on its own logits.
public final class MaskedTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "masked", parameters: [HeadLogits.schema], roles: ["teacher", "tokens"])

  private static let epsilon = 1e-5

  private let head: HeadLogits
  private let weight: Double
  private let tokens: Tensor

  public static let isShared = true
  public let splitting = TermSplitting.meanOverImages

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    head = HeadLogits(parameters)
    weight = setup.weight
    guard let tokens = setup.products["tokens"]?[MaskTokensStep.product] else {
      preconditionFailure("MaskedTerm: the first stage left no tokens")
    }
    self.tokens = tokens
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    guard let (student, teacher) = try head.of(input, term: Self.schema.kind) else { return .nothing }
    let result = loss(student.value, teacher)
    return TermOutput(value: result.value, gradients: [(student, result.gradient)])
  }

  /// - Parameters: `student`, `teacher`: plain logits [B, C, h, w] of one shape.
  package func loss(_ student: Tensor, _ teacher: Tensor) -> (value: Double, gradient: Tensor) {
    let (images, classes, area) = (
      student.shape[0], student.shape[1], student.shape[2] * student.shape[3]
    )
    let masks = ReceptiveMasks.masks(tokens: tokens, logits: teacher)
    let count = tokens.shape[0]
    let share = weight * 0.5 / Double(images * count * classes)
    let gradient = Tensor(uninitialized: student.shape)
    var value = 0.0
    var factors = [Float](repeating: 0, count: area)
    for image in 0..<images {
      // Every class has the same weights: the sum over tokens of m^2 / (sum m + epsilon).
      for pixel in 0..<area { factors[pixel] = 0 }
      for token in 0..<count {
        let mask = masks.pointer + (image * count + token) * area
        var sum = MaskedTerm.epsilon
        for pixel in 0..<area { sum += Double(mask[pixel]) }
        let inverse = Float(1 / sum)
        for pixel in 0..<area { factors[pixel] += mask[pixel] * mask[pixel] * inverse }
      }
      for c in 0..<classes {
        let start = (image * classes + c) * area
        var total = 0.0
        for pixel in 0..<area {
          let difference = student.pointer[start + pixel] - teacher.pointer[start + pixel]
          let weighted = factors[pixel] * difference
          total += Double(weighted) * Double(difference)
          gradient.pointer[start + pixel] = Float(2 * share) * weighted
        }
        value += share * total
      }
    }
    withExtendedLifetime((student, teacher, masks, gradient)) {}
    return (value, gradient)
  }
}
