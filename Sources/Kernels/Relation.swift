import CKernels
import Tensors

/// Kullback-Leibler divergences between softmax distributions of a teacher and of a student, with their gradients by the
/// student's side. Where the distributions are over similarities of pixels, no matrix of all of them exists.
public enum Relation {
  /// Sum over rows of KL(softmax(scale * t) || softmax(scale * s)).
  ///
  /// - Parameters:
  ///   - student, teacher: plain, of one shape; rows are along the last axis of length `count`.
  ///   - gain: factor on the gradient, besides `scale`.
  /// - Returns: the sum without `gain`, and gain * scale * (softmax(scale * s) - softmax(scale * t)).
  public static func rowDivergence(
    student: Tensor, teacher: Tensor, count: Int, scale: Double, gain: Double
  ) -> (sum: Double, gradient: Tensor) {
    precondition(
      student.shape == teacher.shape && student.layout == .plain && teacher.layout == .plain
        && student.shape.count % count == 0,
      "rowDivergence: rows of \(count) in \(student.shape) and \(teacher.shape)")
    let gradient = Tensor(uninitialized: student.shape)
    let sum = Profiler.measure("row divergence") {
      jml_row_divergence(
        student.shape.count / count, count, Float(scale), Float(gain * scale), student.pointer,
        teacher.pointer,
        gradient.pointer)
    }
    return (sum, gradient)
  }

  /// Sum over anchors of KL(teacher || student) of the softmax over keys of <anchor, key> * scale. Keys are constant.
  ///
  /// - Parameters:
  ///   - anchors, keys: the student's, [n, d] and [m, d].
  ///   - teacherAnchors, teacherKeys: [n, d'] and [m, d'].
  ///   - gain: factor on the gradient.
  /// - Returns: the sum without `gain`, and d (gain * sum) / d anchors.
  public static func divergence(
    anchors: Tensor, keys: Tensor, teacherAnchors: Tensor, teacherKeys: Tensor, scale: Double, gain: Double
  ) -> (sum: Double, gradient: Tensor) {
    precondition(
      anchors.shape[1] == keys.shape[1] && teacherAnchors.shape[1] == teacherKeys.shape[1]
        && anchors.shape[0] == teacherAnchors.shape[0] && keys.shape[0] == teacherKeys.shape[0],
      "Relation: anchors \(anchors.shape), \(teacherAnchors.shape) and keys \(keys.shape), \(teacherKeys.shape)"
    )
    var relation = jml_relation(
      anchors: anchors.shape[0], keys: keys.shape[0], student_width: anchors.shape[1],
      teacher_width: teacherAnchors.shape[1], scale: Float(scale), gain: Float(gain))
    let gradient = Tensor(uninitialized: anchors.shape)
    let sum = Profiler.measure("relation") {
      jml_relation_divergence(
        &relation, anchors.pointer, keys.pointer, teacherAnchors.pointer, teacherKeys.pointer,
        gradient.pointer)
    }
    return (sum, gradient)
  }

  /// The same for every ordered pair of images (an image with itself as well), the pixels of the first as anchors and
  /// those of the second as keys. The gradient flows through both.
  ///
  /// - Parameters: `student`, `teacher`: [B, N, d] and [B, N, d'].
  /// - Returns: the sum over pairs and anchors without `gain`, and d (gain * sum) / d student.
  public static func mutualDivergence(
    student: Tensor, teacher: Tensor, scale: Double, gain: Double
  ) -> (sum: Double, gradient: Tensor) {
    precondition(
      student.shape.rank == 3 && teacher.shape.rank == 3 && student.shape[0] == teacher.shape[0]
        && student.shape[1] == teacher.shape[1],
      "mutualDivergence: pixels \(student.shape) of the student, \(teacher.shape) of the teacher")
    var relation = jml_mutual_relation(
      images: student.shape[0], pixels: student.shape[1], student_width: student.shape[2],
      teacher_width: teacher.shape[2], scale: Float(scale), gain: Float(gain))
    let gradient = Tensor(uninitialized: student.shape)
    let sum = Profiler.measure("relation") {
      jml_mutual_relation_divergence(&relation, student.pointer, teacher.pointer, gradient.pointer)
    }
    return (sum, gradient)
  }
}

/// Rows of length 1.
public enum UnitRows {
  /// Shorter rows are divided by this, and have no gradient.
  public static let epsilon: Float = 1e-12

  /// x / |x| along the last axis.
  /// - Returns: y, and |x| of each row.
  public static func forward(_ x: Tensor) -> (y: Tensor, norms: Tensor) {
    let (rows, channels) = size(x)
    let y = Tensor(uninitialized: x.shape)
    let norms = Tensor(uninitialized: [rows])
    Profiler.measure("unit rows") {
      jml_unit_rows_forward(rows, channels, epsilon, x.pointer, norms.pointer, y.pointer)
    }
    return (y, norms)
  }

  public static func backward(_ gradient: Tensor, output: Tensor, norms: Tensor) -> Tensor {
    let (rows, channels) = size(output)
    let dx = Tensor(uninitialized: output.shape)
    Profiler.measure("unit rows") {
      jml_unit_rows_backward(
        rows, channels, epsilon, output.pointer, norms.pointer, gradient.pointer, dx.pointer)
    }
    return dx
  }

  private static func size(_ x: Tensor) -> (rows: Int, channels: Int) {
    precondition(
      x.layout == .plain && x.shape.rank > 1, "UnitRows: \(x.shape) (\(x.layout)) is not [..., channels]")
    let channels = x.shape[x.shape.rank - 1]
    return (x.shape.count / channels, channels)
  }
}
