import Autograd
import Experiments
import Foundation
import Kernels
import Models
import Results
import Runner
import Tensors

/// Measures one network on this machine: an evaluation pass over one image, and the memory of a training step. To be run
/// in a process of its own, whose peak memory is then the network's.
public struct ModelMeasurement: Codable, Equatable, Sendable {
  public var model: String
  public var latencyMilliseconds: Double
  public var latencies: [Double]
  public var height: Int
  public var width: Int
  public var trainingTensorBytes: Int
  public var trainingPeakBytes: Int
  public var trainingSecondsPerStep: Double
  public var trainingBatch: Int
  public var trainingHeight: Int
  public var trainingWidth: Int
  public var threads: Int
  public var cpu: String
  public var versions: [String: String]

  /// - Parameters:
  ///   - recipe, loss, label: what the training step does besides the network.
  ///   - passes: timed evaluation passes, after one that is not.
  /// - Throws: `TrainingError.diverged`.
  public init(
    model: ModelSpec, costs: CostSpec, recipe: RecipeSpec, loss: LossSpec, label: LabelSpec,
    threads: Int,
    passes: Int
  ) throws {
    KernelRuntime.threads = threads
    let latencies = ModelMeasurement.latencies(
      SegmentationModel(Assembly.architecture(model), classes: costs.classes, seed: 0), costs, passes: passes)
    MemoryPool.trim()
    MemoryPool.resetPeak()
    let size = costs.training
    let result = try StepBenchmark(
      model: model, loss: loss, label: label, teaching: nil, recipe: recipe, batch: size.batch,
      cropHeight: size.height, cropWidth: size.width, classes: costs.classes
    ).run(Repeats(warmUp: 1, count: 1, threads: threads))
    self.model = model.name
    self.latencies = latencies
    latencyMilliseconds = latencies.sorted()[latencies.count / 2]
    height = costs.height
    width = costs.width
    trainingTensorBytes = result.peakTensorBytes
    trainingPeakBytes = result.peakMemoryBytes
    trainingSecondsPerStep = result.times.median
    trainingBatch = size.batch
    trainingHeight = size.height
    trainingWidth = size.width
    self.threads = threads
    cpu = Machine.cpu
    versions = Machine.versions
  }

  /// Milliseconds, up-sampling of both logits included.
  private static func latencies(
    _ model: SegmentationModel, _ costs: CostSpec, passes: Int
  ) -> [Double] {
    var random = RandomSource(seed: 0, purpose: "latency")
    let image = Tensor(
      (0..<3 * costs.height * costs.width).map { _ in Float(random.uniform(-2, 2)) },
      shape: [1, 3, costs.height, costs.width])
    var times: [Double] = []
    for pass in 0...passes {
      let start = ContinuousClock.now
      let logits = model(Variable(constant: image), .evaluation())
      for output in [logits.main, logits.auxiliary].compactMap({ $0 }) {
        _ = Resize.forward(output.value, height: costs.height, width: costs.width)
      }
      let elapsed = start.duration(to: .now).components
      if pass > 0 { times.append(Double(elapsed.seconds) * 1e3 + Double(elapsed.attoseconds) * 1e-15) }
    }
    return times
  }

  /// Pretty JSON with sorted keys.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// The measurement in a file; nil when there is none.
  public init?(reading url: URL) throws {
    guard let data = try? Data(contentsOf: url) else { return nil }
    do {
      self = try JSONDecoder().decode(ModelMeasurement.self, from: data)
    } catch {
      throw ResultsError.unreadableJSON(path: url.path, reason: "\(error)")
    }
  }
}
