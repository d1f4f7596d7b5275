import Datasets
import Experiments
import Foundation
import Images
import Models
import Results
import Tensors
import Training

/// The network of a finished run, to look at what it predicts of the images that the run was evaluated on.
public struct FinishedNetwork {
  public let spec: RunSpec
  /// What was counted after the last iteration, image by image.
  public let evaluation: StoredEvaluation
  private let assembly: Assembly
  private let model: SegmentationModel

  /// nil for a run that is not finished.
  /// - Parameter data: that the run was planned with.
  /// - Throws: `ResultsError` for what cannot be read or was changed, `StateError` when the stored tensors are not
  ///   this network's.
  public init?(_ id: RunID, in store: ResultStore, data: PreparedData) throws {
    guard let stored = try InputRuns.Stored(id, in: store) else { return nil }
    spec = stored.spec
    evaluation = try store.evaluation(id.text)
    assembly = Assembly(spec, data: data)
    model = try stored.model()
  }

  /// Names and RGB colours of the classes.
  public var classes: [(name: String, colour: [UInt8])] {
    let dataset = assembly.validation
    return zip(dataset.classNames, dataset.classColors).map { (name: $0, colour: $1) }
  }

  /// One validation image, and what the network makes of it, at the size of the evaluation; all pictures of one size.
  public struct View {
    public let id: String
    public let image: ImageBuffer
    /// Classes in their colours, ignored pixels in PASCAL VOC's for void.
    public let label: ImageBuffer
    public let prediction: ImageBuffer
    /// The highest probability of a pixel, black at 0 and white at 1.
    public let confidence: ImageBuffer
    /// That label or prediction shows, ascending.
    public let shownClasses: [Int]
  }

  /// Runs the network as the evaluation does: sliding windows, logits averaged where they overlap.
  /// - Parameter image: place among the evaluated images.
  /// - Throws: `DatasetError`.
  public func view(_ image: Int) throws -> View {
    let (sample, prediction, confidence) = try predict(image)
    let shown = Set((sample.label.values + prediction.values).map(Int.init))
    return View(
      id: sample.id, image: sample.image, label: coloured(sample.label), prediction: coloured(prediction),
      confidence: ImageBuffer(
        height: prediction.height, width: prediction.width, pixels: confidence.flatMap { [$0, $0, $0] }),
      shownClasses: shown.subtracting([Int(LabelMap.ignore)]).sorted())
  }

  /// Labelled pixels of all evaluated images, [classes, classes]: label by prediction.
  /// - Throws: `DatasetError`.
  public func confusion() throws -> [[Int64]] {
    let classes = spec.data.classes
    var counts = [[Int64]](repeating: [Int64](repeating: 0, count: classes), count: classes)
    for image in evaluation.imageIDs.indices {
      let (sample, prediction, _) = try predict(image)
      for (truth, guess) in zip(sample.label.values, prediction.values) where truth != LabelMap.ignore {
        counts[Int(truth)][Int(guess)] += 1
      }
    }
    return counts
  }

  /// - Returns: the image, its predicted classes, and the probability of each pixel's as a grey level, [H x W].
  private func predict(
    _ image: Int
  ) throws -> (sample: Sample, prediction: LabelMap, confidence: [UInt8]) {
    let sample = try assembly.validation.load(assembly.validationIndices[image])
    let scores = assembly.evaluator.logits(assembly.evaluationTransform(sample).image, of: model)
    let (height, width) = (sample.image.height, sample.image.width)
    // An image that is smaller than a window stands in the middle of it, see EvaluationTransform.
    let top = (scores.shape[2] - height) / 2
    let left = (scores.shape[3] - width) / 2
    var prediction = LabelMap(height: height, width: width)
    var confidence = [UInt8](repeating: 0, count: height * width)
    for y in 0..<height {
      for x in 0..<width {
        let (best, probability) = FinishedNetwork.decision(scores, y + top, x + left)
        prediction[y, x] = UInt8(best)
        confidence[y * width + x] = UInt8((255 * min(max(probability, 0), 1)).rounded())
      }
    }
    return (sample, prediction, confidence)
  }

  /// Class of the highest score of a pixel, the first of equals, and its probability.
  private static func decision(_ scores: Tensor, _ y: Int, _ x: Int) -> (best: Int, probability: Float) {
    let (classes, height, width) = (scores.shape[1], scores.shape[2], scores.shape[3])
    let pixel = scores.pointer + y * width + x
    let area = height * width
    var best = 0
    for index in 1..<classes where pixel[index * area] > pixel[best * area] { best = index }
    var sum: Float = 0
    for index in 0..<classes { sum += exp(pixel[index * area] - pixel[best * area]) }
    return (best, 1 / sum)
  }

  private func coloured(_ label: LabelMap) -> ImageBuffer {
    ImageBuffer(
      height: label.height, width: label.width, pixels: assembly.validation.colors(of: label.values))
  }
}
