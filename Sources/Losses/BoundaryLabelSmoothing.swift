import CKernels
import Tensors

/// Boundary label smoothing ("Jaccard Metric Losses", section 4.2): labels are smoothed only near a border
/// between classes, where annotation is ambiguous.
///
/// A pixel is smoothed if it is labelled, another class is in the window around it, and no ignored pixel is.
/// Window cells outside the image do not count, so the image border makes no boundary. The last condition is
/// the authors' code's and not in the paper's text; rings of unlabelled pixels around objects therefore leave
/// nothing to smooth.
public struct BoundaryLabelSmoothing: Hashable, Sendable {
  public enum Window: Hashable, Sendable {
    /// A square of that odd side, in pixels.
    case pixels(Int)
    /// Every labelled pixel is smoothed: plain label smoothing.
    case everywhere
  }

  public let window: Window
  /// Mass taken from the one-hot label and spread over all classes, the true one included; 0 ... 1.
  public let epsilon: Double
  public let classes: Int
  public let ignoreIndex: UInt8

  public init(window: Window, epsilon: Double, classes: Int, ignoreIndex: UInt8) {
    if case .pixels(let side) = window {
      precondition(
        side > 0 && side % 2 == 1, "BoundaryLabelSmoothing: window \(side) is not an odd number of pixels")
    }
    precondition((0...1).contains(epsilon), "BoundaryLabelSmoothing: epsilon \(epsilon) is not in 0...1")
    precondition(
      (1...255).contains(classes), "BoundaryLabelSmoothing: labels hold 1 to 255 classes, not \(classes)")
    self.window = window
    self.epsilon = epsilon
    self.classes = classes
    self.ignoreIndex = ignoreIndex
  }

  public init(kernel: Int, epsilon: Double, classes: Int, ignoreIndex: UInt8 = LabelMap.ignore) {
    self.init(window: .pixels(kernel), epsilon: epsilon, classes: classes, ignoreIndex: ignoreIndex)
  }

  /// The pixels to smooth, [B, H, W].
  public func boundary(_ labels: LabelBatch) -> PixelMask {
    PixelMask(
      count: labels.count, height: labels.height, width: labels.width,
      values: mask(labels.values, labels.count, labels.height, labels.width))
  }

  /// The pixels to smooth of one image, [1, H, W].
  public func boundary(_ labels: LabelMap) -> PixelMask {
    PixelMask(
      count: 1, height: labels.height, width: labels.width,
      values: mask(labels.values, 1, labels.height, labels.width))
  }

  /// Full-resolution soft labels, [B, C, H, W].
  /// - Parameter boundary: the pixels to smooth, [B, H, W]; nil: those of `labels`.
  /// - Throws: `LossError.labelOutsideClasses`.
  public func softLabels(_ labels: LabelBatch, boundary: PixelMask? = nil) throws(LossError) -> SoftLabels {
    try SoftLabels(
      labels, classes: classes, ignoreIndex: ignoreIndex, boundary: boundary ?? self.boundary(labels),
      epsilon: epsilon)
  }

  private func mask(_ values: [UInt8], _ count: Int, _ height: Int, _ width: Int) -> [UInt8] {
    switch window {
    case .everywhere:
      return values.map { $0 == ignoreIndex || Int($0) >= classes ? 0 : 1 }
    case .pixels(let side):
      return [UInt8](unsafeUninitializedCapacity: values.count) { buffer, initialized in
        initialized = values.count
        guard let start = buffer.baseAddress, !values.isEmpty else { return }
        jml_label_boundary(values, count, height, width, classes, ignoreIndex, side, start)
      }
    }
  }
}
