import Datasets
import Experiments
import Foundation
import HDF5
import Images
import Results
import Tensors

/// Writes training samples as a run sees them, to be looked at.
///
/// Each sample is one PNG: the image, then the batch's views, then the label in the data set's colours, side by side.
/// Beside them is one HDF5 file with the same samples as numbers.
public struct DataPreview {
  private let dataset: any SegmentationDataset
  private let normalization: Normalization
  private let batch: (_ iteration: Int) throws -> Batch

  /// - Parameters:
  ///   - dataset: gives names and colours of classes.
  ///   - normalization: what the images went through.
  ///   - batch: of an iteration, counted from 0; all of one size.
  public init(
    dataset: any SegmentationDataset, normalization: Normalization,
    batch: @escaping (_ iteration: Int) throws -> Batch
  ) {
    self.dataset = dataset
    self.normalization = normalization
    self.batch = batch
  }

  public init(_ loader: BatchLoader) {
    self.init(
      dataset: loader.dataset, normalization: loader.augmentation.normalization, batch: loader.batch(at:))
  }

  /// Pixels between two pictures.
  private static let gap = 4
  /// Of the gaps.
  private static let white: UInt8 = 255

  /// Writes `<folder>/<number>_<id>.png` and `<folder>/samples.h5`: `images` [K, 3, H, W], normalised; `labels`
  /// [K, H, W], 255 where ignored; `ids` [K]; `class_names` [C]; `views/<name>` [K, 3, H, W] where the batches have
  /// views.
  /// - Parameter count: samples, the first ones of the batches.
  /// - Returns: the files, pictures first.
  /// - Throws: `DatasetError`, `ImageError`, `HDF5Error`, `ResultsError`, and the system's error for the folder.
  public func write(_ count: Int, to folder: URL) throws -> [URL] {
    precondition(count > 0, "DataPreview: \(count) samples")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var numbers = Numbers()
    var files: [URL] = []
    for iteration in 0... {
      let batch = try batch(iteration)
      for slot in 0..<min(batch.ids.count, count - files.count) {
        let id = batch.ids[slot].map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
        let number = String(format: "%03d", files.count)
        let file = folder.appendingPathComponent("\(number)_\(String(id)).png")
        try ImageFile.writePNG(picture(batch, slot), to: file.path)
        files.append(file)
        numbers.append(batch, slot)
      }
      if files.count == count { break }
    }
    let file = folder.appendingPathComponent("samples.h5")
    try AtomicFile.write(try image(numbers, named: file.path), to: file)
    return files + [file]
  }

  // MARK: Pictures

  private func picture(_ batch: Batch, _ slot: Int) -> ImageBuffer {
    let (height, width) = (batch.labels.height, batch.labels.width)
    var panels = [colors(of: batch.images, slot)]
    for view in batch.views { panels.append(colors(of: view.images, slot)) }
    panels.append(colors(of: batch.labels, slot))
    let total = panels.count * (width + DataPreview.gap) - DataPreview.gap
    var pixels = [UInt8](repeating: DataPreview.white, count: height * total * 3)
    for (index, panel) in panels.enumerated() {
      for y in 0..<height {
        let row = width * 3
        let start = (y * total + index * (width + DataPreview.gap)) * 3
        pixels.replaceSubrange(start..<start + row, with: panel[y * row..<(y + 1) * row])
      }
    }
    return ImageBuffer(height: height, width: total, pixels: pixels)
  }

  /// Normalisation undone, [H, W, 3].
  private func colors(of images: Tensor, _ slot: Int) -> [UInt8] {
    let area = images.shape.count / images.shape[0] / 3
    let values = images.values[slot * 3 * area..<(slot + 1) * 3 * area]
    var pixels = [UInt8](repeating: 0, count: 3 * area)
    for (index, value) in values.enumerated() {
      let (channel, place) = index.quotientAndRemainder(dividingBy: area)
      let level = value * normalization.std[channel] + normalization.mean[channel]
      pixels[3 * place + channel] = UInt8(min(max(level.rounded(), 0), 255))
    }
    return pixels
  }

  /// [H, W, 3].
  private func colors(of labels: LabelBatch, _ slot: Int) -> [UInt8] {
    let area = labels.height * labels.width
    return dataset.colors(of: labels.values[slot * area..<(slot + 1) * area])
  }

  // MARK: Numbers

  private struct Numbers {
    /// Of a crop.
    var (height, width) = (0, 0)
    var images: [Float] = []
    var labels: [UInt8] = []
    var ids: [String] = []
    var views: [(name: String, images: [Float])] = []

    mutating func append(_ batch: Batch, _ slot: Int) {
      func sample(_ tensor: Tensor) -> ArraySlice<Float> {
        let size = tensor.values.count / batch.ids.count
        return tensor.values[slot * size..<(slot + 1) * size]
      }
      if views.isEmpty { views = batch.views.map { ($0.name, []) } }
      images += sample(batch.images)
      for index in views.indices { views[index].images += sample(batch.views[index].images) }
      (height, width) = (batch.labels.height, batch.labels.width)
      let area = height * width
      labels += batch.labels.values[slot * area..<(slot + 1) * area]
      ids.append(batch.ids[slot])
    }
  }

  private func image(_ numbers: Numbers, named name: String) throws -> Data {
    let writer = try HDF5Writer(name: name)
    let shape = [numbers.ids.count, 3, numbers.height, numbers.width]
    try writer.write(floats: numbers.images, shape: shape, at: "images", compress: true)
    for view in numbers.views {
      try writer.write(floats: view.images, shape: shape, at: "views/\(view.name)", compress: true)
    }
    try writer.write(
      bytes: numbers.labels, shape: [numbers.ids.count, numbers.height, numbers.width], at: "labels",
      compress: true)
    try writer.write(strings: numbers.ids, at: "ids")
    try writer.write(strings: dataset.classNames, at: "class_names")
    return try writer.image()
  }
}
