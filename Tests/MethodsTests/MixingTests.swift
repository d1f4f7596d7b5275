import Losses
import Methods
import Tensors
import Testing
import Training

/// CutMix: boxes, what is pasted with them, and the mixings of AugSeg and iMAS.
@Suite struct MixingTests {
  private static let (height, width) = (30, 47)

  /// By its definition, from the same numbers: a centre column, then a centre row, and no more.
  @Test(arguments: [(0.3, 8), (0.9, 16), (1, 8), (0.02, 16), (0, 8)])
  func centredBoxes(_ side: Double, _ margin: Int) {
    var random = RandomSource(seed: 3, purpose: "boxes")
    var lefts: Set<Int> = []
    for _ in 0..<4000 {
      var copy = random
      let box = PasteBox.centred(
        side: side, margin: margin, height: Self.height, width: Self.width, using: &random)
      let column = 47 / margin + copy.below(47 - 47 / margin)
      let row = 30 / margin + copy.below(30 - 30 / margin)
      let (across, down) = (Int(side * 47) / 2, Int(side * 30) / 2)
      #expect(box.columns == max(column - across, 0)..<min(column + across, 47))
      #expect(box.rows == max(row - down, 0)..<min(row + down, 30))
      #expect(random.next() == copy.next())
      lefts.insert(column)
    }
    #expect(lefts == Set(47 / margin..<47))
  }

  @Test func boxesWithoutArea() {
    var random = RandomSource(seed: 3, purpose: "boxes")
    for side in [0, 0.02] {
      #expect(PasteBox.centred(side: side, margin: 8, height: 30, width: 47, using: &random).isEmpty)
    }
    #expect(PasteBox.empty.isEmpty && PasteBox(rows: 2..<2, columns: 0..<9).isEmpty)
    #expect(!PasteBox(rows: 2..<3, columns: 0..<1).isEmpty)
  }

  @Test func halfBoxes() {
    var random = RandomSource(seed: 4, purpose: "boxes")
    var widths: Set<Int> = []
    for _ in 0..<4000 {
      var copy = random
      let box = PasteBox.half(height: Self.height, width: Self.width, using: &random)
      for _ in 0..<3 { _ = copy.next() }
      #expect(random.next() == copy.next())
      #expect(box.rows.lowerBound >= 0 && box.rows.upperBound <= 30)
      #expect(box.columns.lowerBound >= 0 && box.columns.upperBound <= 47)
      // Half of 1410 pixels, to half a row.
      #expect(abs(Double(box.rows.count * box.columns.count) - 705) <= Double(box.columns.count) / 2)
      widths.insert(box.columns.count)
    }
    #expect(widths == Set(24...47))
  }

  @Test func boxesInside() {
    var random = RandomSource(seed: 5, purpose: "boxes")
    for _ in 0..<4000 {
      var copy = random
      let box = PasteBox.inside(height: Self.height, width: Self.width, using: &random)
      #expect(box.rows.lowerBound >= 0 && box.rows.upperBound <= 30)
      #expect(box.columns.lowerBound >= 0 && box.columns.upperBound <= 47)
      let (down, across) = (Double(box.rows.count), Double(box.columns.count))
      #expect(down * across <= 0.4 * 1410 && (down + 1) * (across + 1) >= 0.02 * 1410)
      #expect(down / (across + 1) <= 1 / 0.3 && (down + 1) / across >= 0.3)
      // One number for the area, and three for each trial.
      var trials = 1
      let next = random.next()
      for _ in 0..<4 { _ = copy.next() }
      while copy.next() != next {
        trials += 1
        for _ in 0..<2 { _ = copy.next() }
        guard trials < 1000 else {
          Issue.record("no whole number of trials was drawn")
          return
        }
      }
    }
  }

  /// Images whose pixels say where they are from: 1000 of the source, and the place. [count, 2, 3, 5].
  private static func marked(_ first: Int, count: Int, height: Int = 3, width: Int = 5) -> Tensor {
    Tensor(
      (0..<count * 2 * height * width).map { Float(first * 1000 + $0) }, shape: [count, 2, height, width])
  }

  private static func labels(_ count: Int, _ value: (Int) -> UInt8, height: Int = 3, width: Int = 5)
    -> LabelBatch
  {
    LabelBatch(
      count: count, height: height, width: width, values: (0..<count * height * width).map(value))
  }

  @Test func pastesPictureLabelAndConfidence() {
    let images = Self.marked(0, count: 3)
    var pictures = MixedPictures(
      images: images, labels: Self.labels(3) { UInt8($0 % 7) },
      confidence: (0..<45).map { Float($0) / 100 })
    let other = MixedPictures(
      images: Self.marked(1, count: 2), labels: Self.labels(2) { UInt8(100 + $0) },
      confidence: (0..<30).map { Float($0) / 100 + 0.5 })
    let before = pictures.copied()
    let box = PasteBox(rows: 1..<3, columns: 2..<4)
    pictures.paste(box, into: 2, from: other, 1)
    for image in 0..<3 {
      for (row, column) in (0..<15).map({ ($0 / 5, $0 % 5) }) {
        let isPasted = image == 2 && box.rows.contains(row) && box.columns.contains(column)
        let place = row * 5 + column
        let (at, from) = (image * 15 + place, 15 + place)
        let (label, confidence): (UInt8, Float) =
          isPasted ? (UInt8(100 + from), Float(from) / 100 + 0.5) : (UInt8(at % 7), Float(at) / 100)
        #expect(pictures.labels.values[at] == label)
        #expect(pictures.confidence[at] == confidence)
        for channel in 0..<2 {
          let own = (image * 2 + channel) * 15 + place
          let pasted = 1000 + (2 + channel) * 15 + place
          #expect(pictures.images.values[own] == Float(isPasted ? pasted : own))
        }
      }
    }
    // Neither what was copied nor the tensor it was made of has changed.
    #expect(before.images.values == (0..<90).map { Float($0) } && images.values == before.images.values)
    #expect(before.labels.values[42] == 0 && before.confidence[42] == 0.42)
  }

  @Test func aBoxOfAreaZeroChangesNothing() {
    var pictures = MixedPictures(
      images: Self.marked(0, count: 1), labels: Self.labels(1) { UInt8($0) },
      confidence: [Float](repeating: 1, count: 15))
    let other = MixedPictures(
      images: Self.marked(1, count: 1), labels: Self.labels(1) { _ in 9 },
      confidence: [Float](repeating: 0, count: 15))
    for box in [PasteBox.empty, PasteBox(rows: 0..<3, columns: 2..<2), PasteBox(rows: 1..<1, columns: 0..<5)]
    {
      pictures.paste(box, into: 0, from: other, 0)
    }
    #expect(pictures.images.values == Self.marked(0, count: 1).values)
    #expect(
      pictures.labels.values == (0..<15).map { UInt8($0) } && pictures.confidence.allSatisfy { $0 == 1 })
  }
}
