import CKernels
import Tensors

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
  /// Whether the class is the label's greatest at some pixel.
  var isPresent: [Bool]
  /// Sum of probability * label. This and the next two are not collected by the fused head.
  var product: [Double]
  /// Sum of squared probabilities.
  var square: [Double]
  /// Sum of squared labels.
  var labelSquare: [Double]

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
    isPresent = [Bool](repeating: false, count: batch * classes)
    product = zeros
    square = zeros
    labelSquare = zeros
  }

  /// - probabilities: [B, C, H, W], plain, of the target's shape.
  init(_ probabilities: Tensor, _ target: SoftLabels) {
    let shape = probabilities.shape
    let (batch, classes, pixels) = (shape[0], shape[1], shape[2] * shape[3])
    let width = Int(jml_plain_total_count.rawValue)
    var raw = [Double](repeating: 0, count: batch * classes * width)
    var present = [UInt8](repeating: 0, count: batch * classes)
    jml_plain_totals(
      probabilities.pointer, target.values.pointer, target.keep.values, batch, classes, pixels, &raw)
    jml_plain_present(target.values.pointer, target.keep.values, batch, classes, pixels, &present)
    withExtendedLifetime((probabilities, target.values)) {}
    func column(_ field: jml_plain_total) -> [Double] {
      stride(from: Int(field.rawValue), to: raw.count, by: width).map { raw[$0] }
    }
    self.init(batch: batch, classes: classes)
    probability = column(jml_plain_probability)
    label = column(jml_plain_target)
    distance = column(jml_plain_distance)
    maxProbability = column(jml_plain_max_probability)
    maxLabel = column(jml_plain_max_target)
    maxSum = column(jml_plain_max_sum)
    product = column(jml_plain_product)
    square = column(jml_plain_square)
    labelSquare = column(jml_plain_target_square)
    isPresent = present.map { $0 != 0 }
  }

  func isActive(_ index: Int, _ mode: ActiveClasses) -> Bool {
    mode.includes(
      isPresent: isPresent[index], maxProbability: maxProbability[index], maxLabel: maxLabel[index],
      maxSum: maxSum[index])
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
      sum.isPresent[c] = sum.isPresent[c] || isPresent[index]
      sum.product[c] += product[index]
      sum.square[c] += square[index]
      sum.labelSquare[c] += labelSquare[index]
    }
    return sum
  }
}

/// A function of the totals, with its derivatives by the sums of probabilities, distances, products with the
/// label and squared probabilities, [B, C].
struct JaccardSlopes {
  var value = 0.0
  var byProbability: [Double]
  var byDistance: [Double]
  var byProduct: [Double]
  var bySquare: [Double]

  init(count: Int) {
    byProbability = [Double](repeating: 0, count: count)
    byDistance = byProbability
    byProduct = byProbability
    bySquare = byProbability
  }

  /// Adds `weight` times one class's term.
  mutating func add(_ term: JaccardTerm, weight: Double, at index: Int) {
    byProbability[index] += weight * term.byProbability
    byDistance[index] += weight * term.byDistance
    byProduct[index] += weight * term.byProduct
    bySquare[index] += weight * term.bySquare
  }
}

/// One class's loss and its derivatives by its sums.
struct JaccardTerm {
  var value = 0.0
  var byProbability = 0.0
  var byDistance = 0.0
  var byProduct = 0.0
  var bySquare = 0.0
}
