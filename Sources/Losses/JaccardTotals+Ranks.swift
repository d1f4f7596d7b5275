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
    let columns: [[Double]] = [
      probability, label, distance, maxProbability, maxLabel, maxSum, isPresent.map { $0 ? 1 : 0 }, product,
      square, labelSquare,
    ]
    var numbers: [Double] = []
    numbers.reserveCapacity(batch * classes * JaccardTotals.width)
    for index in 0..<batch * classes {
      for column in columns { numbers.append(column[index]) }
    }
    return numbers
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
