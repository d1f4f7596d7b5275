import Autograd
import Kernels
import Models
import Schemas
import Tensors

/// Pair-wise distillation of "Structured Knowledge Distillation for Semantic Segmentation" (Liu et al., CVPR 2019):
///
///     L = weight * 1 / (B n^2) * sum over images and pairs of nodes (a^s_ij - a^t_ij)^2
///
/// where a_ij is the cosine of the features of two nodes, and a node is the maximum over `window` x `window` pixels of the
/// decoder's features. Student and teacher may differ in width, not in size. The paper takes nodes of half the map;
/// `window: 2` is the public code's, and the one that the numbers of the paper's Table 4 were made with.
///
/// Neither affinity matrix exists, however many pixels there are: with F [n, C] the nodes of an image, the sum is
/// |F_s' F_s|^2 + |F_t' F_t|^2 - 2 |F_t' F_s|^2 (Frobenius norms), and its gradient 4 (F_s F_s' F_s - F_t F_t' F_s).
public final class PairWiseTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "pair_wise", parameters: [ParameterSchema("window", .integer(1...64))], roles: ["teacher"])

  public let taps: Set<FeatureTap> = [.decoder]
  private let weight: Double
  private let pooling: Pooling

  public static let isShared = true
  public let splitting = TermSplitting.meanOverImages

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    let window = parameters.integer("window")
    // Windows at the border are smaller, as with torch's ceil_mode.
    pooling = Pooling(kind: .maximum, kernel: window, stride: window, padding: 0, paddingAfter: window - 1)
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    let (student, teacher) = try input.features(term: Self.schema.kind)
    let pass = input.pass
    let nodes = pass.unitLength(pass.tokens(pass.pool(student, pooling)))
    let pooled = pooling.forward(teacher, training: false).y
    let result = PairWiseTerm.difference(
      nodes.value, UnitRows.forward(Tokens.from(map: pooled)).y, weight: weight)
    return TermOutput(value: result.value, gradients: [(nodes, result.gradient)])
  }

  /// - Parameters: `student`, `teacher`: unit rows, [B, n, C] and [B, n, C'].
  /// - Returns: the loss and its gradient by the student's rows, weight included.
  package static func difference(
    _ student: Tensor, _ teacher: Tensor, weight: Double
  ) -> (value: Double, gradient: Tensor) {
    let (images, nodes) = (student.shape[0], student.shape[1])
    let share = weight / (Double(images) * Double(nodes) * Double(nodes))
    let gradient = Tensor(uninitialized: student.shape)
    var sum = 0.0
    for image in 0..<images {
      let (s, t) = (student.image(image), teacher.image(image))
      let own = MatrixProduct.transposingFirst(s, s)
      let cross = MatrixProduct.transposingFirst(t, s)
      sum +=
        own.squaredSum + MatrixProduct.transposingFirst(t, t).squaredSum - 2 * cross.squaredSum
      let (a, b) = (MatrixProduct.plain(s, own), MatrixProduct.plain(t, cross))
      let factor = Float(4 * share)
      let target = gradient.pointer + image * a.shape.count
      withExtendedLifetime((a, b, gradient)) {
        for index in 0..<a.shape.count { target[index] = factor * (a.pointer[index] - b.pointer[index]) }
      }
    }
    // Three large numbers that cancel when student and teacher agree.
    return (max(share * sum, 0), gradient)
  }
}

extension Tensor {
  /// Of a plain tensor.
  var squaredSum: Double {
    var sum = 0.0
    withExtendedLifetime(self) {
      for index in 0..<shape.count { sum += Double(pointer[index]) * Double(pointer[index]) }
    }
    return sum
  }
}
