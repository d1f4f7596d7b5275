import Metrics
import Tensors
import Testing

/// Counts as rows: what ranks send one another of an evaluation.
@Suite struct RowTests {
  @Test func rowsAreTheEvaluation() throws {
    let classes = 4
    func evaluation(_ images: [Int]) throws -> Evaluation {
      var evaluation = Evaluation(classes: classes)
      for image in images {
        var random = RandomSource(seed: UInt64(image), purpose: "rows")
        let (height, width) = (6 + image, 9)
        let scores = Tensor(
          (0..<classes * height * width).map { _ in Float(random.uniform(-3, 3)) },
          shape: [classes, height, width])
        let label = LabelMap(
          height: height, width: width,
          values: (0..<height * width).map { _ in
            let value = random.below(5)
            return image != 1 && value == 4 ? LabelMap.ignore : UInt8(value % 3)
          })
        let boundary = (0..<height * width).map { _ in UInt8(random.below(2)) }
        try evaluation.add(scores: scores, label: label, boundary: image == 2 ? nil : boundary)
      }
      return evaluation
    }
    let whole = try evaluation([0, 1, 2, 3, 4])
    #expect(whole.rows.count == 5 && whole.rows.allSatisfy { $0.count == whole.rowWidth })
    #expect(Evaluation(classes: classes, rows: whole.rows) == whole)
    // Every second image each.
    let shares = try [evaluation([0, 2, 4]), evaluation([1, 3])].map(\.rows)
    #expect(Evaluation(classes: classes, rows: (0..<5).map { shares[$0 % 2][$0 / 2] }) == whole)
    let nothing = Evaluation(classes: classes)
    #expect(nothing.rows.isEmpty && Evaluation(classes: classes, rows: []) == nothing)
  }
}
