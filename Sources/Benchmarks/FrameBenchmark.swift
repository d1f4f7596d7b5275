import Datasets
import Experiments
import JSON
import Kernels
import Metrics
import Models
import Runner
import Tensors
import Training

/// Times the evaluation of one image as a run does it: sliding windows through the network, up-sampling, scores averaged
/// where windows overlap, and the counts of every metric. Reading the image is not part of it.
public struct FrameBenchmark: Sendable {
  public let model: ModelSpec
  public let recipe: RecipeSpec
  public let precision: RecipeSpec.Precision
  public let classes: Int
  /// Of the image, pixels.
  public let size: (height: Int, width: Int)
  /// Of a window, pixels: a run's training crop.
  public let crop: (height: Int, width: Int)

  /// - Parameters:
  ///   - precision: nil: the recipe's.
  ///   - size: at least `crop` in both directions.
  public init(
    model: ModelSpec, recipe: RecipeSpec, precision: RecipeSpec.Precision? = nil, classes: Int,
    size: (height: Int, width: Int), crop: (height: Int, width: Int)
  ) {
    self.model = model
    self.recipe = recipe
    self.precision = precision ?? recipe.precision
    self.classes = classes
    self.size = size
    self.crop = crop
  }

  /// - Throws: `RunnerError.noPrecision`; `MetricsError`.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let numbers = try Assembly.precision(precision, recipe: recipe.name)
    let network = SegmentationModel(
      Assembly.architecture(model), classes: classes, seed: 0, precision: numbers)
    let evaluator = Evaluator(
      classes: classes, cropHeight: crop.height, cropWidth: crop.width,
      strideRatio: recipe.inference.strideRatio, boundaryKernel: recipe.inference.boundaryKernel)
    let image = BenchmarkNoise.tensor([1, 3, size.height, size.width], -2...2)
    let label = LabelMap(
      height: size.height, width: size.width,
      values: BenchmarkNoise.labels(
        count: 1, height: size.height, width: size.width, classes: classes, side: 16
      ).values)
    let (times, work) = try repeats.measure { _ in
      let scores = evaluator.logits(image, of: network)
      try Profiler.measure("counts") {
        var evaluation = Evaluation(classes: classes)
        try evaluation.add(scores: scores, label: label, boundary: evaluator.boundary.boundary(label).values)
      }
    }
    return BenchmarkReport(
      "frame",
      settings: [
        ("model", .string(model.name)), ("parameters", .int(network.parameterCount)),
        ("classes", .int(classes)), ("precision", .string(precision.rawValue)),
        ("size", .string("\(size.height)x\(size.width)")), ("crop", .string("\(crop.height)x\(crop.width)")),
        ("counted", .array((MetricsBenchmark.counted + ["bece"]).map { .string($0) })),
        ("rows", .string(starts(size.height, crop.height))),
        ("columns", .string(starts(size.width, crop.width))),
      ], times: times, work: work,
      demand: work.demand + MetricsBenchmark.demand(pixels: size.height * size.width, classes: classes),
      threads: repeats.threads)
  }

  /// First pixels of the windows along an axis, for a peer: `0,342,512`.
  private func starts(_ extent: Int, _ window: Int) -> String {
    SlidingWindow(extent: extent, window: window, strideRatio: recipe.inference.strideRatio).starts
      .map(String.init).joined(separator: ",")
  }
}
