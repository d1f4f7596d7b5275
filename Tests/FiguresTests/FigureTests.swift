import Figures
import Foundation
import Images
import JSON
import Metrics
import TestSupport
import Testing

/// The paper's figures against the values that its text states or its equations give.
@Suite(.serialized) struct FigureTests {
  private func object(_ value: JSONValue?) -> [String: JSONValue] {
    guard case .object(let members) = value else { return [:] }
    return members
  }

  private func array(_ value: JSONValue?) -> [JSONValue] {
    guard case .array(let items) = value else { return [] }
    return items
  }

  private func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .number(let number): return number
    case .int(let number): return Double(number)
    default: return nil
    }
  }

  private func data(_ figure: Int) throws -> [String: JSONValue] { object(try #require(Figure(figure)).data) }

  /// The value of a curve at a prediction on the grid.
  private func value(_ curves: JSONValue?, _ name: String, at x: Double) throws -> Double {
    let curve = object(array(curves).first { object($0)["name"] == .string(name) })
    let index = try #require(array(curve["x"]).firstIndex { number($0) == x })
    return try #require(number(array(curve["value"])[index]))
  }

  @Test(arguments: [
    (0.1, "JML1", 0.0, 1.0), (0.1, "JML1", 0.1, 0.0), (0.1, "JML1", 0.5, 0.8), (0.1, "JML1", 1.0, 0.9),
    (0.9, "JML1", 0.0, 1.0), (0.9, "JML1", 0.5, 0.444444), (0.9, "JML1", 0.9, 0.0), (0.9, "JML1", 1.0, 0.1),
    (0.1, "CE", 0.1, 0.325083), (0.9, "CE", 0.9, 0.325083), (0.1, "CE", 0.5, 0.693147),
    (0.9, "CE", 0.5, 0.693147),
  ])
  func figure1(_ label: Double, _ curve: String, _ x: Double, _ expected: Double) throws {
    let panels = array(try data(1)["panels"])
    let panel = object(panels.first { number(object($0)["label"]) == label })
    expectClose(try value(panel["curves"], curve, at: x), expected, tolerance: 1e-6)
    expectClose(try #require(number(object(panel["slopes_at_label"])["right"])), 1 / label, tolerance: 1e-12)
  }

  @Test(arguments: [
    ("JML1", 0.0, 1.0), ("JML1", 0.25, 0.5), ("JML1", 0.5, 0.0), ("JML1", 0.75, 0.333333), ("JML1", 1.0, 0.5),
    ("JML2", 0.0, 1.0), ("JML2", 0.25, 0.666667), ("JML2", 0.5, 0.0), ("JML2", 0.75, 0.4), ("JML2", 1.0, 0.5),
    ("closure", 0.25, 0.5), ("closure", 0.75, 0.25),
  ])
  func figure2(_ curve: String, _ x: Double, _ expected: Double) throws {
    expectClose(try value(try data(2)["curves"], curve, at: x), expected, tolerance: 1e-6)
  }

  /// JML1 lies on the closure up to 0.5 and above it after, and never above JML2.
  @Test func figure2Order() throws {
    let curves = try data(2)["curves"]
    for step in 0...1000 {
      let x = Double(step) / 1000
      let (first, second) = (try value(curves, "JML1", at: x), try value(curves, "JML2", at: x))
      let closure = try value(curves, "closure", at: x)
      #expect(first <= second + 1e-15)
      if x <= 0.5 || x == 1 { #expect(abs(first - closure) < 1e-14) } else { #expect(first > closure) }
    }
  }

  @Test func figure3() throws {
    let data = try data(3)
    let expected = [("x", 0.293116, 0.386898), ("x'", 0.277248, 0.356704), ("midpoint", 0.224145, 0.309530)]
    for (name, first, second) in expected {
      let point = object(array(data["points"]).first { object($0)["name"] == .string(name) })
      expectClose(try #require(number(point["JML1"])), first, tolerance: 1e-6)
      expectClose(try #require(number(point["JML2"])), second, tolerance: 1e-6)
    }
    for loss in ["JML1", "JML2"] {
      let chord = object(data[loss])
      #expect(try #require(number(chord["mean_of_ends"])) > (try #require(number(chord["midpoint"]))))
    }
  }

  @Test(arguments: Figure.numbers) func files(_ number: Int) throws {
    try withTemporaryDirectory { folder in
      let figure = try #require(Figure(number))
      let files = try figure.write(to: folder)
      #expect(files.map(\.lastPathComponent) == ["svg", "png", "json"].map { "figure\(number).\($0)" })
      let svg = try String(contentsOf: files[0], encoding: .utf8)
      #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
      let picture = try ImageFile.readRGB(files[1].path)
      #expect(picture.width == 2 * Int(figure.drawing.width))
      #expect(picture == figure.drawing.image())
      let inked = picture.pixels.count { $0 < 128 }
      #expect(inked > picture.pixels.count / 300 && inked < picture.pixels.count / 4)
      #expect(try JSONSerialization.jsonObject(with: Data(contentsOf: files[2])) is [String: Any])
      // The same twice.
      let again = try figure.write(to: folder)
      #expect(try String(contentsOf: again[0], encoding: .utf8) == svg)
    }
  }

  /// Two bins with pixels: two bars, two dots.
  @Test func reliability() throws {
    let bins = CalibrationBins(
      images: 1, count: [0, 0, 0, 0, 0, 4, 0, 0, 0, 2],
      confidence: [0, 0, 0, 0, 0, 2.2, 0, 0, 0, 1.9], correct: [0, 0, 0, 0, 0, 1, 0, 0, 0, 2])
    let drawing = ReliabilityChart.drawing(ReliabilityDiagram(bins), title: "two bins")
    var counts = (bars: 0, dots: 0)
    for shape in drawing.shapes {
      switch shape {
      case .polygon: counts.bars += 1
      case .disc: counts.dots += 1
      case .line, .text, .band: break
      }
    }
    #expect(counts == (2, 2))
    #expect(drawing.svg.contains("two bins"))
  }

  @Test func otherFiguresNeedTraining() { for number in [0, 4, 8] { #expect(Figure(number) == nil) } }
}
