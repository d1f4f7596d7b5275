/// A table of what networks cost, with nothing to train. `costs/<name>.yaml`.
public struct CostTableSpec: Equatable, Sendable {
  public let name: String
  public let number: Int
  public let title: String
  public let classes: Int
  /// Pixels of the image that operations are counted and latency is measured for.
  public let height: Int
  public let width: Int
  /// What training memory is measured with.
  public let training: TrainingSize
  public let rows: [Row]
  public let notes: [String]

  public struct TrainingSize: Equatable, Sendable {
    public let batch: Int
    public let height: Int
    public let width: Int
  }

  public struct Row: Equatable, Sendable {
    /// A file of `models/`.
    public let model: String
    public let method: String
    public let backbone: String
    /// Millions.
    public let parameters: PrintedNumber
    /// Thousand millions of multiply-adds.
    public let operations: PrintedNumber
    /// Milliseconds.
    public let latency: PrintedNumber
    /// Gigabytes.
    public let memory: PrintedNumber
  }

  init(_ reader: StrictReader, name: String) throws {
    try reader.allowOnly([
      "number", "title", "classes", "height", "width", "training", "rows", "notes",
    ])
    self.name = name
    number = try reader.required("number").int(1...999)
    title = try reader.required("title").string()
    classes = try reader.required("classes").int(2...254)
    height = try reader.required("height").int(32...8192)
    width = try reader.required("width").int(32...8192)
    let size = try reader.required("training")
    try size.allowOnly(["batch", "height", "width"])
    training = TrainingSize(
      batch: try size.required("batch").int(2...1024), height: try size.required("height").int(32...8192),
      width: try size.required("width").int(32...8192))
    rows = try reader.required("rows").nonEmptyList { row in
      try row.allowOnly(["model", "method", "backbone", "paper"])
      let paper = try row.required("paper")
      try paper.allowOnly(["parameters", "operations", "latency", "memory"])
      return Row(
        model: try row.required("model").name(), method: try row.required("method").string(),
        backbone: try row.required("backbone").string(),
        parameters: try paper.required("parameters").printedNumber(),
        operations: try paper.required("operations").printedNumber(),
        latency: try paper.required("latency").printedNumber(),
        memory: try paper.required("memory").printedNumber())
    }
    notes = try reader.required("notes").list { try $0.string() }
  }
}
