import Datasets
import Experiments
import Foundation
import Images
import Kernels
import Runner
import Scenes
import Tensors

/// Times one training sample of Cityscapes from its two PNG files: decoding, scaling, mirroring, cropping,
/// normalisation.
public struct LoaderBenchmark: Sendable {
  public let recipe: RecipeSpec
  /// Pixels.
  public let crop: (height: Int, width: Int)
  /// With `leftImg8bit` and `gtFine` in it.
  public let root: String

  public init(recipe: RecipeSpec, crop: (height: Int, width: Int), root: String) {
    self.recipe = recipe
    self.crop = crop
    self.root = root
  }

  /// Draws a few street scenes of the data set's size, 1024 x 2048, unless they are there.
  /// - Parameter count: for training.
  /// - Throws: `DatasetError.writing`.
  public static func drawScenes(_ count: Int = 4, below folder: URL) throws {
    let sizes = EmbeddedData.Sizes(
      streetTrain: count, streetVal: 1, streetHeight: 1024, streetWidth: 2048)
    try EmbeddedSet(.streets, seed: 1, sizes: sizes).make(below: folder.path)
  }

  /// Samples in turn, each with its own draw.
  /// - Throws: `DatasetError`.
  public func run(_ repeats: Repeats) throws -> BenchmarkReport {
    let dataset = try Cityscapes(root: root, split: .train)
    let augmentation = try Assembly.augmentation(recipe, cropHeight: crop.height, cropWidth: crop.width)
    let (times, work) = try repeats.measure { index in
      var random = RandomSource(seed: 0, purpose: "loader benchmark", index)
      let position = index % dataset.count
      let (band, geometry) = try Profiler.measure("decoding") {
        try augmentation.load(position, of: dataset, using: &random)
      }
      Profiler.measure("resampling") { _ = augmentation(band, geometry) }
    }
    return BenchmarkReport(
      "loader",
      settings: [
        ("crop", .string("\(crop.height)x\(crop.width)")), ("images", .int(dataset.count)),
        ("root", .string(root)),
      ], times: times, work: work, demand: demand, threads: repeats.threads)
  }

  /// Of the sample that is written: an interpolation of 8 operations and a normalisation of 2 a number, and its bytes.
  /// Decoding is no floating-point arithmetic, and what it reads depends on the picture.
  private var demand: Roofline.Demand {
    let pixels = crop.height * crop.width
    return Roofline.Demand(
      operations: 30 * Double(pixels), bytes: Double(pixels * (3 * MemoryLayout<Float>.stride + 1)))
  }
}
