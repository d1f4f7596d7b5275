import Images

/// Figures 7 and 8: images with their labels and what networks predict of them, a row an image. Predictions in the
/// data set's colours, and below them how sure the network is, from black to white.
public struct QualitativeGrid {
  public struct Cell {
    public let prediction: ImageBuffer
    public let confidence: ImageBuffer
    /// One line below the cell.
    public let note: String

    public init(prediction: ImageBuffer, confidence: ImageBuffer, note: String) {
      (self.prediction, self.confidence, self.note) = (prediction, confidence, note)
    }
  }

  /// All pictures of a row are of one size.
  public struct Row {
    public let image: ImageBuffer
    public let label: ImageBuffer
    /// Lines below the image.
    public let notes: [String]
    /// One for each network.
    public let cells: [Cell]

    public init(image: ImageBuffer, label: ImageBuffer, notes: [String], cells: [Cell]) {
      (self.image, self.label, self.notes, self.cells) = (image, label, notes, cells)
    }
  }

  /// Of the networks.
  public let titles: [String]
  public let rows: [Row]
  public let legend: [(name: String, colour: [UInt8])]
  /// Lines at the bottom.
  public let captions: [String]

  public init(
    titles: [String], rows: [Row], legend: [(name: String, colour: [UInt8])], captions: [String]
  ) {
    precondition(
      rows.allSatisfy { $0.cells.count == titles.count },
      "QualitativeGrid: a row has not a cell for each title")
    (self.titles, self.rows, self.legend, self.captions) = (titles, rows, legend, captions)
  }

  /// Pixels that the columns are wide together, at least and about at most.
  private static let widths = (least: 1200, most: 4096)
  private static let gap = 8
  /// Of letters: a font's size in pixels.
  private static let text = 16.0
  private static let line = 24
  /// At the left, for what the lines of a row are.
  private static let margin = 28

  /// At least 1200 pixels wide: small pictures are enlarged by a whole factor, large ones thinned by one.
  public func picture() -> ImageBuffer {
    let columns = titles.count + 2
    let native = max(1, rows.map(\.image.width).max() ?? 1)
    let factor = max(1, (Self.widths.least + columns * native - 1) / (columns * native))
    let divisor = max(1, columns * native / Self.widths.most)
    func scaled(_ picture: ImageBuffer) -> ImageBuffer { picture.thinned(by: divisor).enlarged(by: factor) }
    let column = native / divisor * factor
    let width = Self.margin + columns * (column + Self.gap) + Self.gap
    func left(_ place: Int) -> Int { Self.margin + Self.gap + place * (column + Self.gap) }
    func rowHeight(_ row: Row) -> Int {
      2 * (scaled(row.label).height + Self.gap) + Self.line + Self.gap
    }
    let legendLines = self.legendLines(width: width - Self.margin)
    let captions = captions.flatMap { Self.wrapped($0, Double(width - Self.margin - 2 * Self.gap)) }
    let height =
      2 * Self.line + rows.reduce(0) { $0 + rowHeight($1) }
      + (legendLines.count + captions.count) * Self.line + Self.gap
    var canvas = Canvas(height: height, width: width)
    for (place, title) in (["image", "label"] + titles).enumerated() {
      Self.write(title, width: column, anchor: .middle, on: &canvas, x: left(place), y: Self.gap)
    }
    var top = Self.line + 2 * Self.gap
    for row in rows {
      let image = scaled(row.image)
      let second = top + image.height + Self.gap
      // Narrower pictures than others stand in the middle of their columns.
      let shift = (column - image.width) / 2
      canvas.putFramed(image, x: left(0) + shift, y: top)
      canvas.putFramed(scaled(row.label), x: left(1) + shift, y: top)
      for (line, note) in row.notes.enumerated() {
        Self.write(
          note, width: 2 * column, anchor: .start, on: &canvas, x: left(0), y: second + line * Self.line)
      }
      for (place, cell) in row.cells.enumerated() {
        canvas.putFramed(scaled(cell.prediction), x: left(place + 2) + shift, y: top)
        canvas.putFramed(scaled(cell.confidence), x: left(place + 2) + shift, y: second)
        Self.write(
          cell.note, width: column, anchor: .middle, on: &canvas, x: left(place + 2),
          y: second + image.height)
      }
      for (text, y) in [("prediction", top), ("confidence", second)] {
        Self.writeUpwards(text, height: image.height, on: &canvas, x: 0, y: y)
      }
      top += rowHeight(row)
    }
    for line in legendLines {
      canvas.put(line.image(scale: 1), x: Self.margin, y: top)
      top += Self.line
    }
    for caption in captions {
      Self.write(
        caption, width: width - Self.margin - Self.gap, anchor: .start, on: &canvas,
        x: Self.margin + Self.gap,
        y: top)
      top += Self.line
    }
    return canvas.image
  }

  // MARK: Text

  private static func write(
    _ text: String, width: Int, anchor: Drawing.Anchor, on canvas: inout Canvas, x: Int, y: Int
  ) {
    var drawing = Drawing(width: Double(width), height: Double(line))
    // The pen has a width.
    let at = anchor == .start ? 2 : Double(width) / 2
    drawing.add(text, at: .init(at, Double(line) - 8), size: fitting(text, Double(width)), .ink, anchor)
    canvas.put(drawing.image(scale: 1), x: x, y: y)
  }

  private static func writeUpwards(_ text: String, height: Int, on canvas: inout Canvas, x: Int, y: Int) {
    var drawing = Drawing(width: Double(margin), height: Double(height))
    drawing.add(
      text, at: .init(Double(margin) - 6, Double(height) / 2), size: fitting(text, Double(height)), .ink,
      .middle,
      isVertical: true)
    canvas.put(drawing.image(scale: 1), x: x, y: y)
  }

  /// Lines of whole words that are not longer than `length` pixels, as far as words allow.
  private static func wrapped(_ text: String, _ length: Double) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, 0.7 * Self.text * StrokeFont.strokes("\(last) \(word)").width <= length {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  /// The size at which a line is not longer than `length` pixels.
  private static func fitting(_ text: String, _ length: Double) -> Double {
    let own = 0.7 * Self.text * StrokeFont.strokes(text).width
    return own > length ? Self.text * length / own : Self.text
  }

  /// Swatches with names, as many a line as there is room for.
  private func legendLines(width: Int) -> [Drawing] {
    var lines: [Drawing] = []
    var x = Double.infinity
    for (name, colour) in legend where colour.count == 3 {
      let length = 26 + 0.7 * Self.text * StrokeFont.strokes(name).width + 22
      if x + length > Double(width) {
        lines.append(Drawing(width: Double(width), height: Double(Self.line)))
        x = Double(Self.gap)
      }
      let (top, side) = (4.0, 15.0)
      let corners = [(x, top), (x + side, top), (x + side, top + side), (x, top + side)]
      lines[lines.count - 1].add(
        .polygon(corners.map { .init($0.0, $0.1) }, .init(colour[0], colour[1], colour[2])))
      lines[lines.count - 1].add(name, at: .init(x + 21, Double(Self.line) - 7), size: Self.text)
      x += length
    }
    return lines
  }
}
