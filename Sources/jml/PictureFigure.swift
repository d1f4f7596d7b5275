import Experiments
import Figures
import Foundation
import JSON
import Metrics
import Results
import Runner

/// Figures 7 and 8: validation images with what finished networks predict of them.
struct PictureFigure {
  private let spec: QualitativeSpec
  private let profile: String
  private let data: PreparedData
  private let networks: [(id: RunID, network: FinishedNetwork)]

  /// - Throws: `MissingRuns` unless every run is finished; what reading data and results throws.
  init(_ workspace: Workspace, options: FigureOptions, number: Int) throws {
    profile = workspace.profile.name
    // Ids of runs are known without drawing or reading data: what is missing is said first.
    let (early, _) = try workspace.planForReading()
    try PictureFigure.requireRuns(of: early, workspace.store, options.runCommand(number))
    let prepared = try workspace.prepare(progress: Console.reading)
    let plan = try workspace.plan(prepared)
    try PictureFigure.requireRuns(of: plan, workspace.store, options.runCommand(number))
    guard let spec = plan.qualitative.first, let ids = plan.pictured[spec.name],
      let first = ids.first.flatMap({ plan[$0] }), let data = prepared[first.spec.data.name]
    else { preconditionFailure("PictureFigure: figure \(number) is not in the plan") }
    (self.spec, self.data) = (spec, data)
    networks = try ids.map { id in
      guard let planned = plan[id], let data = prepared[planned.spec.data.name],
        let network = try FinishedNetwork(id, in: workspace.store, data: data)
      else { throw MissingRuns(ids: [id.text], command: options.runCommand(number)) }
      return (id, network)
    }
    let images = networks.map(\.network.evaluation.imageIDs)
    guard images.allSatisfy({ $0 == images[0] }) else {
      throw OtherImages(file: "figures/\(spec.name).yaml")
    }
  }

  /// Networks that were evaluated on different images cannot stand side by side.
  struct OtherImages: ExitCoding, CustomStringConvertible {
    let file: String
    var exitCode: Int32 { ExitCodes.badInput }
    var description: String { "\(file): its columns were not evaluated on the same images" }
  }

  /// Runs that are not finished.
  struct MissingRuns: ExitCoding, CustomStringConvertible {
    let ids: [String]
    let command: String
    var exitCode: Int32 { ExitCodes.failed }

    var description: String {
      "\(ids.count) run\(ids.count == 1 ? " is" : "s are") not finished (\(ids.joined(separator: ", "))); train with: "
        + command
    }
  }

  private static func requireRuns(of plan: Plan, _ store: ResultStore, _ command: String) throws {
    let wanted = plan.pictured.keys.sorted().flatMap { plan.pictured[$0] ?? [] }
    let missing = try wanted.filter { id in
      switch try store.state(id.text) {
      // A damaged one is read, and says what is wrong.
      case .done, .damaged: false
      case .pending, .running, .failed, .diverged, .interrupted: true
      }
    }
    if !missing.isEmpty { throw MissingRuns(ids: missing.map(\.text), command: command) }
  }

  /// - Returns: figure<n>.png and .json.
  func write(to folder: URL) throws -> [URL] {
    // mIoU in percent, network x image.
    let scores = networks.map { run in
      run.network.evaluation.evaluation.confusion.imageMeans(.iou).map { $0.map { 100 * $0 } }
    }
    let (of, minus) = (scores[spec.rule.of], scores[spec.rule.minus])
    let differences = zip(of, minus).map { left, right in left.flatMap { left in right.map { left - $0 } } }
    let picked = QuantilePick.items(at: spec.rule.quantiles, of: differences)
    if picked.count < spec.rule.quantiles.count {
      Console.say("only \(picked.count) images were evaluated: \(spec.rule.quantiles.count) rows are wanted")
    }
    var shown: Set<Int> = []
    var rows: [QualitativeGrid.Row] = []
    var images: [JSONValue] = []
    for (quantile, image) in picked {
      let views = try networks.map { try $0.network.view(image) }
      for view in views { shown.formUnion(view.shownClasses) }
      let cells = zip(views, scores).map { view, scores in
        QualitativeGrid.Cell(
          prediction: view.prediction, confidence: view.confidence,
          note: scores[image].map { "mIoU \(PictureFigure.text($0))" } ?? "")
      }
      let difference = differences[image] ?? 0
      let sign = difference < 0 ? "" : "+"
      rows.append(
        QualitativeGrid.Row(
          image: views[0].image, label: views[0].label,
          notes: [
            views[0].id, "quantile \(quantile)",
            "\(differenceTitle) \(sign)\(PictureFigure.text(difference))",
          ], cells: cells))
      images.append(
        .object([
          "id": .string(views[0].id), "index": .int(image), "quantile": .number(quantile),
          "difference": .number(difference),
          "miou": .object(
            Dictionary(
              uniqueKeysWithValues: zip(spec.columns, scores).map {
                ($0.title, $1[image].map { .number($0) } ?? .null)
              })),
        ]))
    }
    let classes = networks[0].network.classes
    let picture = QualitativeGrid(
      titles: spec.columns.map(\.title), rows: rows, legend: shown.sorted().map { classes[$0] },
      captions: captions)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try Figure.write(picture.picture(), data: json(images), number: spec.number, to: folder)
  }

  private var differenceTitle: String {
    "\(spec.columns[spec.rule.of].title) - \(spec.columns[spec.rule.minus].title)"
  }

  private var captions: [String] {
    [
      "Rows: \(spec.ruleText); mIoU over the classes in an image's label, in percent.",
      "Confidence: highest probability, black 0, white 1. Profile \(profile); data: \(data.summary.description).",
    ]
  }

  private func json(_ images: [JSONValue]) -> JSONValue {
    .object([
      "figure": .string(spec.name), "number": .int(spec.number), "title": .string(spec.title),
      "profile": .string(profile), "dataset": .string(data.spec.name),
      "data": .string(data.summary.description), "fingerprint": .string(data.summary.fingerprint),
      "rule": .string(spec.ruleText),
      "columns": .array(
        zip(spec.columns, networks).map { column, run in
          .object(["title": .string(column.title), "run": .string(run.id.text)])
        }),
      "images": .array(images), "notes": .array(spec.notes.map { .string($0) }),
    ])
  }

  private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
