import Autograd
import Kernels
import Layers
import Models
import Schemas
import Tensors
import Training

/// Memory-based distillation of CIRKD (Yang et al., CVPR 2022): each labelled pixel of the student and of the teacher is
/// compared with the same pixels and regions of this and earlier batches, which queues of every class remember:
///
///     L = weight * (MP + MR),    MP = mean over pixels of KL(softmax(f_t Q' / temperature) || softmax(h(f_s) Q' / temperature))
///
/// where Q are vectors of the pixel queue (MP) or of the region queue (MR), the same slots of every class, drawn anew in
/// each iteration; the softmax runs over all of them, whatever their class. f_t is the teacher's decoder feature at unit
/// length, h the student's projection head, which is trained with it: 1x1 convolution to the teacher's width, batch
/// norm, ReLU, 1x1 convolution, unit length.
///
/// Before it is compared, a batch enters the queues: of every image and class the mean of the teacher's unit features,
/// at unit length, as one region, and up to `pixels_per_class` of its pixels. With `pixels: class` these are pixels of the
/// class, as the paper says. `pixels: published` is the public code, which permutes the numbers of the class's pixels and
/// takes them for places in the image, so that pixels of other classes enter.
public final class MemoryTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "memory",
    parameters: [
      ParameterSchema("temperature", .number(.above(0, upTo: 100))),
      ParameterSchema("pixel_capacity", .integer(1...1_000_000)),
      ParameterSchema("region_capacity", .integer(1...1_000_000)),
      ParameterSchema("contrast_pixels", .integer(1...1_000_000)),
      ParameterSchema("contrast_regions", .integer(1...1_000_000)),
      ParameterSchema("pixels_per_class", .integer(1...10_000)),
      ParameterSchema("pixels", .choice(["class", "published"])),
    ], roles: ["teacher"])

  public let taps: Set<FeatureTap> = [.decoder]
  private let weight: Double
  private let scale: Double
  private let classes: Int
  private let ignoreIndex: UInt8
  private let pixelsPerClass: Int
  private let isPublished: Bool
  private let seed: UInt64
  private let store: ParameterStore
  private let first: Conv2d
  private let norm: BatchNorm2d
  private let second: Conv2d
  package let pixels: FeatureQueue
  package let regions: FeatureQueue
  /// Slots a class.
  private let pixelSlots: Int
  private let regionSlots: Int

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    scale = 1 / parameters.number("temperature")
    classes = setup.loss.classes
    ignoreIndex = setup.ignoreIndex
    pixelsPerClass = parameters.integer("pixels_per_class")
    isPublished = parameters.word("pixels") == "published"
    seed = setup.seed
    let width = setup.teacher.channels(of: .decoder)
    store = ParameterStore(seed: setup.seed)
    let root = store.root[setup.name]["projection"]
    func convolution(_ name: String, _ inputs: Int) -> Conv2d {
      Conv2d(
        root[name], inChannels: inputs, outChannels: width, kernel: 1, stride: 1, padding: 0, dilation: 1,
        groups: 1, bias: false, initializer: .uniformFanIn)
    }
    first = convolution("0", setup.student.architecture.channels(of: .decoder))
    norm = BatchNorm2d(root["1"], channels: width, momentum: 0.1, epsilon: 1e-5, activation: .relu)
    second = convolution("2", width)
    func queue(_ name: String) -> FeatureQueue {
      FeatureQueue(
        classes: setup.loss.classes, capacity: parameters.integer("\(name)_capacity"), width: width,
        seed: setup.seed, purpose: "noise in the \(name) queue")
    }
    pixels = queue("pixel")
    regions = queue("region")
    // The public code's share of a class.
    func slots(_ name: String, of queue: FeatureQueue) -> Int {
      min(parameters.integer(name) / setup.loss.classes + 1, queue.capacity)
    }
    pixelSlots = slots("contrast_pixels", of: pixels)
    regionSlots = slots("contrast_regions", of: regions)
  }

  public var parameters: [Parameter] { store.parameters }

  public var parts: [StatePart] {
    [
      StatePart("pixels", pixels), StatePart("regions", regions),
      StatePart("statistics", BufferState(store.buffers)),
    ]
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    let (feature, teacher) = try input.features(term: Self.schema.kind)
    let labels = input.labels.nearest(height: feature.shape[2], width: feature.shape[3])
    let taught = UnitRows.forward(Tokens.from(map: teacher)).y
    let new = entries(taught, labels, iteration: input.moment.iteration)
    let pass = input.pass
    let projected = pass.unitLength(
      pass.tokens(second(norm(first(feature, pass), pass), pass)))
    let anchors = labels.indices.filter { labels[$0] != ignoreIndex }
    let apply = { [pixels, regions] in
      pixels.add(new.pixels)
      regions.add(new.regions)
    }
    guard !anchors.isEmpty else { return TermOutput(value: 0, gradients: [], apply: apply) }
    let share = weight / Double(anchors.count)
    var value = 0.0
    let gradient = Tensor(repeating: 0, shape: projected.shape)
    for (queue, batch, slots, name) in [
      (pixels, new.pixels, pixelSlots, "pixel"), (regions, new.regions, regionSlots, "region"),
    ] {
      var random = RandomSource(
        seed: seed, purpose: "contrast slots of the \(name) queue", input.moment.iteration)
      let keys = queue.gather(Array(random.permutation(queue.capacity).prefix(slots)), after: batch)
      let result = MemoryTerm.contrast(
        projected.value, taught, anchors: anchors, keys: keys, scale: scale, gain: share)
      value += share * result.sum
      gradient.add(result.gradient, toRows: anchors)
    }
    return TermOutput(value: value, gradients: [(projected, gradient)], apply: apply)
  }

  /// Sum over `anchors` of the divergence of their similarities to `keys`, and its gradient times `gain`.
  ///
  /// - Parameters:
  ///   - projected, taught: unit rows, [B, N, C].
  ///   - anchors: numbers of rows.
  ///   - keys: [m, C].
  package static func contrast(
    _ projected: Tensor, _ taught: Tensor, anchors: [Int], keys: Tensor, scale: Double, gain: Double
  ) -> (sum: Double, gradient: Tensor) {
    Relation.divergence(
      anchors: projected.rows(anchors), keys: keys, teacherAnchors: taught.rows(anchors), teacherKeys: keys,
      scale: scale, gain: gain)
  }

  /// What a batch puts into the queues.
  ///
  /// - Parameters:
  ///   - taught: the teacher's unit features, [B, N, C].
  ///   - labels: [B, N].
  package func entries(
    _ taught: Tensor, _ labels: [UInt8], iteration: Int
  ) -> (pixels: FeatureQueue.Batch, regions: FeatureQueue.Batch) {
    let (images, count, width) = (taught.shape[0], taught.shape[1], taught.shape[2])
    var (pixelBatch, regionBatch) = (FeatureQueue.Batch(), FeatureQueue.Batch())
    for image in 0..<images {
      func vector(_ pixel: Int) -> [Float] {
        Array(UnsafeBufferPointer(start: taught.pointer + (image * count + pixel) * width, count: width))
      }
      for label in 0..<classes {
        let own = (0..<count).filter { labels[image * count + $0] == UInt8(label) }
        guard !own.isEmpty else { continue }
        var mean = [Float](repeating: 0, count: width)
        for pixel in own {
          let source = taught.pointer + (image * count + pixel) * width
          for c in 0..<width { mean[c] += source[c] }
        }
        // The sum has the mean's direction.
        if let centre = FeatureQueue.unitLength(mean) { regionBatch.append(centre, class: label) }
        var random = RandomSource(
          seed: seed, purpose: "pixels for the queue", iteration, image * classes + label)
        let order = random.permutation(own.count).prefix(pixelsPerClass)
        for index in order {
          pixelBatch.append(vector(isPublished ? index : own[index]), class: label)
        }
      }
    }
    withExtendedLifetime(taught) {}
    return (pixelBatch, regionBatch)
  }
}

extension Tensor {
  /// Rows of [..., C] by their number, [rows, C].
  fileprivate func rows(_ numbers: [Int]) -> Tensor {
    let width = shape[shape.rank - 1]
    let chosen = Tensor(uninitialized: [numbers.count, width])
    for (index, row) in numbers.enumerated() {
      (chosen.pointer + index * width).update(from: pointer + row * width, count: width)
    }
    return chosen
  }

  /// Adds rows to those of the numbers.
  package func add(_ rows: Tensor, toRows numbers: [Int]) {
    let width = rows.shape[1]
    for (index, row) in numbers.enumerated() {
      let (target, source) = (pointer + row * width, rows.pointer + index * width)
      for c in 0..<width { target[c] += source[c] }
    }
    withExtendedLifetime(rows) {}
  }
}
