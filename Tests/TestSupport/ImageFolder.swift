import Foundation
import Images
import Tensors

/// A folder for one test, removed when the last reference goes.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.path + "/jml-datasets-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes bytes below the folder, making folders on the way.
  @discardableResult
  public func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    try prepare(file)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  public func write(_ image: ImageBuffer, _ name: String) throws {
    try prepare("\(path)/\(name)")
    try name.hasSuffix(".jpg")
      ? ImageFile.writeJPEG(image, quality: 90, to: "\(path)/\(name)")
      : ImageFile.writePNG(image, to: "\(path)/\(name)")
  }

  public func write(_ label: LabelMap, _ name: String) throws {
    try prepare("\(path)/\(name)")
    try ImageFile.writeGreyPNG(label, to: "\(path)/\(name)")
  }

  private func prepare(_ file: String) throws {
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
  }
}

/// An image without structure, a function of its size and seed.
public func noiseImage(height: Int, width: Int, seed: UInt64 = 1) -> ImageBuffer {
  var random = RandomSource(seed: seed, purpose: "test image", height, width)
  return ImageBuffer(
    height: height, width: width, pixels: (0..<height * width * 3).map { _ in UInt8(random.below(256)) })
}

/// Labels 0..<classes with some ignored.
public func noiseLabel(height: Int, width: Int, classes: Int = 19, seed: UInt64 = 1) -> LabelMap {
  var random = RandomSource(seed: seed, purpose: "test label", height, width)
  return LabelMap(
    height: height, width: width,
    values: (0..<height * width).map { _ in
      let value = random.below(classes + 1)
      return value == classes ? LabelMap.ignore : UInt8(value)
    })
}
