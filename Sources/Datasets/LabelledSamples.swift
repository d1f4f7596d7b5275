import Tensors

/// Which samples of a training split keep their labels in semi-supervised learning; the others are the unlabelled ones.
public enum LabelledSamples {
  /// Draws samples in the proportion that a publication states for its own split, such as 92 of 10582.
  /// - Parameters:
  ///   - images: of `total`, less than that.
  ///   - count: samples of the split.
  ///   - seed: of the subset, not of a run.
  /// - Returns: indices, both ascending; of at least two samples, neither is empty.
  public static func drawn(
    images: Int, of total: Int, from count: Int, seed: UInt64
  ) -> (labelled: [Int], others: [Int]) {
    precondition(images > 0 && images < total, "LabelledSamples: \(images) of \(total) images")
    return drawn(share: Double(images) / Double(total), of: count, seed: seed)
  }

  /// - Parameters:
  ///   - share: 0 < share < 1, of the samples, rounded, but at least one on either side.
  ///   - count: samples of the split.
  ///   - seed: of the subset, not of a run.
  /// - Returns: indices, both ascending; of at least two samples, neither is empty.
  public static func drawn(share: Double, of count: Int, seed: UInt64) -> (labelled: [Int], others: [Int]) {
    var random = RandomSource(seed: seed, purpose: "labelled samples", count)
    let kept = min(max(Int((share * Double(count)).rounded()), 1), max(count - 1, 1))
    let order = random.permutation(count)
    return (order.prefix(kept).sorted(), order.dropFirst(kept).sorted())
  }

  /// Reads a list of labelled samples: one a line, as an identifier (`2008_000003`) or as the lists of public codes have
  /// them, as the paths of its files (`JPEGImages/2008_000003.jpg SegmentationClass/2008_000003.png`). Of paths the image's
  /// counts: the sample with an image of that path, else the one whose identifier is its name without the ending. Blank
  /// lines are skipped.
  /// - Parameters:
  ///   - path: of the list.
  ///   - samples: the whole split.
  /// - Returns: indices of `samples`, ascending: the order of the list means nothing.
  /// - Throws: `DatasetError.unknownIdentifier`, `.repeatedIdentifier`, `.emptyList`, `.allLabelled`, `.badList`;
  ///   `.image` and `.badListText` when the list cannot be read.
  public static func listed(path: String, in samples: [SampleFiles]) throws -> [Int] {
    let places = SamplePlaces(samples)
    var found: Set<Int> = []
    let list = try ListFile(path)
    if let error = list.errors.first { throw error }
    for line in list.lines {
      let (place, name) = places[line]
      guard let place else {
        throw DatasetError.unknownIdentifier(path: path, line: line.number, id: name, samples: samples.count)
      }
      guard found.insert(place).inserted else {
        throw DatasetError.repeatedIdentifier(path: path, line: line.number, id: samples[place].id)
      }
    }
    guard !found.isEmpty else { throw DatasetError.emptyList(path: path) }
    guard found.count < samples.count else {
      throw DatasetError.allLabelled(path: path, samples: samples.count)
    }
    return found.sorted()
  }

  /// The samples that are not labelled, ascending.
  /// - Parameter labelled: distinct indices in 0..<count.
  public static func others(than labelled: [Int], of count: Int) -> [Int] {
    let kept = Set(labelled)
    precondition(
      kept.count == labelled.count && kept.allSatisfy { (0..<count).contains($0) },
      "LabelledSamples: labelled indices are to be distinct and in 0..<\(count)")
    return (0..<count).filter { !kept.contains($0) }
  }

  /// The text by whose hash lists are told apart: the identifiers in the order of their bytes, one a line, without a
  /// newline at the end. Tools that print lines hash the same text with one.
  public static func canonical(_ ids: [String]) -> String {
    ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: "\n")
  }
}

/// Finds samples by what lines of a list say.
private struct SamplePlaces {
  private let byID: [FileName: Int]
  /// By the image's name.
  private let byFile: [FileName: [Int]]
  private let samples: [SampleFiles]

  init(_ samples: [SampleFiles]) {
    self.samples = samples
    byID = Dictionary(
      samples.enumerated().map { (FileName($1.id), $0) }, uniquingKeysWith: { first, _ in first })
    byFile = Dictionary(grouping: samples.indices) { FileName(FileNaming.last(samples[$0].imagePath)) }
  }

  /// - Returns: the index of a sample, or nil; and how it was looked for.
  subscript(line: ListFile.Line) -> (place: Int?, name: String) {
    for text in [line.text, line.whole] {
      if let place = byID[FileName(text)] { return (place, text) }
    }
    let path = image(of: line.text)
    let below = Array("/\(FileNaming.relative(path))".utf8)
    let found = (byFile[FileName(FileNaming.last(path))] ?? []).filter {
      samples[$0].imagePath.utf8.suffix(below.count).elementsEqual(below)
    }
    if found.count == 1 { return (found[0], samples[found[0]].id) }
    let file = FileNaming.last(path)
    let name = FileNaming.stem(file, endings: FileNaming.pictureEndings) ?? file
    return (byID[FileName(name)], name)
  }

  /// The first path of a line: what stands before a blank, and ends as pictures do, since names may have blanks.
  private func image(of line: String) -> String {
    IdentifierList.fields(line).map(\.first).first { FileNaming.isPicture($0) } ?? line
  }
}
