/// Letters as pen strokes, for pictures of pixels: no font file is needed. A glyph is a list of strokes
/// between ";", a stroke a list of points, a point the digits of x (0...4) and y (0...8, upwards; the base
/// line is 2, capitals reach 8, small letters 6).
enum StrokeFont {
  typealias Point = SIMD2<Double>

  /// Height of capitals in glyph units.
  static let capitals = 6.0
  /// Between glyphs, in glyph units.
  static let gap = 1.9

  /// Strokes of a line of text that starts at (0, 0) on the base line, y upwards, with capitals of height 1,
  /// and its width. A character that the font lacks is a box.
  static func strokes(_ text: String) -> (strokes: [[Point]], width: Double) {
    var result: [[Point]] = []
    var x = 0.0
    for character in text {
      let glyph = glyphs[character] ?? "02 08 48 42 02"
      var extent = character == " " ? 1.2 : 0
      for stroke in glyph.split(separator: ";") {
        let points = stroke.split(separator: " ").map { digits -> Point in
          let values = digits.utf8.map { Double($0) - 48 }
          return Point(values[0], values[1] - 2)
        }
        extent = max(extent, points.map(\.x).max() ?? 0)
        result.append(points.map { Point($0.x + x, $0.y) / capitals })
      }
      x += extent + gap
    }
    return (result, max(0, x - gap) / capitals)
  }

  private static let glyphs: [Character: String] = [
    " ": "", ".": "02 02", ",": "12 01", "-": "05 35", "=": "06 46;04 44", "(": "18 07 03 12",
    ")": "08 17 13 02", "'": "08 06", "|": "08 01", "/": "02 48", "+": "05 45;27 23", "<": "47 05 43",
    ">": "07 45 03", ":": "03 03;06 06", ";": "13 01;16 16",
    "%": "02 48;18 07 16 27 18;34 23 32 43 34", "_": "01 41", "[": "18 08 02 12",
    "]": "08 18 12 02",
    "0": "18 07 03 12 32 43 47 38 18", "1": "07 18 12", "2": "07 18 38 47 46 02 42",
    "3": "07 18 38 47 46 35 25;35 44 43 32 12 03", "4": "38 04 44;32 38", "5": "48 08 05 35 44 43 32 12 03",
    "6": "47 38 18 07 03 12 32 43 44 35 05", "7": "08 48 12",
    "8": "15 06 07 18 38 47 46 35 15 04 03 12 32 43 44 35", "9": "03 12 32 43 47 38 18 07 06 15 45",
    "A": "02 28 42;14 34", "B": "02 08 38 47 46 35 05;35 44 43 32 02", "C": "47 38 18 07 03 12 32 43",
    "D": "02 08 28 46 44 22 02", "E": "48 08 02 42;05 35", "F": "48 08 02;05 35",
    "G": "47 38 18 07 03 12 32 43 45 25", "H": "02 08;42 48;05 45", "I": "02 08", "J": "38 33 22 12 03",
    "K": "02 08;48 05 42", "L": "08 02 42", "M": "02 08 24 48 42", "N": "02 08 42 48",
    "O": "18 07 03 12 32 43 47 38 18", "P": "02 08 38 47 46 35 05", "Q": "18 07 03 12 32 43 47 38 18;34 42",
    "R": "02 08 38 47 46 35 05;25 42", "S": "47 38 18 07 06 15 35 44 43 32 12 03", "T": "08 48;28 22",
    "U": "08 03 12 32 43 48", "V": "08 22 48", "W": "08 12 26 32 48", "X": "08 42;48 02",
    "Y": "08 25 48;25 22",
    "Z": "08 48 02 42", "a": "46 42;45 36 16 05 03 12 32 43", "b": "08 02;05 16 36 45 43 32 12 03",
    "c": "45 36 16 05 03 12 32 43", "d": "48 42;45 36 16 05 03 12 32 43",
    "e": "04 44 45 36 16 05 03 12 32 43", "f": "38 28 17 12;06 26",
    "g": "46 41 30 10 01;45 36 16 05 03 12 32 43", "h": "08 02;05 16 36 45 42", "i": "02 06;08 08",
    "j": "16 11 00;18 18", "k": "08 02;36 04 32", "l": "08 02", "m": "02 06;05 16 25 22;25 36 45 42",
    "n": "02 06;05 16 36 45 42", "o": "16 05 03 12 32 43 45 36 16", "p": "06 00;05 16 36 45 43 32 12 03",
    "q": "46 40;45 36 16 05 03 12 32 43", "r": "02 06;05 16 26", "s": "45 36 16 05 14 34 43 32 12 03",
    "t": "18 13 22 32;06 26", "u": "06 03 12 32 43;46 42", "v": "06 22 46", "w": "06 12 25 32 46",
    "x": "06 42;46 02", "y": "06 22;46 10 00", "z": "06 46 02 42",
  ]
}
