import Images
import Tensors

/// Which raw value of a label file means which class.
public struct LabelMapping: Sendable {
  enum Kind: Sendable {
    case values(LabelValues)
    case colors(LabelColors)
  }

  let kind: Kind

  /// Classes as they are: 0..<count and 255.
  static func identity(classCount: Int, rawIdLimit: Int = 0) -> LabelMapping {
    LabelMapping(
      kind: .values(
        LabelValues(
          classCount: classCount, offset: 0, ignored: [Int(LabelMap.ignore)], rawIdLimit: rawIdLimit)))
  }

  /// Raw ids to classes: `ids[class]` is the raw id of a class, other ids up to `last` and 255 are ignored.
  static func rawIds(_ ids: [Int], last: Int) -> LabelMapping {
    LabelMapping(kind: .values(LabelValues(rawIds: ids, last: last)))
  }

  /// Grey levels or palette indices: class = value - offset.
  /// - Parameters:
  ///   - offset: 0 where the first class has the value 0; 1 where classes begin at 1, as in ADE20K.
  ///   - ignored: values 0...255 of pixels without a class; none of them may be a class's. Any other value is an
  ///     error of the file.
  public static func values(classCount: Int, offset: Int, ignored: [Int]) -> LabelMapping {
    LabelMapping(kind: .values(LabelValues(classCount: classCount, offset: offset, ignored: ignored)))
  }

  /// RGB colours, as in DeepGlobe Land Cover: `colors[class]`. Pixels of any other colour are ignored and counted
  /// (`Sample.unmatchedPixels`).
  /// - Parameters:
  ///   - colors: [C, 3], distinct.
  ///   - ignored: [_, 3], colours of pixels without a class.
  ///   - threshold: each channel is first set to 255 from this value on, else to 0; nil: colours are compared as they
  ///     are. With a threshold, colours are of 0 and 255.
  public static func colors(_ colors: [[UInt8]], ignored: [[UInt8]], threshold: UInt8?) -> LabelMapping {
    LabelMapping(kind: .colors(LabelColors(colors, ignored: ignored, threshold: threshold)))
  }

  /// Decodes and maps some rows of a label file.
  /// - Parameter rows: as in `ImageFile.decodeLabel`.
  /// - Returns: the label's wanted rows, and how many of their pixels have a colour of no class.
  /// - Throws: `DatasetError.labelValue`, `ImageError`, and what `rows` throws.
  func decode(
    _ bytes: [UInt8], path: String, rows: (_ height: Int, _ width: Int) throws -> Range<Int>
  ) throws -> (label: LabelMap, unmatched: Int) {
    // An interlaced file comes whole.
    var wanted = 0..<0
    func note(_ height: Int, _ width: Int) throws -> Range<Int> {
      wanted = try rows(height, width)
      return wanted
    }
    switch kind {
    case .values(let values):
      let (raw, found, _) = try ImageFile.decodeLabel(bytes, path: path, rows: note)
      let label = LabelMap(
        height: wanted.count, width: raw.width,
        values: found == wanted ? raw.values : cut(raw.values, width: raw.width, wanted))
      return (try values.apply(label, path: path, firstRow: wanted.lowerBound), 0)
    case .colors(let colors):
      let raw = try ImageFile.decodeColorLabel(bytes, path: path, rows: note)
      let (all, width) = (raw.image.pixels, raw.image.width)
      let pixels = raw.rows == wanted ? all : cut(all, width: width * 3, wanted)
      return colors.apply(ImageBuffer(height: wanted.count, width: width, pixels: pixels))
    }
  }

  private func cut(_ values: [UInt8], width: Int, _ rows: Range<Int>) -> [UInt8] {
    Array(values[rows.lowerBound * width..<rows.upperBound * width])
  }
}
