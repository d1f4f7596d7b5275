import Autograd
import Kernels
import Schemas
import Tensors

/// DIST, "Knowledge Distillation from a Stronger Teacher" (Huang et al., NeurIPS 2022), on probabilities P = softmax(z)
/// of the low-resolution logits of a head:
///
///     L = weight * (inter_weight * (1 - mean over pixels of r(P_s[q, :], P_t[q, :]))
///                   + intra_weight * (1 - mean over classes of r(P_s[:, c], P_t[:, c])))
///
/// with r Pearson's correlation; pixels are all of the batch, ignored ones too.
public final class CorrelationTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "correlation",
    parameters: [
      HeadLogits.schema, ParameterSchema("inter_weight", .number(.closed(0, 1e6))),
      ParameterSchema("intra_weight", .number(.closed(0, 1e6))),
    ], roles: ["teacher"])

  /// In the denominator of a correlation.
  private static let epsilon = 1e-8

  private let head: HeadLogits
  private let inter: Double
  private let intra: Double

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    head = HeadLogits(parameters)
    inter = setup.weight * parameters.number("inter_weight")
    intra = setup.weight * parameters.number("intra_weight")
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    guard let (student, teacher) = try head.of(input, term: Self.schema.kind) else { return .nothing }
    let result = CorrelationTerm.loss(student.value, teacher, inter: inter, intra: intra)
    return TermOutput(value: result.value, gradients: [(student, result.gradient)])
  }

  /// - Parameters: `student`, `teacher`: plain logits [B, C, h, w] of one shape.
  package static func loss(
    _ student: Tensor, _ teacher: Tensor, inter: Double, intra: Double
  ) -> (value: Double, gradient: Tensor) {
    let shape = student.shape
    let (images, classes, area) = (shape[0], shape[1], shape[2] * shape[3])
    let (p, t) = (Elementwise.softmax(student), Elementwise.softmax(teacher))
    let gradient = Tensor(repeating: 0, shape: shape)
    let pixels = Double(images * area)
    var value = inter + intra
    withExtendedLifetime((p, t, gradient)) {
      for image in 0..<images {
        for pixel in 0..<area {
          let start = image * classes * area + pixel
          value -= correlate(
            Line(start: start, stride: area, count: classes), p, t, share: inter / pixels, gradient)
        }
      }
      for c in 0..<classes {
        let line = Line(
          start: c * area, stride: 1, count: area, repeats: images, repeatStride: classes * area)
        value -= correlate(line, p, t, share: intra / Double(classes), gradient)
      }
    }
    return (value, Elementwise.softmaxBackward(gradient, output: p))
  }

  /// Places of a plain tensor that make one variable.
  private struct Line {
    let start: Int
    let stride: Int
    let count: Int
    var repeats = 1
    var repeatStride = 0

    @inline(__always) func forEach(_ body: (Int) -> Void) {
      for outer in 0..<repeats {
        var place = start + outer * repeatStride
        for _ in 0..<count {
          body(place)
          place += stride
        }
      }
    }
  }

  /// Adds share * d(-r) / d student to `gradient`; returns share * r.
  private static func correlate(
    _ line: Line, _ student: Tensor, _ teacher: Tensor, share: Double, _ gradient: Tensor
  ) -> Double {
    guard share > 0 else { return 0 }
    let (x, y, g) = (student.pointer, teacher.pointer, gradient.pointer)
    let total = Double(line.count * line.repeats)
    var (meanX, meanY) = (0.0, 0.0)
    line.forEach {
      meanX += Double(x[$0])
      meanY += Double(y[$0])
    }
    meanX /= total
    meanY /= total
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    line.forEach {
      let (a, b) = (Double(x[$0]) - meanX, Double(y[$0]) - meanY)
      xx += a * a
      yy += b * b
      xy += a * b
    }
    let (lengthX, lengthY) = (xx.squareRoot(), yy.squareRoot())
    let denominator = lengthX * lengthY + epsilon
    let correlation = xy / denominator
    // d r / d a = b / denominator - r |b| / (denominator |a|) a; deviations have no mean, so neither has this.
    let forTeacher = share / denominator
    let forStudent = lengthX > 0 ? share * correlation * lengthY / (denominator * lengthX) : 0
    line.forEach {
      g[$0] -= Float(forTeacher * (Double(y[$0]) - meanY) - forStudent * (Double(x[$0]) - meanX))
    }
    return share * correlation
  }
}
