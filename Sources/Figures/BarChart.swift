/// Horizontal bars, one a row, each of one or several parts that follow one another.
public struct BarChart: Sendable {
  public struct Part: Sendable {
    public let value: Double
    public let colour: Drawing.Colour

    public init(_ value: Double, _ colour: Drawing.Colour) {
      (self.value, self.colour) = (value, colour)
    }
  }

  public struct Row: Sendable {
    public let label: String
    /// Not negative; none where nothing is known.
    public let parts: [Part]
    /// At the end of the bar.
    public let note: String

    public init(label: String, parts: [Part], note: String) {
      (self.label, self.parts, self.note) = (label, parts, note)
    }
  }

  public let rows: [Row]
  /// Value at the right end of the axis.
  public let top: Double
  /// Names of colours, above the bars; none without.
  public let legend: [(name: String, colour: Drawing.Colour)]

  public init(rows: [Row], top: Double, legend: [(name: String, colour: Drawing.Colour)] = []) {
    precondition(top > 0, "BarChart: an axis up to \(top)")
    (self.rows, self.top, self.legend) = (rows, top, legend)
  }

  typealias Point = Drawing.Point

  private static let row = 24.0
  private static let thickness = 14.0
  private static let bars = 260.0
  private static let notes = 84.0
  /// Points of a letter of size 13, about: of a wide sans serif, which a browser may take.
  private static let letter = 7.6
  /// Letters of a label that has room beside its bar; longer ones stand above theirs.
  private static let longest = 30

  /// As wide as the longest label needs.
  public var drawing: Drawing {
    let letters = rows.map(\.label.count).max() ?? 0
    let isAbove = letters > Self.longest
    let left = isAbove ? 0 : 12 + Self.letter * Double(letters)
    let above = legend.isEmpty ? 4.0 : 28
    let step = isAbove ? 2 * Self.row : Self.row
    var drawing = Drawing(
      width: isAbove
        ? max(Self.letter * Double(letters), Self.bars + Self.notes) : left + Self.bars + Self.notes,
      height: above + step * Double(rows.count) + 4)
    var x = left
    for entry in legend {
      drawing.add(.polygon(Self.box(x: x, y: 6, width: 12, height: 12), entry.colour))
      drawing.add(entry.name, at: Point(x + 18, 16.5), size: 12)
      x += 34 + Self.letter * Double(entry.name.count)
    }
    for (index, row) in rows.enumerated() {
      let y = above + step * Double(index + 1) - Self.row + (Self.row - Self.thickness) / 2
      drawing.add(
        .polygon(Self.box(x: left, y: y, width: Self.bars, height: Self.thickness), .shade))
      var start = left
      for part in row.parts where part.value > 0 {
        let width = min(part.value / top, 1) * Self.bars
        drawing.add(
          .polygon(
            Self.box(
              x: start, y: y, width: min(width, left + Self.bars - start), height: Self.thickness),
            part.colour))
        start += width
      }
      let line = y + Self.thickness - 2.5
      if isAbove {
        drawing.add(row.label, at: Point(left, line - Self.row + 4), size: 13, .ink)
      } else {
        drawing.add(row.label, at: Point(left - 10, line), size: 13, .ink, .end)
      }
      drawing.add(row.note, at: Point(left + Self.bars + 10, line), size: 13, .ink)
    }
    return drawing
  }

  static func box(x: Double, y: Double, width: Double, height: Double) -> [Point] {
    [Point(x, y), Point(x + width, y), Point(x + width, y + height), Point(x, y + height)]
  }
}
