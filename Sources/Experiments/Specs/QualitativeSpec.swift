import Schemas

/// A figure of pictures: validation images with what some finished runs predict of them. `figures/<name>.yaml` with
/// `kind: qualitative` (Figures 7 and 8).
public struct QualitativeSpec: Equatable, Sendable {
  /// File name without extension, such as `figure08`.
  public let name: String
  /// The paper's number of the figure.
  public let number: Int
  public let title: String
  public let defaults: CellSpec
  /// Networks, from left to right.
  public let columns: [Column]
  public let rule: Rule
  /// Printed with the numbers of the figure.
  public let notes: [String]

  /// One network: the first seed and the first fold of its runs.
  public struct Column: Equatable, Sendable {
    public let title: String
    public let spec: CellSpec
  }

  /// Which images are shown: those at quantiles of the difference of two columns in one image's mIoU, over all images
  /// that the runs were evaluated on.
  public struct Rule: Equatable, Sendable {
    /// Places of columns.
    public let of: Int
    public let minus: Int
    /// One image each, from top to bottom; in [0, 1], each once.
    public let quantiles: [Double]
  }

  init(_ reader: StrictReader, name: String) throws {
    self.name = try reader.name(
      or: name, keys: ["kind", "number", "title", "defaults", "columns", "images", "notes"])
    number = try reader.required("number").int(1...99)
    title = try reader.required("title").string()
    let allowed = CellSpec.keys.filter { !["metric", "point", "network"].contains($0) }
    func spec(_ reader: StrictReader, _ others: [String] = []) throws -> CellSpec {
      try reader.allowOnly(others + allowed)
      return try CellSpec(reader)
    }
    defaults = try reader.optional("defaults").map { try spec($0) } ?? CellSpec()
    columns = try reader.required("columns").nonEmptyList { item in
      Column(title: try item.required("title").string(), spec: try spec(item, ["title"]))
    }
    let titles = columns.map(\.title)
    if Set(titles).count != titles.count {
      throw try reader.required("columns").inconsistent("a title stands twice")
    }
    let images = try reader.required("images")
    try images.allowOnly(["of", "minus", "quantiles"])
    let quantiles = try images.required("quantiles").nonEmptyList { try $0.number(.closed(0, 1)) }
    if Set(quantiles).count != quantiles.count {
      throw try images.required("quantiles").inconsistent("a number stands twice")
    }
    rule = Rule(
      of: try images.required("of").place(among: titles),
      minus: try images.required("minus").place(among: titles), quantiles: quantiles)
    notes = try reader.optional("notes")?.list { try $0.string() } ?? []
  }

  /// The rule in words, for captions.
  public var ruleText: String {
    "images at the quantiles \(rule.quantiles.map { "\($0)" }.joined(separator: ", ")) of the difference in mIoU, "
      + "\(columns[rule.of].title) - \(columns[rule.minus].title), over all evaluated images"
  }

  /// What the run of a column is, before the profile.
  func cellSpec(column: Int) -> CellSpec { columns[column].spec.completed(by: defaults) }
}

/// A file of `figures/`.
enum FigureSpec {
  case sweep(SweepSpec)
  case qualitative(QualitativeSpec)

  private enum Kind: String, CaseIterable {
    case sweep, qualitative
  }

  init(_ reader: StrictReader, name: String) throws {
    switch try reader.optional("kind")?.choice(Kind.self) ?? .sweep {
    case .sweep: self = .sweep(try SweepSpec(reader, name: name))
    case .qualitative: self = .qualitative(try QualitativeSpec(reader, name: name))
    }
  }
}
