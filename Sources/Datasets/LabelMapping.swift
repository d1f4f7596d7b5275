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
      let (raw, found, _) = try ImageFile.decodeColorLabel(bytes, path: path, rows: note)
      let pixels = found == wanted ? raw.pixels : cut(raw.pixels, width: raw.width * 3, wanted)
      return colors.apply(ImageBuffer(height: wanted.count, width: raw.width, pixels: pixels))
    }
  }

  private func cut(_ values: [UInt8], width: Int, _ rows: Range<Int>) -> [UInt8] {
    Array(values[rows.lowerBound * width..<rows.upperBound * width])
  }
}

/// Classes by grey level or palette index.
struct LabelValues: Sendable {
  /// 256 entries: the class, `LabelMap.ignore`, or -1 where the value is not allowed.
  private let table: [Int16]
  /// The allowed values, for messages.
  private let allowed: String
  /// Values below this, when not allowed, are likely raw Cityscapes ids; 0 where that cannot happen.
  private let rawIdLimit: Int

  init(classCount: Int, offset: Int, ignored: [Int], rawIdLimit: Int = 0) {
    precondition((1...254).contains(classCount), "LabelMapping: \(classCount) classes do not fit")
    precondition(
      offset >= 0 && offset + classCount <= 256,
      "LabelMapping: \(classCount) classes from \(offset) on do not fit")
    var table = [Int16](repeating: -1, count: 256)
    for value in 0..<classCount { table[offset + value] = Int16(value) }
    for value in ignored {
      precondition(
        (0...255).contains(value) && table[value] < 0,
        "LabelMapping: ignored value \(value) is a class's, or no byte")
      table[value] = Int16(LabelMap.ignore)
    }
    self.table = table
    allowed = (["\(offset)...\(offset + classCount - 1)"] + ignored.sorted().map(String.init))
      .joined(separator: " and ")
    self.rawIdLimit = rawIdLimit
  }

  init(rawIds ids: [Int], last: Int) {
    var table = [Int16](repeating: -1, count: 256)
    for value in 0...last { table[value] = Int16(LabelMap.ignore) }
    for (index, id) in ids.enumerated() { table[id] = Int16(index) }
    table[255] = Int16(LabelMap.ignore)
    self.table = table
    allowed = "0...\(last) and 255"
    rawIdLimit = 0
  }

  /// - Parameter firstRow: the file's row that `raw` begins with.
  /// - Throws: `DatasetError.labelValue` with the first pixel whose value is not allowed.
  func apply(_ raw: LabelMap, path: String, firstRow: Int = 0) throws -> LabelMap {
    var bad = -1
    let values = [UInt8](unsafeUninitializedCapacity: raw.values.count) { target, count in
      raw.values.withUnsafeBufferPointer { source in
        table.withUnsafeBufferPointer { table in
          for index in 0..<source.count {
            let mapped = table[Int(source[index])]
            if mapped < 0 && bad < 0 { bad = index }
            target[index] = UInt8(truncatingIfNeeded: mapped)
          }
        }
      }
      count = raw.values.count
    }
    guard bad < 0 else {
      let value = Int(raw.values[bad])
      let hint = value < rawIdLimit ? "this looks like raw labelIds, not train ids" : nil
      throw DatasetError.labelValue(
        path: path, value: value, x: bad % raw.width, y: firstRow + bad / raw.width, allowed: allowed,
        hint: hint)
    }
    return LabelMap(height: raw.height, width: raw.width, values: values)
  }
}

/// Classes by colour.
struct LabelColors: Sendable {
  /// Packed colours with their class or `LabelMap.ignore`, classes in order first.
  private let entries: [(color: UInt32, value: UInt8)]
  private let threshold: UInt8?

  init(_ colors: [[UInt8]], ignored: [[UInt8]], threshold: UInt8?) {
    precondition((1...254).contains(colors.count), "LabelMapping: \(colors.count) classes do not fit")
    precondition(threshold != 0, "LabelMapping: a threshold of 0 makes every pixel white")
    let all = colors + ignored
    precondition(
      all.allSatisfy { $0.count == 3 } && Set(all).count == all.count,
      "LabelMapping: colours are [C, 3] and distinct, got \(all)")
    precondition(
      threshold == nil || all.allSatisfy { $0.allSatisfy { $0 == 0 || $0 == 255 } },
      "LabelMapping: with a threshold colours are of 0 and 255, got \(all)")
    entries = all.enumerated().map { index, color in
      (
        LabelColors.pack(color[0], color[1], color[2]),
        index < colors.count ? UInt8(index) : LabelMap.ignore
      )
    }
    self.threshold = threshold
  }

  private static func pack(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
    UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
  }

  /// - Returns: classes, and how many pixels have a colour that was not named; those are ignored.
  func apply(_ image: ImageBuffer) -> (label: LabelMap, unmatched: Int) {
    var unmatched = 0
    let area = image.height * image.width
    let values = [UInt8](unsafeUninitializedCapacity: area) { target, count in
      image.pixels.withUnsafeBufferPointer { source in
        // Neighbours mostly have one colour.
        var (last, value, isMatched) = (UInt32.max, LabelMap.ignore, true)
        for index in 0..<area {
          var color = LabelColors.pack(source[3 &* index], source[3 &* index &+ 1], source[3 &* index &+ 2])
          if color != last {
            last = color
            if let threshold {
              func level(_ value: UInt8) -> UInt8 { value >= threshold ? 255 : 0 }
              color = LabelColors.pack(
                level(source[3 &* index]), level(source[3 &* index &+ 1]), level(source[3 &* index &+ 2]))
            }
            let found = entries.first { $0.color == color }
            (value, isMatched) = (found?.value ?? LabelMap.ignore, found != nil)
          }
          target[index] = value
          if !isMatched { unmatched += 1 }
        }
      }
      count = area
    }
    return (LabelMap(height: image.height, width: image.width, values: values), unmatched)
  }
}
