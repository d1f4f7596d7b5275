/// What a figure of a sweep is drawn from: plain numbers.
public struct SweepValues: Sendable {
  public struct Metric: Sendable {
    public let name: String
    public let title: String
    /// Such as "%".
    public let unit: String
    public let higherIsBetter: Bool

    public init(name: String, title: String, unit: String, higherIsBetter: Bool) {
      (self.name, self.title, self.unit, self.higherIsBetter) = (name, title, unit, higherIsBetter)
    }
  }

  /// Mean and population deviation over runs.
  public struct Value: Sendable {
    public let mean: Double
    public let std: Double
    /// Runs that it is over, and that are planned.
    public let count: Int
    public let planned: Int

    public init(mean: Double, std: Double, count: Int, planned: Int) {
      (self.mean, self.std, self.count, self.planned) = (mean, std, count, planned)
    }
  }

  public struct Point: Sendable {
    /// A text for each axis.
    public let coordinates: [String]
    /// One for each metric; nil where no run is finished.
    public let values: [Value?]
    /// Beside the combinations of the axes' values: a baseline.
    public let isExtra: Bool

    public init(coordinates: [String], values: [Value?], isExtra: Bool) {
      (self.coordinates, self.values, self.isExtra) = (coordinates, values, isExtra)
    }
  }

  /// What the paper states: a mean for each metric that it gives.
  public struct PaperPoint: Sendable {
    public let coordinates: [String]
    public let values: [Double?]

    public init(coordinates: [String], values: [Double?]) {
      (self.coordinates, self.values) = (coordinates, values)
    }
  }

  public struct Series: Sendable {
    public let title: String
    public let points: [Point]
    public let paper: [PaperPoint]

    public init(title: String, points: [Point], paper: [PaperPoint]) {
      (self.title, self.points, self.paper) = (title, points, paper)
    }
  }

  public let number: Int
  public let title: String
  /// Keys of runs, such as `label.epsilon`.
  public let axes: [String]
  public let metrics: [Metric]
  public let series: [Series]
  /// Whether the paper's points are of the same scale, and so belong into the chart.
  public let showsPaper: Bool
  /// Lines below the chart.
  public let captions: [String]

  public init(
    number: Int, title: String, axes: [String], metrics: [Metric], series: [Series], showsPaper: Bool,
    captions: [String]
  ) {
    self.number = number
    self.title = title
    self.axes = axes
    self.metrics = metrics
    self.series = series
    self.showsPaper = showsPaper
    self.captions = captions
  }

  /// The last part of an axis's key.
  func axisTitle(_ axis: Int) -> String { String(axes[axis].split(separator: ".").last ?? "") }

  /// Points without a value, in words.
  public var missing: [String] {
    series.flatMap { series in
      series.points.filter { $0.values.contains { $0 == nil } }.map { point in
        "\(series.title) at "
          + zip(axes.indices, point.coordinates).map { "\(axisTitle($0)) \($1)" }.joined(separator: ", ")
      }
    }
  }

  /// Points of fewer runs than are planned.
  var partial: Int {
    series.flatMap(\.points).count { $0.values.contains { $0.map { $0.count < $0.planned } ?? false } }
  }
}
