import Experiments

/// What runs take: from runs that were measured, else by formulas.
///
///     memory  = o + 64 P + 8 T + p k a + p t / 2
///     seconds = 10 + 1.25 n k p (s + r / 3) / threads
///     disk    = 4 P m + 2 MiB,  each checkpoint 4 P (m + u)
///
/// P, T: parameters of the network and of its teacher; p: pixels of a batch; n: iterations; a, t: bytes that a step of the
/// network and of the teacher keeps for a pixel, and s, r its processor-seconds for one, as `jml model measure` found
/// them; o: what the process has beside tensors; k, images for each labelled one: 4 where unlabelled ones are learned from,
/// else 1; m, networks of the result: 2 there, else 1; u, values that the optimizer has for each: 1 for SGD, 2 for AdamW.
/// The 64 bytes are a value, its gradient, its moments, their copy in a checkpoint and the file that is made of it, which HDF5
/// builds in memory: no published run has had more than the formula says.
///
/// A time that was measured with other threads is taken for theirs divided among fewer; more of them are taken to be half as
/// good, and never worse.
public struct ResourceModel: Sendable {
  private struct Kind: Hashable {
    var data: String?
    let model: String
    var method: String?
    var pixels: Int?
  }

  private struct Mean {
    var secondsPerIteration = 0.0
    var threads = 1
    var memoryBytes = 0
    var diskBytes = 0
  }

  private let networks: [String: NetworkCost]
  private var known: [ResourceOrigin: [Kind: Mean]] = [:]

  /// - Parameter networks: by name of the model.
  public init(networks: [String: NetworkCost]) { self.networks = networks }

  /// Adds a finished run.
  /// - Parameters:
  ///   - origin: `measured` or `published`.
  ///   - diskBytes: 0 where nobody looked.
  public mutating func add(
    _ spec: RunSpec, seconds: Double, threads: Int, memoryBytes: Int, diskBytes: Int = 0,
    origin: ResourceOrigin
  ) {
    let perIteration = seconds / Double(max(1, spec.scale.iterations))
    for kind in [ResourceModel.own(spec), ResourceModel.similar(spec)] {
      var mean = known[origin]?[kind] ?? Mean()
      // The longest and the largest: a request that is too small costs more than one that is too large.
      if perIteration * Double(threads) > mean.secondsPerIteration * Double(mean.threads) {
        (mean.secondsPerIteration, mean.threads) = (perIteration, threads)
      }
      mean.memoryBytes = max(mean.memoryBytes, memoryBytes)
      mean.diskBytes = max(mean.diskBytes, diskBytes)
      known[origin, default: [:]][kind] = mean
    }
  }

  /// - Parameters:
  ///   - teacher: the run that it learns from; nil if there is none.
  ///   - threads: that it will have.
  public func estimate(_ spec: RunSpec, teacher: RunSpec?, threads: Int) -> ResourceEstimate {
    precondition(threads > 0, "ResourceModel.estimate: \(threads) threads")
    let network = cost(spec), taught = teacher.map(cost)
    let (seconds, secondsOrigin) = seconds(spec, network, taught, threads: threads)
    let (memory, memoryOrigin) = memory(spec, network, taught)
    let weights = 4 * network.parameters
    let networks = spec.semiSupervised == nil ? 1 : 2
    var moments = 1
    if case .adamw = spec.recipe.optimizer.kind { moments = 2 }
    let stored = known[.measured]?[ResourceModel.own(spec)]?.diskBytes ?? 0
    return ResourceEstimate(
      seconds: seconds, secondsOrigin: secondsOrigin, memoryBytes: memory, memoryOrigin: memoryOrigin,
      diskBytes: stored > 0 ? stored : weights * networks + 2 << 20,
      diskOrigin: stored > 0 ? .measured : .estimated, checkpointBytes: 2 * weights * (networks + moments))
  }

  // MARK: Kinds

