import Tensors

/// How far a student and its teacher agree on each image of a batch, and how sure they are (Zhao et al.,
/// "Instance-specific and Model-adaptive Supervision", CVPR 2023): the paper's hardness, which is greater for
/// an image that is easier.
///
///     g_i = (rho_t wIoU(l_s, reference l_t) + rho_s wIoU(l_t, reference l_s)) / 2
///
/// with the labels l of the student s and the teacher t, and rho the share of an image's pixels with
/// confidence >= threshold.
package struct IMASHardness: Sendable {
  /// One an image, 0 ... 1.
  package let values: [Double]

  /// - Parameter threshold: the least confidence that counts as sure.
  package init(student: Predictions, teacher: Predictions, threshold: Float) {
    precondition(
      [student.count, student.height, student.width, student.classes]
        == [teacher.count, teacher.height, teacher.width, teacher.classes],
      "IMASHardness: a student's \(student.count)x\(student.height)x\(student.width) and a teacher's "
        + "\(teacher.count)x\(teacher.height)x\(teacher.width) differ")
    let (pixels, classes) = (student.height * student.width, student.classes)
    values = (0..<student.count).map { image in
      let range = image * pixels..<(image + 1) * pixels
      func sure(_ said: Predictions) -> Double {
        Double(said.confidence[range].count { $0 >= threshold }) / Double(pixels)
      }
      let (mine, theirs) = (student.labels[range], teacher.labels[range])
      return 0.5
        * (sure(teacher) * IMASHardness.weightedIoU(mine, reference: theirs, classes: classes)
          + sure(student) * IMASHardness.weightedIoU(theirs, reference: mine, classes: classes))
    }
  }

  package init(values: [Double]) { self.values = values }

  package var mean: Double { values.reduce(0, +) / Double(values.count) }

  /// Of each image, the one of the opposite rank: the hardest of the easiest, and so on; equals are ranked by index.
  package var partners: [Int] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var partners = order
    for (rank, image) in order.enumerated() { partners[image] = order[order.count - 1 - rank] }
    return partners
  }

  /// The IoU of each class weighted by how often the class is in `reference`, class 0 (background) left out;
  /// 0 for a reference that is all background.
  ///
  /// - Parameter labels: of as many pixels as `reference`, all below `classes`.
  package static func weightedIoU(
    _ labels: ArraySlice<UInt8>, reference: ArraySlice<UInt8>, classes: Int
  ) -> Double {
    precondition(
      labels.count == reference.count, "weightedIoU: \(labels.count) pixels against \(reference.count)")
    var (found, wanted, both) = (
      [Int](repeating: 0, count: classes), [Int](repeating: 0, count: classes),
      [Int](repeating: 0, count: classes)
    )
    for (label, other) in zip(labels, reference) {
      found[Int(label)] += 1
      wanted[Int(other)] += 1
      if label == other { both[Int(label)] += 1 }
    }
    let foreground = wanted.dropFirst().reduce(0, +)
    guard foreground > 0 else { return 0 }
    var sum = 0.0
    for c in 1..<classes where wanted[c] > 0 {
      let union = found[c] + wanted[c] - both[c]
      sum += Double(wanted[c]) / Double(foreground) * Double(both[c]) / Double(union)
    }
    return sum
  }
}
