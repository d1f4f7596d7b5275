/// Values of a run swept over lists, for several series: what a figure of the paper is drawn from, or an ablation of our
/// own. `figures/<name>.yaml`.
public struct SweepSpec: Equatable, Sendable {
  /// File name without extension, such as `figure05`.
  public let name: String
  /// The paper's number of the figure.
  public let number: Int
  public let title: String
  /// What is reported at each point.
  public let metrics: [Metric]
  public let defaults: CellSpec
  /// Every combination of the axes' values is a point.
  public let axes: [Axis]
  public let series: [Series]
  /// Points beside the combinations, such as a baseline without the swept key.
  public let extra: [ExtraPoint]
  /// Points of the paper that its text or tables state.
  public let paper: [PaperPoint]
  /// Which value of one axis is best at each combination of the others, if the figure says so.
  public let best: Best?
  /// Printed under the points.
  public let notes: [String]

  public struct Axis: Equatable, Sendable {
    /// Of a run's values, such as `label.epsilon`.
    public let key: String
    public let values: [Override]
  }

  public struct Best: Equatable, Sendable {
    /// Place of the axis.
    public let axis: Int
    /// One of the sweep's.
    public let metric: Metric
  }

  public struct Series: Equatable, Sendable {
    public let title: String
    public let spec: CellSpec
  }

  public struct ExtraPoint: Equatable, Sendable {
    /// Where it is drawn: a text for each axis.
    public let coordinates: [String]
    public let spec: CellSpec
  }

  /// What the paper states of one series at one place.
  public struct PaperPoint: Equatable, Sendable {
    /// Place among `series`.
    public let series: Int
    /// A text for each axis.
    public let coordinates: [String]
    /// By name of the metric, of those that the sweep reports.
    public let values: [String: Double]
  }

  /// One point of every series.
  public struct Point: Equatable, Sendable {
    /// A text for each axis.
    public let coordinates: [String]
    let spec: CellSpec
  }

  init(_ reader: StrictReader, name: String) throws {
    self.name = try reader.name(
      or: name,
      keys: [
        "kind", "number", "title", "metrics", "defaults", "sweep", "series", "extra", "best", "paper",
        "notes",
      ])
    number = try reader.required("number").int(1...99)
    title = try reader.required("title").string()
    metrics = try reader.required("metrics").nonEmptyList { try $0.metric() }
    let allowed = CellSpec.keys.filter { $0 != "metric" }
    if Set(metrics).count != metrics.count {
      throw try reader.required("metrics").inconsistent("a metric stands twice")
    }
    func spec(_ reader: StrictReader, _ others: [String] = []) throws -> CellSpec {
      try reader.allowOnly(others + allowed)
      return try CellSpec(reader)
    }
    defaults = try reader.optional("defaults").map { try spec($0) } ?? CellSpec()
    let sweep = try reader.required("sweep")
    let keys = try sweep.keys()
    if keys.isEmpty { throw sweep.outOfRange("at least 1 key of a run, with a list of values") }
    let axes = try keys.map { key in
      Axis(
        key: key,
        values: try sweep.required(key).nonEmptyList { Override(key: key, value: $0.node, source: $0.file) })
    }
    self.axes = axes
    for axis in axes where Set(axis.values.map(\.valueText)).count != axis.values.count {
      throw try sweep.required(axis.key).inconsistent("a value stands twice")
    }
    series = try reader.required("series").nonEmptyList { item in
      Series(title: try item.required("title").string(), spec: try spec(item, ["title"]))
    }
    let titles = series.map(\.title)
    let reported = metrics.map(\.name)
    if Set(titles).count != titles.count {
      throw try reader.required("series").inconsistent("a title stands twice")
    }
    extra =
      try reader.optional("extra")?.list { item in
        let at = try item.required("at")
        try at.allowOnly(keys)
        return ExtraPoint(
          coordinates: try keys.map {
            Override(key: $0, value: try at.required($0).node, source: at.file).valueText
          },
          spec: try spec(item, ["at"]))
      } ?? []
    paper = try reader.optional("paper")?.list { try SweepSpec.paperPoint($0, titles, keys, reported) } ?? []
    let metrics = metrics
    best = try reader.optional("best").map { item in
      try item.allowOnly(["of", "metric"])
      let axis = try item.required("of").place(among: keys)
      let metric = try item.required("metric").metric()
      guard metrics.contains(metric) else {
        throw try item.required("metric").brokenReference(metric.name, allowed: metrics.map(\.name))
      }
      return Best(axis: axis, metric: metric)
    }
    notes = try reader.optional("notes")?.list { try $0.string() } ?? []
    let places = points.map(\.coordinates)
    if Set(places).count != places.count {
      throw try reader.required("extra").inconsistent("a point stands twice")
    }
    for (index, one) in series.enumerated() {
      for point in extra {
        if let key = point.spec.givenKeys.first(where: one.spec.givenKeys.contains) {
          throw RegistryError.inconsistent(
            file: reader.file, path: "series[\(index)].\(key)", value: one.title,
            reason: "an extra point gives \(key) as well; only one of them may")
        }
      }
    }
  }

  private static func paperPoint(
    _ reader: StrictReader, _ titles: [String], _ keys: [String], _ metrics: [String]
  ) throws -> PaperPoint {
    try reader.allowOnly(["series", "at"] + metrics)
    let series = try reader.required("series").place(among: titles)
    let at = try reader.required("at")
    try at.allowOnly(keys)
    let values = try metrics.compactMap { metric in
      try reader.optional(metric).map { (metric, try $0.printedNumber().value) }
    }
    return PaperPoint(
      series: series,
      coordinates: try keys.map {
        Override(key: $0, value: try at.required($0).node, source: at.file).valueText
      },
      values: Dictionary(uniqueKeysWithValues: values))
  }

  /// Extra points first, then every combination, the last axis changing fastest.
  public var points: [Point] {
    var combinations: [[Override]] = [[]]
    for axis in axes { combinations = combinations.flatMap { start in axis.values.map { start + [$0] } } }
    return extra.map { Point(coordinates: $0.coordinates, spec: $0.spec) }
      + combinations.map { values in
        var spec = CellSpec()
        spec.set = values
        return Point(coordinates: values.map(\.valueText), spec: spec)
      }
  }

  /// What the runs of a point are, before the profile.
  func cellSpec(series: Int, _ point: Point) -> CellSpec {
    point.spec.completed(by: self.series[series].spec).completed(by: defaults)
  }
}
