/// Sums and maxima over the kept pixels of each image and class: all that a Jaccard loss sees of a batch.
/// Every array is [B, C], row-major.
struct JaccardTotals {
  let batch: Int
  let classes: Int
  /// Sum of probabilities.
  var probability: [Double]
  /// Sum of labels.
  var label: [Double]
  /// Sum of |probability - label|.
  var distance: [Double]
  var maxProbability: [Double]
  var maxLabel: [Double]
  /// Maximum of probability + label.
  var maxSum: [Double]

  init(batch: Int, classes: Int) {
    let zeros = [Double](repeating: 0, count: batch * classes)
    self.batch = batch
    self.classes = classes
    probability = zeros
    label = zeros
    distance = zeros
    maxProbability = zeros
    maxLabel = zeros
    maxSum = zeros
  }

  func isActive(_ index: Int, _ mode: ActiveClasses) -> Bool {
    mode.includes(maxProbability: maxProbability[index], maxLabel: maxLabel[index], maxSum: maxSum[index])
  }

  /// The whole batch as one image: what the per-dataset form looks at.
  var summed: JaccardTotals {
    var sum = JaccardTotals(batch: 1, classes: classes)
    for index in 0..<batch * classes {
      let c = index % classes
      sum.probability[c] += probability[index]
      sum.label[c] += label[index]
      sum.distance[c] += distance[index]
      sum.maxProbability[c] = max(sum.maxProbability[c], maxProbability[index])
      sum.maxLabel[c] = max(sum.maxLabel[c], maxLabel[index])
      sum.maxSum[c] = max(sum.maxSum[c], maxSum[index])
    }
    return sum
  }
}

/// A function of the totals, with its derivatives by the sum of probabilities and by the sum of distances,
/// [B, C].
struct JaccardSlopes {
  var value = 0.0
  var byProbability: [Double]
  var byDistance: [Double]

  init(count: Int) {
    byProbability = [Double](repeating: 0, count: count)
    byDistance = byProbability
  }
}
