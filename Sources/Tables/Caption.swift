import Experiments

/// What stands above the numbers: where the runs come from.
public enum Caption {
  public static func profile(_ plan: Plan) -> String {
    let name = plan.profile.name
    return "- Profile: `\(name)`."
      + (plan.profile.comparableWithPaper
        ? "" : " **Profile \(name) is not comparable in absolute value to the paper's numbers.**")
  }

  /// nil without overrides.
  public static func overrides(_ plan: Plan, title: String = "Overrides") -> String? {
    plan.overrides.isEmpty
      ? nil : "- \(title): " + plan.overrides.map { "`\($0)`" }.joined(separator: ", ") + "."
  }

  /// - Parameter used: runs of cells, in their order.
  static func runs(_ runs: RunSet, used: [RunID]) -> [String] {
    var lines = [profile(runs.plan)]
    for name in runs.datasets(used) {
      lines.append("- Data: `\(name)`: \(runs.dataText(name)); \(scale(runs, name)).")
    }
    if let text = weights(runs, used) { lines.append("- Backbones start from \(text).") }
    if let text = overrides(runs.plan) { lines.append(text) }
    let hardware = runs.distinct {
      $1.hardware.isEmpty ? "" : "\($1.hardware), \(NumberText.count($1.threads, "thread"))"
    }
    lines.append("- Hardware: \(hardware.isEmpty ? "no run is finished" : hardware.joined(separator: "; ")).")
    let published = runs.runs.count { $0.summary.isPublished }
    if published > 0 {
      lines.append(
        "- As published, not trained here: \(published) of \(NumberText.count(runs.runs.count, "run")).")
    }
    return lines
  }

  /// What the backbones of runs in cells, and of their teachers, start from; how many runs do where they differ.
  private static func weights(_ runs: RunSet, _ used: [RunID]) -> String? {
    let plan = runs.plan
    let teachers = used.compactMap { plan[$0]?.spec.inputs["teacher"] }
    var kinds: [(text: String, names: [String], runs: Set<RunID>)] = []
    for id in used + teachers {
      guard let spec = plan[id]?.spec else { continue }
      let (text, name): (String, String)
      if let input = spec.inputs["backbone"], let run = plan[input]?.spec {
        text = "runs on `\(run.data.name)` (\(NumberText.count(run.scale.iterations, "iteration")))"
        name = "`\(input.text)` \(spec.model.backbone.rawValue)"
      } else if let file = spec.recipe.backboneWeights {
        text = "files"
        name = "`\(file.path)`" + (file.sha256.map { " (SHA-256 \($0.prefix(12))...)" } ?? "")
      } else {
        (text, name) = ("random weights", "")
      }
      let index = kinds.firstIndex { $0.text == text } ?? kinds.endIndex
      if index == kinds.endIndex { kinds.append((text, [], [])) }
      kinds[index].runs.insert(id)
      if !name.isEmpty, !kinds[index].names.contains(name) { kinds[index].names.append(name) }
    }
    guard !kinds.isEmpty else { return nil }
    return kinds.map { kind in
      kind.text + (kinds.count > 1 ? " in \(NumberText.count(kind.runs.count, "run"))" : "")
        + (kind.names.isEmpty ? "" : ": " + kind.names.joined(separator: ", "))
    }.joined(separator: "; ")
  }

  /// - Parameter evaluations: of the cells, in any order and with repetitions.
  static func metrics(_ metrics: [Metric], _ evaluations: [CellSpec.Evaluation], unit: String?) -> String {
    let names = metrics.map {
      "\($0.title) (\($0.unit.rawValue), \($0.higherIsBetter ? "higher" : "lower") is better)"
    }
    var line = "- Metric: \(names.joined(separator: ", "))"
    if let unit { line += "; the paper's unit: \(unit)" }
    let texts = texts(of: evaluations)
    if texts != [CellSpec.Evaluation.last.name] {
      line += "; evaluation: \(texts.joined(separator: " and "))"
    }
    return line + "."
  }

  /// The run's own network first, then others by name.
  private static func texts(of evaluations: [CellSpec.Evaluation]) -> [String] {
    let networks = Set(evaluations.compactMap(\.network)).sorted()
    return ([nil] + networks.map { Optional($0) }).flatMap { network in
      CellSpec.Point.allCases.filter { evaluations.contains(CellSpec.Evaluation($0, network: network)) }
        .map { $0.rawValue + (network.map { " of network \($0)" } ?? "") }
    }
  }

