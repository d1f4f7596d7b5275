import Autograd
import Datasets
import Kernels
import Losses
import Metrics
import Models
import Tensors

/// Counts what a model gets right on a data set: single scale, sliding windows, logits averaged where windows overlap
/// (Section 5 and the authors' inference).
public struct Evaluator: Sendable {
  public let classes: Int
  /// Window in pixels, the training crop.
  public let cropHeight: Int
  public let cropWidth: Int
  /// Window stride as a fraction of the window.
  public let strideRatio: Double
  /// Side of the window that defines boundary pixels for BECE.
  ///
  /// The paper does not give it; this is the boundary of label smoothing on the label at evaluation size.
  public let boundary: BoundaryLabelSmoothing
  /// Windows that go through the network at once. Part of the numerics only through the kernels' choice by shape.
  public let windowsAtOnce: Int

  public init(
    classes: Int, cropHeight: Int, cropWidth: Int, strideRatio: Double, boundaryKernel: Int,
    windowsAtOnce: Int = 4
  ) {
    self.classes = classes
    self.cropHeight = cropHeight
    self.cropWidth = cropWidth
    self.strideRatio = strideRatio
    boundary = BoundaryLabelSmoothing(kernel: boundaryKernel, epsilon: 0, classes: classes)
    self.windowsAtOnce = windowsAtOnce
  }

  /// What is evaluated: crops [B, 3, crop height, crop width] to class scores [B, classes, h, w] of any size, which are
  /// up-sampled to the crops'. A network, or several whose scores are combined.
  public typealias Network = (Tensor) throws -> Tensor

  /// Evaluates samples in order.
  ///
  /// - Parameters:
  ///   - network: from crops to logits.
  ///   - progress: called after each image with the images done.
  ///   - cancelled: asked before each image; true ends early with `CancellationError`.
  /// - Throws: what loading a sample, the network or counting throws.
  public func evaluate(
    on dataset: any SegmentationDataset, indices: [Int], transform: EvaluationTransform,
    progress: (Int) -> Void = { _ in }, cancelled: () -> Bool = { false }, network: Network
  ) throws -> (ids: [String], evaluation: Evaluation) {
    var evaluation = Evaluation(classes: classes)
    var ids: [String] = []
    for (done, index) in indices.enumerated() {
      if cancelled() { throw CancellationError() }
      let sample = transform(try dataset.load(index))
      try evaluation.add(
        scores: try logits(sample.image, network), label: sample.label,
        boundary: boundary.boundary(sample.label).values)
      ids.append(sample.id)
      progress(done + 1)
    }
    return (ids, evaluation)
  }

  /// Evaluates a model's main output; as `evaluate(on:indices:transform:progress:cancelled:network:)`.
  public func evaluate(
    _ model: SegmentationModel, on dataset: any SegmentationDataset, indices: [Int],
    transform: EvaluationTransform,
    progress: (Int) -> Void = { _ in }, cancelled: () -> Bool = { false }
  ) throws -> (ids: [String], evaluation: Evaluation) {
    try evaluate(
      on: dataset, indices: indices, transform: transform, progress: progress, cancelled: cancelled
    ) { Evaluator.scores(model, $0) }
  }

  private static func scores(_ model: SegmentationModel, _ crops: Tensor) -> Tensor {
    model(Variable(constant: crops), .evaluation()).main.value
  }

  /// Full-resolution class scores of one image by a model's main output; as `logits(_:_:)`.
  public func logits(_ image: Tensor, of model: SegmentationModel) -> Tensor {
    logits(image) { Evaluator.scores(model, $0) }
  }

  /// Full-resolution class scores of one image.
  ///
  /// - Parameters:
  ///   - image: [1, 3, H, W], at least a window in size.
  ///   - network: from crops to logits; called with at most `windowsAtOnce` crops.
  /// - Returns: plain [1, classes, H, W], the mean over the windows that cover a pixel.
  /// - Throws: what the network throws.
  public func logits(_ image: Tensor, _ network: Network) rethrows -> Tensor {
    let (height, width) = (image.shape[2], image.shape[3])
    let rows = SlidingWindow(extent: height, window: cropHeight, strideRatio: strideRatio).starts
    let columns = SlidingWindow(extent: width, window: cropWidth, strideRatio: strideRatio).starts
    let windows = rows.flatMap { row in columns.map { (row, $0) } }
    let sum = Tensor(repeating: 0, shape: [1, classes, height, width])
    for start in stride(from: 0, to: windows.count, by: windowsAtOnce) {
      let group = Array(windows[start..<min(start + windowsAtOnce, windows.count)])
      let crops = Tensor(uninitialized: [group.count, 3, cropHeight, cropWidth])
      for (slot, (row, column)) in group.enumerated() { copy(image, row, column, into: crops, slot) }
      let scores = try network(crops)
      precondition(
        scores.shape.rank == 4 && scores.shape[0] == group.count && scores.shape[1] == classes,
        "Evaluator: the network made \(scores.shape) of crops \(crops.shape), not \(classes) classes")
      let full = Resize.forward(scores, height: cropHeight, width: cropWidth)
      for (slot, (row, column)) in group.enumerated() { add(full, slot, to: sum, row, column) }
    }
    divide(sum, rows: rows, columns: columns)
    return sum
  }

  private func copy(_ image: Tensor, _ row: Int, _ column: Int, into crops: Tensor, _ slot: Int) {
    let (height, width) = (image.shape[2], image.shape[3])
    for channel in 0..<3 {
      for y in 0..<cropHeight {
        (crops.pointer + ((slot * 3 + channel) * cropHeight + y) * cropWidth).update(
          from: image.pointer + (channel * height + row + y) * width + column, count: cropWidth)
      }
    }
  }

  private func add(_ scores: Tensor, _ slot: Int, to sum: Tensor, _ row: Int, _ column: Int) {
    let (height, width) = (sum.shape[2], sum.shape[3])
    for channel in 0..<classes {
      for y in 0..<cropHeight {
        let source = scores.pointer + ((slot * classes + channel) * cropHeight + y) * cropWidth
        let target = sum.pointer + (channel * height + row + y) * width + column
        for x in 0..<cropWidth { target[x] += source[x] }
      }
    }
  }

  /// Divides each pixel by the number of windows over it.
  private func divide(_ sum: Tensor, rows: [Int], columns: [Int]) {
    let (height, width) = (sum.shape[2], sum.shape[3])
    let rowCounts = (0..<height).map { y in rows.count { $0 <= y && y < $0 + cropHeight } }
    let columnFactors = (0..<width).map { x in Float(columns.count { $0 <= x && x < $0 + cropWidth }) }
    for channel in 0..<classes {
      for y in 0..<height {
        let line = sum.pointer + (channel * height + y) * width
        let count = Float(rowCounts[y])
        for x in 0..<width { line[x] /= count * columnFactors[x] }
      }
    }
  }
}
