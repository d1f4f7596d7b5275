import Figures
import Images
import Testing

/// Which images are shown, and how they stand beside each other.
@Suite struct QualitativeTests {
  @Test func picksByRank() {
    // Ranks 0...10 are the items 10...0.
    let values = (0...10).map { Optional(Double(10 - $0)) }
    let picked = QuantilePick.items(at: [0.9, 0.7, 0.5, 0.3], of: values)
    #expect(picked.map(\.item) == [1, 3, 5, 7])
    #expect(picked.map(\.quantile) == [0.9, 0.7, 0.5, 0.3])
  }

  /// Equal values go by their order, a taken rank gives way, and what has no value is never picked.
  @Test func picksEachOnce() {
    #expect(QuantilePick.items(at: [0, 0.1, 0.2], of: [5, nil, 5, 5]).map(\.item) == [0, 2, 3])
    #expect(QuantilePick.items(at: [0.9, 0.7, 0.5, 0.3], of: [1, 2]).map(\.item) == [1, 0])
    #expect(QuantilePick.items(at: [0.5], of: [nil, nil]).isEmpty)
    #expect(QuantilePick.items(at: [0.5], of: []).isEmpty)
  }

  private func plain(_ level: UInt8, _ height: Int, _ width: Int) -> ImageBuffer {
    ImageBuffer(height: height, width: width, pixels: [UInt8](repeating: level, count: height * width * 3))
  }

  private func grid(_ sizes: [(height: Int, width: Int)]) -> QualitativeGrid {
    QualitativeGrid(
      titles: ["CE", "JML"],
      rows: sizes.map { size in
        let picture = plain(0, size.height, size.width)
        return QualitativeGrid.Row(
          image: picture, label: picture, notes: ["id"],
          cells: [0, 1].map { _ in
            QualitativeGrid.Cell(
              prediction: picture, confidence: plain(128, size.height, size.width), note: "note")
          })
      }, legend: [(name: "road", colour: [128, 64, 128])], captions: ["A caption of some words."])
  }

  /// Small pictures grow by a whole factor, so that each pixel is a square of one colour.
  @Test func isWideEnough() throws {
    let picture = grid([(20, 30), (40, 25)]).picture()
    #expect(picture.width >= 1200 && picture.width < 1500)
    #expect(picture == grid([(20, 30), (40, 25)]).picture())
    // 1200 pixels over four columns of 30 are squares of 10: four black pictures a row, two grey ones.
    let black = picture.pixels.count { $0 == 0 } / 3
    let grey = picture.pixels.count { $0 == 128 } / 3
    let area = (20 * 30 + 40 * 25) * 100
    #expect(black >= 4 * area && black < 4 * area + 2000)
    #expect(grey >= 2 * area && grey < 2 * area + 2000)
  }

  @Test func largePicturesAreThinned() {
    let picture = grid([(512, 2048)]).picture()
    #expect(picture.width >= 1200 && picture.width < 5000)
  }
}
