import Losses
import Tensors

/// Pictures with a label and a confidence for every pixel, between which boxes are pasted.
public struct MixedPictures: Sendable {
  /// [B, 3, H, W], plain; its own copy.
  public let images: Tensor
  /// [B, H, W].
  public private(set) var labels: LabelBatch
  /// [B, H, W], row-major.
  public private(set) var confidence: [Float]

  /// - Parameter images: [B, 3, H, W], plain; copied.
  public init(images: Tensor, labels: LabelBatch, confidence: [Float]) {
    precondition(
      images.layout == .plain && images.shape.rank == 4
        && images.shape == [labels.count, images.shape[1], labels.height, labels.width]
        && confidence.count == labels.values.count,
      "MixedPictures: images \(images.shape), labels [\(labels.count), \(labels.height), \(labels.width)], "
        + "\(confidence.count) confidences")
    self.images = images.copied()
    self.labels = labels
    self.confidence = confidence
  }

  /// Pictures under the labels that a network gives them.
  public init(images: Tensor, _ said: Predictions) {
    self.init(
      images: images,
      labels: LabelBatch(count: said.count, height: said.height, width: said.width, values: said.labels),
      confidence: said.confidence)
  }

  /// The same with storage of its own.
  public func copied() -> MixedPictures {
    MixedPictures(images: images, labels: labels, confidence: confidence)
  }

  /// Image `target` gets what image `source` of `other` has in the box: picture, label, confidence.
  public mutating func paste(_ box: PasteBox, into target: Int, from other: MixedPictures, _ source: Int) {
    precondition(
      other.images.shape.dimensions.dropFirst() == images.shape.dimensions.dropFirst()
        && target < labels.count && source < other.labels.count,
      "MixedPictures.paste: image \(source) of \(other.images.shape) into \(target) of \(images.shape)")
    let (channels, height, width) = (images.shape[1], labels.height, labels.width)
    guard !box.isEmpty else { return }
    withExtendedLifetime(other) {
      for channel in 0..<channels {
        for row in box.rows {
          let line = row * width + box.columns.lowerBound
          (images.pointer + (target * channels + channel) * height * width + line).update(
            from: other.images.pointer + (source * channels + channel) * height * width + line,
            count: box.columns.count)
        }
      }
    }
    for row in box.rows {
      for column in box.columns {
        let (to, from) = (
          (target * height + row) * width + column, (source * height + row) * width + column
        )
        labels.values[to] = other.labels.values[from]
        confidence[to] = other.confidence[from]
      }
    }
  }
}
