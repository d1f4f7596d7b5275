import Figures

/// The colours of the site, once for a light and once for a dark ground. A style sheet names them by their roles.
public struct Palette: Sendable {
  public typealias Colour = Drawing.Colour

  /// What a colour is for.
  public enum Role: String, CaseIterable, Sendable {
    case ground, surface, line, ink, muted, accent
    case good, goodGround = "good-ground", bad, badGround = "bad-ground", open, openGround = "open-ground"
  }

  public let name: String
  private let roles: [(Role, Colour)]
  /// What the named colours of charts become.
  private let charts: [(String, Colour)]

  public subscript(role: Role) -> Colour { roles.first { $0.0 == role }?.1 ?? .ink }

  public subscript(chart name: String) -> Colour { charts.first { $0.0 == name }?.1 ?? .ink }

  /// Text on its ground: at least 4.5 to 1 (WCAG 2, AA).
  public static let texts: [(text: Role, ground: Role)] =
    [.ink, .muted, .accent, .good, .bad, .open].flatMap { [($0, .ground), ($0, .surface)] } + [
      (.good, .goodGround), (.bad, .badGround), (.open, .openGround),
    ]

  /// Letters in charts: the same ratio.
  public static let chartTexts = ["ink", "grey"]
  /// Shapes that carry meaning, on the ground: at least 3 to 1.
  public static let chartShapes = ["blue", "orange", "green", "red", "violet"]

  public static let light = Palette(
    name: "light",
    roles: [
      (.ground, Colour(255, 255, 255)), (.surface, Colour(246, 247, 249)), (.line, Colour(219, 224, 230)),
      (.ink, Colour(26, 31, 38)), (.muted, Colour(86, 95, 106)), (.accent, Colour(28, 88, 160)),
      (.good, Colour(20, 98, 55)), (.goodGround, Colour(228, 243, 234)),
      (.bad, Colour(165, 33, 28)), (.badGround, Colour(252, 233, 231)),
      (.open, Colour(115, 78, 8)), (.openGround, Colour(250, 240, 217)),
    ],
    charts: [
      ("ink", Colour(26, 31, 38)), ("grey", Colour(98, 107, 118)), ("grid", Colour(226, 230, 235)),
      ("blue", Colour(38, 104, 178)), ("orange", Colour(201, 99, 13)), ("green", Colour(38, 132, 72)),
      ("red", Colour(196, 56, 48)), ("violet", Colour(122, 78, 168)), ("white", Colour(255, 255, 255)),
      ("shade", Colour(238, 241, 245)),
    ])

  public static let dark = Palette(
    name: "dark",
    roles: [
      (.ground, Colour(15, 19, 24)), (.surface, Colour(23, 28, 35)), (.line, Colour(45, 53, 63)),
      (.ink, Colour(228, 232, 237)), (.muted, Colour(157, 167, 178)), (.accent, Colour(126, 180, 245)),
      (.good, Colour(112, 209, 149)), (.goodGround, Colour(20, 48, 34)),
      (.bad, Colour(255, 153, 143)), (.badGround, Colour(64, 26, 24)),
      (.open, Colour(232, 191, 102)), (.openGround, Colour(56, 43, 16)),
    ],
    charts: [
      ("ink", Colour(228, 232, 237)), ("grey", Colour(157, 167, 178)), ("grid", Colour(45, 53, 63)),
      ("blue", Colour(95, 161, 235)), ("orange", Colour(236, 146, 70)), ("green", Colour(84, 190, 124)),
      ("red", Colour(240, 118, 110)), ("violet", Colour(178, 146, 236)), ("white", Colour(15, 19, 24)),
      ("shade", Colour(32, 39, 48)),
    ])

  /// Custom properties of CSS, in the order of roles.
  var css: String {
    (roles.map { ("--\($0.0.rawValue)", $0.1) } + charts.map { ("--chart-\($0.0)", $0.1) })
      .map { "\($0.0):\(Palette.hex($0.1));" }.joined()
  }

  private static func hex(_ colour: Colour) -> String {
    "#"
      + [colour.red, colour.green, colour.blue].map { byte in
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
  }
}
