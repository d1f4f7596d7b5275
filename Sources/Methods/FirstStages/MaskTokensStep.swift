import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Schemas
import Tensors
import Training

/// First stage of MasKD (Huang et al., ICLR 2023): tokens E [T, C] that find regions in a teacher's logits z,
///
///     L = CE(sum_t m_t z, y) + diversity_weight * mean over ordered pairs of tokens of 2 <m_a, m_b> / (|m_a|^2 + |m_b|^2)
///
/// with m = sigmoid(E z), logits up-sampled to the labels in CE, pairs of an image averaged over images. E alone learns. The
/// cross entropy has the weight of the run's loss, whose other terms take no part. The public code also adds the cross entropy of the teacher's auxiliary head, which is constant, and leaves the teacher in
/// training mode (batch statistics, dropout); here it is a frozen network in evaluation mode.
public final class MaskTokensStep: FirstStage {
  public static let schema = MethodSchema(
    kind: "mask_tokens",
    parameters: [
      ParameterSchema("tokens", .integer(1...256)),
      ParameterSchema("deviation", .number(.above(0, upTo: 10))),
      ParameterSchema("diversity_weight", .number(.closed(0, 1e6))),
    ], roles: ["teacher"])

  /// What students find the tokens under.
  public static let product = "tokens"

  private let teacher: SegmentationModel
  private let loss: SegmentationLoss
  private let diversityWeight: Double
  private let store: ParameterStore
  private let tokens: Parameter
  private let optimizer: any Optimizer

  public init(_ parameters: Parameters, _ setup: FirstStageSetup) {
    teacher = setup.teacher
    var configuration = setup.loss
    // The sum of masked logits is one map of scores.
    configuration.mainWeight = 1
    configuration.auxiliaryWeight = 0
    configuration.region = nil
    loss = SegmentationLoss(configuration)
    diversityWeight = parameters.number("diversity_weight")
    store = ParameterStore(seed: setup.seed)
    let (count, deviation) = (parameters.integer("tokens"), parameters.number("deviation"))
    let shape: Shape = [count, setup.teacher.classes]
    tokens = store.root.parameter(Self.product, shape, initial: .normal(deviation: deviation))
    optimizer = setup.optimizer.optimizer(of: store.parameters)
  }

  public var networks: [NamedNetwork] { [NamedNetwork("teacher", teacher)] }

  public var parts: [StatePart] {
    products + [StatePart("optimizer.tokens", optimizer)]
  }

  public var products: [StatePart] { [StatePart(Self.product, ParameterState(store.parameters))] }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let logits = teacher(Variable(constant: batch.labelled.images), .evaluation()).main.value
    let computed = try gradient(logits: logits, labels: batch.labelled.labels)
    var gradients = Gradients()
    gradients.add(tokens, computed.gradient)
    return ComputedStep(terms: computed.terms) { [optimizer] in
      optimizer.step(gradients, rate: moment.rate)
    }
  }

  /// - Parameters:
  ///   - logits: the teacher's, plain [B, C, h, w].
  ///   - labels: [B, H, W].
  /// - Returns: the terms, and dL / dE.
  package func gradient(
    logits: Tensor, labels: LabelBatch
  ) throws -> (terms: [LossTerm], gradient: Tensor) {
    let (images, classes) = (logits.shape[0], logits.shape[1])
    let area = logits.shape[2] * logits.shape[3]
    let count = tokens.shape[0]
    let masks = ReceptiveMasks.masks(tokens: tokens.value, logits: logits)
    let scores = Tensor(uninitialized: logits.shape)
    for image in 0..<images {
      for pixel in 0..<area {
        let total = (0..<count).reduce(Float(0)) { $0 + masks.pointer[(image * count + $1) * area + pixel] }
        for c in 0..<classes {
          let place = (image * classes + c) * area + pixel
          scores.pointer[place] = total * logits.pointer[place]
        }
      }
    }
    let result = try loss(main: scores, auxiliary: nil, labels: labels, teacher: nil)
    let slopes = Tensor(repeating: 0, shape: masks.shape)
    for image in 0..<images {
      for pixel in 0..<area {
        var slope: Float = 0
        for c in 0..<classes {
          let place = (image * classes + c) * area + pixel
          slope += result.mainGradient.pointer[place] * logits.pointer[place]
        }
        for t in 0..<count { slopes.pointer[(image * count + t) * area + pixel] = slope }
      }
    }
    let diversity = addDiversity(masks, to: slopes)
    // Through the sigmoid to the products E z, and to E.
    for index in 0..<slopes.shape.count {
      slopes.pointer[index] *= masks.pointer[index] * (1 - masks.pointer[index])
    }
    let maps = Tensor(reshaping: logits, to: [images, classes, area])
    let gradient = Tensor(repeating: 0, shape: tokens.shape)
    for image in 0..<images {
      let share = MatrixProduct.transposingSecond(slopes.image(image), maps.image(image))
      withExtendedLifetime(share) {
        for index in 0..<share.shape.count { gradient.pointer[index] += share.pointer[index] }
      }
    }
    withExtendedLifetime((masks, scores, slopes, gradient, logits, result.mainGradient)) {}
    return (
      [LossTerm("cross_entropy", result.crossEntropy), LossTerm("diversity", diversity)], gradient
    )
  }

  /// Adds the gradient of the second term by the masks; returns its value.
  private func addDiversity(_ masks: Tensor, to slopes: Tensor) -> Double {
    let (images, count, area) = (masks.shape[0], masks.shape[1], masks.shape[2])
    guard count > 1 else { return 0 }
    let share = diversityWeight / Double(images * count * (count - 1))
    var value = 0.0
    for image in 0..<images {
      let own = masks.image(image)
      let products = MatrixProduct.transposingSecond(own, own)
      let square = { (t: Int) in Double(products.pointer[t * count + t]) }
      for a in 0..<count {
        for b in 0..<count where b != a {
          let (product, sum) = (Double(products.pointer[a * count + b]), square(a) + square(b))
          value += share * 2 * product / sum
          // The pair comes in both orders.
          let (other, same) = (Float(4 * share / sum), Float(8 * share * product / (sum * sum)))
          let target = slopes.pointer + (image * count + a) * area
          for pixel in 0..<area {
            target[pixel] += other * own.pointer[b * area + pixel] - same * own.pointer[a * area + pixel]
          }
        }
      }
      withExtendedLifetime((own, products)) {}
    }
    return value
  }
}
