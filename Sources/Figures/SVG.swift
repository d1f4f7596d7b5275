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
    for shape in shapes { lines.append(Drawing.element(shape)) }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func element(_ shape: Shape) -> String {
    switch shape {
    case .line(let points, let stroke):
      let dash = stroke.dash.map { " stroke-dasharray=\"\(number($0.x)) \(number($0.y))\"" } ?? ""
      return "<polyline points=\"\(list(points))\" fill=\"none\" stroke=\"\(hex(stroke.colour))\" "
        + "stroke-width=\"\(number(stroke.width))\" stroke-linejoin=\"round\"\(dash)/>"
    case .polygon(let points, let colour):
      return "<polygon points=\"\(list(points))\" fill=\"\(hex(colour))\"/>"
    case .band(let upper, let lower, let colour, let opacity):
      return "<polygon points=\"\(list(upper + lower.reversed()))\" fill=\"\(hex(colour))\" "
        + "fill-opacity=\"\(number(opacity))\"/>"
    case .disc(let centre, let radius, let colour):
      return "<circle cx=\"\(number(centre.x))\" cy=\"\(number(centre.y))\" r=\"\(number(radius))\" "
        + "fill=\"\(hex(colour))\"/>"
    case .text(let text, let point, let size, let colour, let anchor, let isVertical):
      let turn = isVertical ? " transform=\"rotate(-90 \(number(point.x)) \(number(point.y)))\"" : ""
      return "<text x=\"\(number(point.x))\" y=\"\(number(point.y))\" font-size=\"\(number(size))\" "
        + "fill=\"\(hex(colour))\" text-anchor=\"\(anchor.rawValue)\"\(turn)>\(escaped(text))</text>"
    }
  }

  private static func list(_ points: [Point]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  private static func hex(_ colour: Colour) -> String {
    String(format: "#%02x%02x%02x", colour.red, colour.green, colour.blue)
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
