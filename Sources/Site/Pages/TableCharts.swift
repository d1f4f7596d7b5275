import Figures

/// A table's numbers as dots: a chart for each metric, so that every axis has one unit.
enum TableCharts {
  static func charts(_ table: TableRecord) -> [RunPage.Chart] {
    var metrics: [String] = []
    for row in table.rows.indices {
      for column in table.columns.indices {
        if let metric = table.cell(row, column)?.metric, !metrics.contains(metric) { metrics.append(metric) }
      }
    }
    return metrics.enumerated().compactMap { chart(table, metric: $1, place: $0) }
  }

  /// nil where there are no two numbers to compare.
  private static func chart(_ table: TableRecord, metric: String, place: Int) -> RunPage.Chart? {
    let title = Words.metric(metric)
    var rows: [DotChart.Row] = []
    for row in table.rows.indices {
      let dots = table.columns.indices.compactMap { column -> DotChart.Dot? in
        guard let cell = table.cell(row, column), cell.metric == metric, let mean = cell.mean else {
          return nil
        }
        return DotChart.Dot(series: column, mean: mean, std: cell.std ?? 0)
      }
      let labels = table.rows[row].labels.filter { $0 != title }
      if !dots.isEmpty { rows.append(DotChart.Row(label: labels.joined(separator: ", "), dots: dots)) }
    }
    guard rows.reduce(0, { $0 + $1.dots.count }) > 1 else { return nil }
    return RunPage.Chart(
      heading: title,
      svg: DotChart(rows: rows, series: table.columns, unit: "\(title), \(Words.unit(metric))").drawing
        .inline(
          id: "dots-\(place)", title: "Table \(table.number): \(title) of ours",
          description: "A dot a column, with its deviation; the numbers stand in the table above."),
      caption: "")
  }
}
