import Ranks

extension JaccardTotals {
  /// The totals of every image of a batch that ranks share: these, where there are none.
  func ofWholeBatch(_ ranks: RankGroup?) -> JaccardTotals {
    guard let ranks else { return self }
    ranks.check(images: batch, "JaccardTotals")
    let all = ranks.gatherSamples(numbers, each: classes * JaccardTotals.width)
    return JaccardTotals(numbers: all, classes: classes)
  }

  /// Numbers of one class of one image.
  private static let width = 10

  /// Image by image, class by class.
  private var numbers: [Double] {
    (0..<batch * classes).flatMap {
      [
        probability[$0], label[$0], distance[$0], maxProbability[$0], maxLabel[$0], maxSum[$0],
        isPresent[$0] ? 1 : 0, product[$0], square[$0], labelSquare[$0],
      ]
    }
  }

  private init(numbers: [Double], classes: Int) {
    let width = JaccardTotals.width
    self.init(batch: numbers.count / (classes * width), classes: classes)
    func column(_ field: Int) -> [Double] {
      stride(from: field, to: numbers.count, by: width).map { numbers[$0] }
    }
    probability = column(0)
    label = column(1)
    distance = column(2)
    maxProbability = column(3)
    maxLabel = column(4)
    maxSum = column(5)
    isPresent = column(6).map { $0 != 0 }
    product = column(7)
    square = column(8)
    labelSquare = column(9)
  }
}
