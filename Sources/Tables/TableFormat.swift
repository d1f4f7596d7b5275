/// How a table is written.
public enum TableFormat: String, CaseIterable, Sendable {
  /// GitHub-flavoured, with caption, notes and runs.
  case markdown
  /// Everything, at full precision.
  case json
  /// RFC 4180, one row a cell; of several tables with one header.
  case csv
  /// A `table` environment with the rules of booktabs.
  case latex
  /// A `figure` element with a `table`; no styles, no scripts.
  case html
}
