import Experiments
import Foundation
import Images

/// A figure of the paper that is a function: it needs no training. Its drawing, and the numbers that are drawn.
public struct Figure: Sendable {
  public let number: Int
  public let drawing: Drawing
  public let data: JSONValue

  /// The numbers of the paper's figures that can be drawn.
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

  /// The picture in pixels. Letters are pen strokes, so that no font is needed.
  public func image(scale: Double = 2) -> ImageBuffer { Raster.image(drawing, scale: scale) }

  /// Writes figure<number>.svg, .png and .json into a folder that exists.
  /// - Returns: the files.
  /// - Throws: `ImageError`.
  public func write(to folder: URL) throws -> [URL] {
    func url(_ kind: String) -> URL { folder.appendingPathComponent("figure\(number).\(kind)") }
    let texts = [(url("svg"), drawing.svg), (url("json"), data.pretty)]
    for (url, text) in texts {
      try Array(text.utf8).withUnsafeBufferPointer { try FileBytes.write($0, to: url.path) }
    }
    try ImageFile.writePNG(image(), to: url("png").path)
    return [url("svg"), url("png"), url("json")]
  }
}
