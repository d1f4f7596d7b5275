import CKernels
import Tensors

/// One flag a pixel, [B, H, W], row-major: 1 or 0.
public struct PixelMask: Hashable, Sendable {
  public let count: Int
  public let height: Int
  public let width: Int
  public var values: [UInt8]

  public init(count: Int, height: Int, width: Int, values: [UInt8]) {
    precondition(
      values.count == count * height * width,
      "PixelMask: \(values.count) values do not fill [\(count), \(height), \(width)]")
    self.count = count
    self.height = height
    self.width = width
    self.values = values
  }
}

/// Class distributions of a batch's pixels, and which pixels count. For tests and tools: a training step
/// never expands its labels.
public struct SoftLabels: Sendable {
  /// [B, C, H, W], plain.
  public let values: Tensor
  /// [B, H, W]; losses are blind to pixels where it is 0.
  public let keep: PixelMask

  public init(values: Tensor, keep: PixelMask) {
    precondition(
      values.shape.rank == 4 && values.layout == .plain
        && Shape([keep.count, keep.height, keep.width])
          == Shape([values.shape[0], values.shape[2], values.shape[3]]),
      "SoftLabels: mask [\(keep.count), \(keep.height), \(keep.width)] does not fit values \(values.shape)")
    self.values = values
    self.keep = keep
  }

  /// What a student learns from a teacher: softmax(logits / temperature).
  /// - logits: the teacher's at full resolution, [B, C, H, W], plain.
  /// - keep: [B, H, W]; a teacher has an opinion on ignored pixels too, which does not count.
  public init(distilling logits: Tensor, temperature: Double, keep: PixelMask) {
    precondition(temperature > 0, "SoftLabels: temperature \(temperature) is not positive")
    precondition(
      logits.layout == .plain && logits.shape.rank == 4,
      "SoftLabels: teacher logits \(logits.shape) (\(logits.layout)) are not plain [B, C, H, W]")
    let values = Tensor(uninitialized: logits.shape)
    jml_plain_softmax(
      logits.pointer, logits.shape[0], logits.shape[1], logits.shape[2] * logits.shape[3], Float(temperature),
      values.pointer)
    withExtendedLifetime(logits) {}
    self.init(values: values, keep: keep)
  }

  /// The first kept pixel, counted through the batch, whose label is not one-hot; nil if there is none.
  public var firstSoftPixel: Int? {
    let (classes, pixels) = (values.shape[1], values.shape[2] * values.shape[3])
    return withExtendedLifetime(values) {
      keep.values.indices.first { place in
        guard keep.values[place] != 0 else { return false }
        let start = values.pointer + place / pixels * classes * pixels + place % pixels
        var ones = 0
        for c in 0..<classes {
          let value = start[c * pixels]
          if value != 0 && value != 1 { return true }
          ones += value == 1 ? 1 : 0
        }
        return ones != 1
      }
    }
  }

  /// One-hot labels; ignored pixels are zero and masked.
  /// - Throws: `LossError.labelOutsideClasses`.
  public init(_ labels: LabelBatch, classes: Int, ignoreIndex: UInt8) throws(LossError) {
    try self.init(labels, classes: classes, ignoreIndex: ignoreIndex, boundary: nil, epsilon: 0)
  }

  /// (1 - epsilon) one-hot + epsilon / C at boundary pixels, one-hot at others, zero at ignored ones.
  init(
    _ labels: LabelBatch, classes: Int, ignoreIndex: UInt8, boundary: PixelMask?, epsilon: Double
  ) throws(LossError) {
    _ = try LabelCounts(labels, boundary: boundary, classes: classes, ignoreIndex: ignoreIndex)
    let values = Tensor(uninitialized: [labels.count, classes, labels.height, labels.width])
    let pixels = labels.height * labels.width
    if let boundary {
      jml_label_expand(
        labels.values, boundary.values, labels.count, pixels, classes, ignoreIndex, Float(epsilon),
        values.pointer)
    } else {
      jml_label_expand(labels.values, nil, labels.count, pixels, classes, ignoreIndex, 0, values.pointer)
    }
    self.values = values
    keep = PixelMask(
      count: labels.count, height: labels.height, width: labels.width,
      values: labels.values.map { $0 == ignoreIndex ? 0 : 1 })
  }

  func checkMatches(_ logits: Tensor, _ operation: String) {
    precondition(
      logits.layout == .plain && logits.shape == values.shape,
      "\(operation): logits \(logits.shape) (\(logits.layout)) and target \(values.shape) differ")
  }
}

/// Labelled pixels per image and class, split by whether the label is smoothed there.
struct LabelCounts {
  /// [B, C].
  let plain: [Int64]
  /// [B, C].
  let smoothed: [Int64]
  let kept: Int

  init(
    _ labels: LabelBatch, boundary: PixelMask?, classes: Int, ignoreIndex: UInt8
  ) throws(LossError) {
    precondition((1...255).contains(classes), "labels hold 1 to 255 classes, not \(classes)")
    var raw = [Int64](repeating: 0, count: labels.count * classes * 2)
    let pixels = labels.height * labels.width
    let stray: Int32
    if let boundary {
      stray = jml_label_counts(
        labels.values, boundary.values, labels.count, pixels, classes, ignoreIndex, &raw)
    } else {
      stray = jml_label_counts(labels.values, nil, labels.count, pixels, classes, ignoreIndex, &raw)
    }
    guard stray < 0 else {
      throw .labelOutsideClasses(value: Int(stray), classes: classes, ignoreIndex: Int(ignoreIndex))
    }
    plain = stride(from: 0, to: raw.count, by: 2).map { raw[$0] }
    smoothed = stride(from: 1, to: raw.count, by: 2).map { raw[$0] }
    kept = Int(raw.reduce(0, +))
  }
}
