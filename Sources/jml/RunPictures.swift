import Experiments
import Figures
import Foundation
import Images
import Runner
import Site

/// What the networks of finished runs predict of the images that they were evaluated on: confusion matrices and pictures.
struct RunPictures {
  private let workspace: Workspace
  private let data: [String: PreparedData]
  /// Of mIoU among the images: a good, a middling and a bad one.
  private static let quantiles = [0.9, 0.5, 0.1]

  /// - Throws: what drawing or reading data throws.
  init(_ workspace: Workspace) throws {
    self.workspace = workspace
    data = try workspace.prepare(progress: Console.reading)
  }

  /// Adds what the run's network predicts; nothing where the run is not finished here, or has data that is not.
  /// - Throws: `ResultsError`, `StateError`, `DatasetError`, `ImageError`.
  func add(to entry: inout RunEntry, of run: PlannedRun) throws {
    guard entry.detail != nil, let data = data[run.spec.data.name],
      data.summary.fingerprint == run.spec.data.fingerprint,
      let network = try FinishedNetwork(run.id, in: workspace.store, data: data)
    else { return }
    entry.detail?.confusion = try network.confusion()
    let scores = network.evaluation.evaluation.confusion.imageMeans(.iou).map { $0.map { 100 * $0 } }
    var shown: Set<Int> = []
    let rows = try QuantilePick.items(at: Self.quantiles, of: scores).map { quantile, image in
      let view = try network.view(image)
      shown.formUnion(view.shownClasses)
      return QualitativeGrid.Row(
        image: view.image, label: view.label, notes: [view.id, "quantile \(quantile)"],
        cells: [
          .init(
            prediction: view.prediction, confidence: view.confidence,
            note: scores[image].map { String(format: "mIoU %.1f", $0) } ?? "")
        ])
    }
    guard !rows.isEmpty else { return }
    let picture = QualitativeGrid(
      titles: ["prediction"], rows: rows, legend: shown.sorted().map { network.classes[$0] }, captions: []
    ).picture()
    entry.detail?.pictures = [
      .init(
        title:
          "Three evaluated images, at the 0.9, 0.5 and 0.1 quantiles of mIoU: image, label, prediction, confidence",
        png: Data(try ImageFile.encodePNG(picture, name: run.id.text)), width: picture.width,
        height: picture.height)
    ]
  }
}
