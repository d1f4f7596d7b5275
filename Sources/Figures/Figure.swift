import Foundation
import Images
import JSON

/// A figure of the paper: its drawing, and the numbers that are drawn.
public struct Figure: Sendable {
  public let number: Int
  public let drawing: Drawing
  public let data: JSONValue

  /// The numbers of the paper's figures that are functions: they need no training.
  public static let numbers = [1, 2, 3]

  /// - Parameter number: one of `numbers`; nil for another.
  public init?(_ number: Int) {
    switch number {
    case 1: self = LossCurves.labels()
    case 2: self = LossCurves.closure()
    case 3: self = CounterexamplePlane.figure()
    default: return nil
    }
  }

  init(number: Int, drawing: Drawing, data: JSONValue) {
    self.number = number
    self.drawing = drawing
    self.data = data
  }

  /// Writes figure<number>.svg, .png and .json into a folder that exists.
  /// - Returns: the files.
  /// - Throws: `ImageError`.
  public func write(to folder: URL) throws -> [URL] {
    let numbers = folder.appendingPathComponent("figure\(number).json")
    try Drawing.write(data.pretty, to: numbers)
    return try drawing.write(to: folder, name: "figure\(number)") + [numbers]
  }
}

extension Figure {
  /// Writes a figure that is pictures: figure<number>.png and .json, into a folder that exists.
  /// - Returns: the files.
  /// - Throws: `ImageError`.
  public static func write(
    _ picture: ImageBuffer, data: JSONValue, number: Int, to folder: URL
  ) throws -> [URL] {
    let pixels = folder.appendingPathComponent("figure\(number).png")
    let numbers = folder.appendingPathComponent("figure\(number).json")
    try ImageFile.writePNG(picture, to: pixels.path)
    try Drawing.write(data.pretty, to: numbers)
    return [pixels, numbers]
  }
}

extension Drawing {
  /// The picture in pixels. Letters are pen strokes, so that no font is needed.
  /// - Parameter scale: pixels a point.
  public func image(scale: Double = 2) -> ImageBuffer { Raster.image(self, scale: scale) }

  /// Writes <name>.svg and .png into a folder that exists.
  /// - Returns: the files.
  /// - Throws: `ImageError`.
  public func write(to folder: URL, name: String) throws -> [URL] {
    let vector = folder.appendingPathComponent("\(name).svg")
    let pixels = folder.appendingPathComponent("\(name).png")
    try Drawing.write(svg, to: vector)
    try ImageFile.writePNG(image(), to: pixels.path)
    return [vector, pixels]
  }

  static func write(_ text: String, to url: URL) throws {
    try Array(text.utf8).withUnsafeBufferPointer { try FileBytes.write($0, to: url.path) }
  }
}
