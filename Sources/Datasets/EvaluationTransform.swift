import Images
import Tensors

/// What happens to an image before evaluation: normalisation at its own size, and centred padding up to the
/// window where the image is smaller than it (Appendix A of the paper; no resize, no crop).
public struct EvaluationTransform: Equatable, Sendable {
  public let normalization: Normalization
  /// The least height and width of the result, pixels; 1 for none.
  public let minimumHeight: Int
  public let minimumWidth: Int

  public init(normalization: Normalization, minimumHeight: Int, minimumWidth: Int) {
    self.normalization = normalization
    self.minimumHeight = minimumHeight
    self.minimumWidth = minimumWidth
  }

  /// - Returns: image [1, 3, H, W] padded with 0, which is the mean; label [H, W] padded with ignore. H, W
  ///   are the sample's, or the minimum where that is more.
  public func callAsFunction(_ sample: Sample) -> PreparedSample {
    let height = max(sample.image.height, minimumHeight)
    let width = max(sample.image.width, minimumWidth)
    let image = Resample.normalized(sample.image, normalization)
    guard height > sample.image.height || width > sample.image.width else {
      return PreparedSample(id: sample.id, image: image, label: sample.label)
    }
    let padded = Tensor(repeating: 0, shape: [1, 3, height, width])
    var label = LabelMap(height: height, width: width)
    // The odd pixel goes to the right and to the bottom.
    let top = (height - sample.image.height) / 2
    let left = (width - sample.image.width) / 2
    for y in 0..<sample.image.height {
      for channel in 0..<3 {
        (padded.pointer + (channel * height + top + y) * width + left).update(
          from: image.pointer + (channel * sample.image.height + y) * sample.image.width,
          count: sample.image.width)
      }
      for x in 0..<sample.image.width { label[top + y, left + x] = sample.label[y, x] }
    }
    return PreparedSample(id: sample.id, image: padded, label: label)
  }
}