  static func replicates(_ runs: RunSet) -> String {
    var over = "seeds " + runs.seeds.map(String.init).joined(separator: ", ")
    if !runs.folds.isEmpty { over += ", folds " + runs.folds.map(String.init).joined(separator: ", ") }
    return over
  }

  /// What the runs and costs of a table are and where they were made.
  static func provenance(_ table: BuiltTable) -> [String] {
    var lines: [String] = []
    if table.spec.hasRuns {
      lines += runs(table.runs, used: table.usedRuns)
      lines.append(metrics(table.metrics, table.evaluations, unit: table.spec.unit))
    }
    return lines + costs(table)
  }

  /// What a cell shows.
  /// - Parameter place: where the paper's number stands beside ours, such as `below it`.
  static func legend(_ table: BuiltTable, paper place: String) -> [String] {
    guard table.spec.hasRuns else { return ["- Cells: ours, \(place) the paper's."] }
    var lines = [
      "- Cells: ours, mean ± population standard deviation (divided by n) over "
        + "\(replicates(table.runs)); \(place) the paper's number. \"quoted\": the paper's figure for a "
        + "method that is not yet run here."
    ]
    if table.cells.joined().contains(where: \.isDifference) {
      lines.append(
        "- Differences: mean ± deviation over pairs of runs of equal seed and fold; the paper's as it prints it, or "
          + "of its means.")
    }
    return lines
  }

  /// Columns of costs: what they are counted and measured with.
  static func costs(_ table: BuiltTable) -> [String] {
    guard let spec = table.spec.costs else { return [] }
    let models = table.spec.rows.indices.compactMap { row in
      table.spec.columns.indices.lazy.compactMap { table.spec.cost(row: row, column: $0)?.model }.first
    }
    var hardware: [String] = []
    for item in models.compactMap({ table.costs[$0]?.measurement }) {
      let text = "\(item.hardware), \(NumberText.count(item.threads, "thread"))"
      if !hardware.contains(text) { hardware.append(text) }
    }
    let counted = table.cells.map { cells in
      cells.filter { cell in
        switch cell.measure {
        case .cost(.parameters), .cost(.operations): cell.paper != nil
        case .cost(.latency), .cost(.memory), .metric, nil: false
        }
      }
    }.filter { !$0.isEmpty }
    let exact = counted.count { cells in
      cells.allSatisfy { cell in
        if case .cost(_, let text) = cell.ours { text == cell.paper?.mean } else { false }
      }
    }
    let size = "\(spec.height) x \(spec.width)"
    return [
      "- Counted for \(spec.classes) classes and one image of \(size): parameters and operations; \(exact) of "
        + "\(counted.count) rows equal the paper's in both.",
      "- Hardware of latency and memory: "
        + "\(hardware.isEmpty ? "nothing is measured yet" : hardware.joined(separator: "; ")).",
      "- Latency: median of an evaluation pass over one image of \(size). Memory: the most in tensors during a training "
        + "step of \(spec.training.batch) images of \(spec.training.height) x \(spec.training.width).",
    ]
  }

  /// What marks mean; nothing without groups.
  static func marks(_ spec: TableSpec) -> [String] {
    func names(_ group: BestGroup) -> String {
      switch group.axis {
      case .columns(let titles): "\(titles.joined(separator: ", ")) of a row"
      case .rows(let rows):
        rows.map { TableSpec.rowName(spec.rows[$0].labels) }.joined(separator: ", ") + " of a column"
      }
    }
    guard !spec.best.isEmpty else { return [] }
    var line = "- **Bold**: the best among " + spec.best.map(names).joined(separator: "; among ")
    let worst = spec.best.filter(\.worst)
    if !worst.isEmpty {
      line += ". *Italic*: the worst among " + worst.map(names).joined(separator: "; among ")
    }
    return [line + "."]
  }

  /// What the planned runs on a data set really have, overrides included; several values where they differ.
  private static func scale(_ runs: RunSet, _ dataset: String) -> String {
    let scales = runs.runs.map(\.run.spec).filter { $0.data.name == dataset }.map(\.scale)
    func values(_ value: (ScaleSpec) -> Int?) -> String? {
      let distinct = Set(scales.compactMap(value)).sorted()
      return distinct.isEmpty ? nil : distinct.map(String.init).joined(separator: " or ")
    }
    let parts = [
      values { $0.cropHeight }.flatMap { height in values { $0.cropWidth }.map { "crop \(height) x \($0)" } },
      values { $0.batch }.map { "batch \($0)" }, values { $0.iterations }.map { "iterations \($0)" },
      values { $0.workingShortSide }.map { "short side \($0)" },
      values { $0.maximumValidationImages }.map { "validation images at most \($0)" },
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }
}
