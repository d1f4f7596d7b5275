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
  /// them (`JPEGImages/2008_000003.jpg SegmentationClass/2008_000003.png`: the first file's name without its
  /// extension). Blank lines are skipped.
  /// - Parameters:
  ///   - path: of the list.
  ///   - samples: the whole split.
  /// - Returns: indices of `samples`, ascending: the order of the list means nothing.
  /// - Throws: `DatasetError.unknownIdentifier`, `.repeatedIdentifier`, `.emptyList`, `.allLabelled`; `.image` when
  ///   the list cannot be read.
  public static func listed(path: String, in samples: [SampleFiles]) throws -> [Int] {
    let places = Dictionary(
      samples.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var found: Set<Int> = []
    for (line, text) in try IdentifierList.lines(path) {
      let id = places[text] == nil ? name(text) : text
      guard let place = places[id] else {
        throw DatasetError.unknownIdentifier(path: path, line: line, id: id, samples: samples.count)
      }
      guard found.insert(place).inserted else {
        throw DatasetError.repeatedIdentifier(path: path, line: line, id: id)
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

  /// The name of a line's first file, without folders and extension.
  private static func name(_ line: String) -> String {
    let field = line.prefix { !$0.isWhitespace }
    let file = field.split(separator: "/").last ?? field
    guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return String(file) }
    return String(file[..<dot])
  }
}
