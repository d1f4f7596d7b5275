import Tensors

/// A rectangle of CutMix (Yun et al., ICCV 2019), in pixels of the crop: what is inside comes from another image.
public struct PasteBox: Equatable, Sendable {
  public let rows: Range<Int>
  public let columns: Range<Int>

  public init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  public static let empty = PasteBox(rows: 0..<0, columns: 0..<0)

  public var isEmpty: Bool { rows.isEmpty || columns.isEmpty }

  /// A box of height and width times `side`, rounded down, about a centre that is drawn uniformly from
  /// [width / margin, width) and [height / margin, height), cut off at the border. Draws two numbers: column, then row.
  ///
  /// AugSeg: side = sqrt(1 - lambda), margin 8. iMAS: side ~ U(0.1, 0.9), margin 16.
  public static func centred(
    side: Double, margin: Int, height: Int, width: Int, using random: inout RandomSource
  ) -> PasteBox {
    precondition((0...1).contains(side) && margin > 0, "PasteBox: side \(side), margin \(margin)")
    func range(_ extent: Int) -> Range<Int> {
      let first = extent / margin
      let centre = first + random.below(extent - first)
      let half = Int(side * Double(extent)) / 2
      return max(centre - half, 0)..<min(centre + half, extent)
    }
    let columns = range(width)
    return PasteBox(rows: range(height), columns: columns)
  }

  /// U2PL's: half of the area, at least half of the width, wholly inside. Draws three numbers: width, row, column.
  public static func half(height: Int, width: Int, using random: inout RandomSource) -> PasteBox {
    let area = Double(height * width) / 2
    let across = width / 2 + 1 + random.below(width - width / 2)
    let down = min(Int((area / Double(across)).rounded()), height)
    let top = random.below(height - down + 1)
    let left = random.below(width - across + 1)
    return PasteBox(rows: top..<top + down, columns: left..<left + across)
  }

  /// UniMatch's: of an area U(0.02, 0.4) of the crop and a ratio of height to width of U(0.3, 1 / 0.3), the latter drawn
  /// again with the corner until it is wholly inside. Draws the area, and three numbers a trial: ratio, column, row.
  public static func inside(height: Int, width: Int, using random: inout RandomSource) -> PasteBox {
    precondition(
      max(height, width) <= 8 * min(height, width),
      "PasteBox: a crop of \(height) x \(width) has no room for the largest box")
    let area = random.uniform(0.02, 0.4) * Double(height * width)
    while true {
      let ratio = random.uniform(0.3, 1 / 0.3)
      let (across, down) = (Int((area / ratio).squareRoot()), Int((area * ratio).squareRoot()))
      let (left, top) = (random.below(width), random.below(height))
      if left + across <= width, top + down <= height {
        return PasteBox(rows: top..<top + down, columns: left..<left + across)
      }
    }
  }
}
