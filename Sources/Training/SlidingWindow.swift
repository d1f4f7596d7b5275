import Tensors

/// Where evaluation windows lie along one axis (the authors' inference: windows of the training crop, a stride of
/// 2/3 of it, the last one shifted back to fit).
public struct SlidingWindow: Sendable, Hashable {
  /// First pixel of each window.
  public let starts: [Int]

  /// - Parameters:
  ///   - extent: pixels of the image, at least `window`.
  ///   - window: pixels of a window.
  ///   - strideRatio: stride as a fraction of the window, 0.6667 in the paper; rounded up to whole pixels.
  public init(extent: Int, window: Int, strideRatio: Double) {
    precondition(
      extent >= window && window > 0, "SlidingWindow: window \(window) does not fit \(extent) pixels")
    let stride = max(1, Int((strideRatio * Double(window)).rounded(.up)))
    let count = (extent - window + stride - 1) / stride + 1
    starts = (0..<count).map { min($0 * stride, extent - window) }
  }
}
