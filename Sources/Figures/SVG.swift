import Foundation

extension Drawing {
  /// The picture as an SVG document. Equal drawings give equal text.
  public var svg: String {
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Drawing.number(width))\" "
        + "height=\"\(Drawing.number(height))\" viewBox=\"0 0 \(Drawing.number(width)) "
        + "\(Drawing.number(height))\" font-family=\"Helvetica, Arial, sans-serif\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
    ]
    for shape in shapes { lines.append(Drawing.element(shape) { Drawing.hex($1, $0) }) }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// The picture as an element of an HTML page. It has no ground of its own, and its named colours are classes
  /// (`fill-blue`, `stroke-ink`), so that a style sheet may replace them in the dark.
  /// - Parameters:
  ///   - id: unique in the page; letters, digits and `-`.
  ///   - title: what it is, for those who do not see it.
  ///   - description: what it shows, in a sentence.
  public func inline(id: String, title: String, description: String) -> String {
    let head =
      "<svg class=\"chart\" role=\"img\" aria-labelledby=\"\(id)-t \(id)-d\" width=\"\(Drawing.number(width))\" "
      + "height=\"\(Drawing.number(height))\" viewBox=\"0 0 \(Drawing.number(width)) "
      + "\(Drawing.number(height))\"><title id=\"\(id)-t\">\(Drawing.escaped(title))</title>"
      + "<desc id=\"\(id)-d\">\(Drawing.escaped(description))</desc>"
    let body = shapes.map { shape in
      Drawing.element(shape) { colour, property in
        let name = colour.name.map { " class=\"\(property)-\($0)\"" } ?? ""
        return Drawing.hex(property, colour) + name
      }
    }
    return head + body.joined() + "</svg>"
  }

  /// - Parameter paint: the attributes of a colour, as `fill` or as `stroke`.
  private static func element(_ shape: Shape, paint: (Colour, String) -> String) -> String {
    switch shape {
    case .line(let points, let stroke):
      let dash = stroke.dash.map { " stroke-dasharray=\"\(number($0.x)) \(number($0.y))\"" } ?? ""
      return "<polyline points=\"\(list(points))\" fill=\"none\" \(paint(stroke.colour, "stroke")) "
        + "stroke-width=\"\(number(stroke.width))\" stroke-linejoin=\"round\"\(dash)/>"
    case .polygon(let points, let colour):
      return "<polygon points=\"\(list(points))\" \(paint(colour, "fill"))/>"
    case .band(let upper, let lower, let colour, let opacity):
      return "<polygon points=\"\(list(upper + lower.reversed()))\" \(paint(colour, "fill")) "
        + "fill-opacity=\"\(number(opacity))\"/>"
    case .disc(let centre, let radius, let colour):
      return "<circle cx=\"\(number(centre.x))\" cy=\"\(number(centre.y))\" r=\"\(number(radius))\" "
        + "\(paint(colour, "fill"))/>"
    case .text(let text, let point, let size, let colour, let anchor, let isVertical):
      let turn = isVertical ? " transform=\"rotate(-90 \(number(point.x)) \(number(point.y)))\"" : ""
      return "<text x=\"\(number(point.x))\" y=\"\(number(point.y))\" font-size=\"\(number(size))\" "
        + "\(paint(colour, "fill")) text-anchor=\"\(anchor.rawValue)\"\(turn)>\(escaped(text))</text>"
    }
  }

  private static func list(_ points: [Point]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  private static func hex(_ property: String, _ colour: Colour) -> String {
    String(format: "\(property)=\"#%02x%02x%02x\"", colour.red, colour.green, colour.blue)
  }

  /// Hundredths of a point, without trailing zeros.
  private static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
    let sign = hundredths < 0 ? "-" : ""
    guard rest > 0 else { return "\(sign)\(whole)" }
    let digits = rest % 10 == 0 ? "\(rest / 10)" : (rest < 10 ? "0\(rest)" : "\(rest)")
    return "\(sign)\(whole).\(digits)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;")
  }
}

extension Drawing.Colour {
  /// The colours that charts use, by the names that style sheets know them by.
  public static let named: [(name: String, colour: Drawing.Colour)] = [
    ("ink", .ink), ("grey", .grey), ("grid", .grid), ("blue", .blue), ("orange", .orange), ("green", .green),
    ("red", .red), ("violet", .violet), ("white", .white), ("shade", .shade),
  ]

  fileprivate var name: String? { Drawing.Colour.named.first { $0.colour == self }?.name }
}
