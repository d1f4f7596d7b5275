import Experiments

/// Renders a table from its runs' summaries. The text depends on the arguments alone: equal summaries give
/// equal bytes, whenever and wherever.
/// - Parameters:
///   - table: a table of `plan`.
///   - plan: the runs and cells.
///   - summary: of any run of the plan; `.pending` for one without a record.
/// - Returns: Markdown for people and its twin in JSON.
public func renderTable(
  _ table: TableSpec, plan: Plan, summary: (RunID) -> RunSummary
) -> (markdown: String, json: String) {
  let built = BuiltTable(table, plan: plan, summary: summary)
  return (MarkdownTable.text(built), JSONTable.text(built))
}
