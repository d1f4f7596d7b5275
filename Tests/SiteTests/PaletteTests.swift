import Figures
import Foundation
import Site
import Testing

/// Contrast of the site's colours, computed as WCAG 2 defines it.
@Suite struct PaletteTests {
  /// Relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance.
  private func luminance(_ colour: Drawing.Colour) -> Double {
    let parts = [colour.red, colour.green, colour.blue].map { byte -> Double in
      let value = Double(byte) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }

  private func contrast(_ one: Drawing.Colour, _ other: Drawing.Colour) -> Double {
    let (a, b) = (luminance(one), luminance(other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  @Test func theFormulaIsTheStandards() {
    #expect(abs(contrast(.init(0, 0, 0), .init(255, 255, 255)) - 21) < 1e-9)
    // The grey that is just enough on white.
    #expect(abs(contrast(.init(118, 118, 118), .init(255, 255, 255)) - 4.54) < 0.01)
  }

  @Test(arguments: [Palette.light, .dark]) func textsAreReadable(_ palette: Palette) {
    for (text, ground) in Palette.texts {
      let ratio = contrast(palette[text], palette[ground])
      #expect(ratio >= 4.5, "\(palette.name): \(text.rawValue) on \(ground.rawValue) has \(ratio)")
    }
    for name in Palette.chartTexts {
      #expect(contrast(palette[chart: name], palette[.ground]) >= 4.5, "\(palette.name): \(name)")
    }
  }

  @Test(arguments: [Palette.light, .dark]) func shapesAreSeen(_ palette: Palette) {
    for name in Palette.chartShapes {
      let ratio = contrast(palette[chart: name], palette[.ground])
      #expect(ratio >= 3, "\(palette.name): \(name) has \(ratio)")
    }
  }

  /// Each colour that a drawing may use has one in both schemes.
  @Test(arguments: [Palette.light, .dark]) func chartsAreCovered(_ palette: Palette) {
    for entry in Drawing.Colour.named where entry.name != "ink" {
      #expect(palette[chart: entry.name] != palette[.ink], "\(palette.name): \(entry.name)")
    }
  }
}
