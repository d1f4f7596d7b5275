import Experiments

/// Renders a table from its runs' summaries. The text depends on the arguments alone: equal summaries give
/// equal bytes, whenever and wherever.
/// - Parameters:
///   - table: a table of `plan`.
///   - plan: the runs and cells.
///   - costs: by model, for columns of costs.
///   - summary: of any run of the plan; `.pending` for one without a record.
/// - Returns: Markdown for people and its twin in JSON.
public func renderTable(
  _ table: TableSpec, plan: Plan, costs: [String: ModelCost] = [:], summary: (RunID) -> RunSummary
) -> (markdown: String, json: String) {
  let built = BuiltTable(table, plan: plan, costs: costs, summary: summary)
  return (MarkdownTable.text(built), JSONTable.text(built))
}

/// Renders the points of a sweep: mean and population deviation at each, from the counts.
/// - Parameters:
///   - sweep: a sweep of `plan`.
///   - plan: the runs and points.
///   - summary: of any run of the plan; `.pending` for one without a record.
/// - Returns: a Markdown table of the points and its twin in JSON.
public func renderSweep(
  _ sweep: SweepSpec, plan: Plan, summary: (RunID) -> RunSummary
) -> (markdown: String, json: String) {
  let built = BuiltSweep(sweep, plan: plan, summary: summary)
  return (built.markdown, built.json)
}