  private static func pixels(_ spec: RunSpec) -> Int {
    spec.scale.batch * spec.scale.cropHeight * spec.scale.cropWidth
  }

  private static func own(_ spec: RunSpec) -> Kind {
    Kind(data: spec.data.name, model: spec.model.name, method: spec.method, pixels: pixels(spec))
  }

  private static func similar(_ spec: RunSpec) -> Kind { Kind(model: spec.model.name, pixels: pixels(spec)) }

  /// A network that nobody measured is taken for the most costly one with its backbone, or of all.
  private func cost(_ spec: RunSpec) -> NetworkCost {
    let backbone = spec.model.backbone.rawValue
    var own = networks[spec.model.name] ?? NetworkCost(backbone: backbone, parameters: 0, measured: nil)
    guard own.measured == nil else { return own }
    let measured = networks.sorted { $0.key < $1.key }.map(\.value).filter { $0.measured != nil }
    let alike = measured.filter { $0.backbone == backbone }
    let other = (alike.isEmpty ? measured : alike).max {
      ($0.bytesPerPixel ?? 0, $0.coreSecondsPerPixel ?? 0) < (
        $1.bytesPerPixel ?? 0, $1.coreSecondsPerPixel ?? 0
      )
    }
    own.measured = other?.measured
    own.parameters = max(own.parameters, other?.parameters ?? 0)
    return own
  }

  // MARK: Formulas

  private func memory(
    _ spec: RunSpec, _ network: NetworkCost, _ teacher: NetworkCost?
  ) -> (Int?, ResourceOrigin) {
    for origin in [ResourceOrigin.measured, .published] {
      if let mean = known[origin]?[ResourceModel.own(spec)] { return (mean.memoryBytes, origin) }
    }
    guard let perPixel = network.bytesPerPixel, let overhead = network.overheadBytes else {
      for origin in [ResourceOrigin.measured, .published] {
        if let mean = known[origin]?[ResourceModel.similar(spec)] { return (mean.memoryBytes, .similar) }
      }
      return (nil, .unknown)
    }
    let pixels = Double(ResourceModel.pixels(spec))
    var bytes = overhead + 64 * Double(network.parameters) + perPixel * pixels * ResourceModel.images(spec)
    if let teacher { bytes += 8 * Double(teacher.parameters) + (teacher.bytesPerPixel ?? 0) * pixels / 2 }
    return (Int(bytes), .estimated)
  }

  private func seconds(
    _ spec: RunSpec, _ network: NetworkCost, _ teacher: NetworkCost?, threads: Int
  ) -> (Double?, ResourceOrigin) {
    let iterations = Double(spec.scale.iterations)
    func scaled(_ mean: Mean) -> Double {
      ResourceModel.seconds(mean.secondsPerIteration * iterations, with: mean.threads, on: threads)
    }
    for origin in [ResourceOrigin.measured, .published] {
      if let mean = known[origin]?[ResourceModel.own(spec)] { return (scaled(mean), origin) }
    }
    for origin in [ResourceOrigin.measured, .published] {
      if let mean = known[origin]?[ResourceModel.similar(spec)] { return (scaled(mean), .similar) }
    }
    guard let step = network.coreSecondsPerPixel, let measured = network.measured else {
      return (nil, .unknown)
    }
    let work =
      (step + (teacher?.coreSecondsPerPixel ?? 0) / 3) * Double(ResourceModel.pixels(spec))
      * ResourceModel.images(spec) * iterations
    let own = ResourceModel.seconds(work / Double(measured.threads), with: measured.threads, on: threads)
    return (10 + 1.25 * own, .estimated)
  }

  private static func images(_ spec: RunSpec) -> Double { spec.semiSupervised == nil ? 1 : 4 }

  private static func seconds(_ seconds: Double, with measured: Int, on threads: Int) -> Double {
    let shared = seconds * Double(measured) / Double(threads)
    return threads <= measured ? shared : min(seconds, 2 * shared)
  }
}
