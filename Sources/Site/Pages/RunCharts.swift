import Figures
import Foundation
import JSON
import Metrics
import Results

/// What is drawn of a run whose folder is here.
enum RunCharts {
  static func classes(_ evaluation: StoredEvaluation) -> RunPage.Chart {
    let scores = evaluation.evaluation.confusion.classIoU
    let rows = zip(evaluation.classNames, scores).map { name, score in
      BarChart.Row(
        label: name, parts: score.map { [BarChart.Part($0, .blue)] } ?? [],
        note: score.map(Words.fixed) ?? "not there")
    }
    return RunPage.Chart(
      heading: "IoU of each class",
      svg: BarChart(rows: rows, top: 100).drawing.inline(
        id: "classes", title: "Intersection over union of each class, in percent",
        description: rows.map { "\($0.label) \($0.note)" }.joined(separator: ", ")),
      caption: "Percent, over \(Words.count(evaluation.imageIDs.count, "image")), after the last iteration.")
  }

  static func confusions(_ evaluation: StoredEvaluation) -> RunPage.Chart {
    let totals = evaluation.evaluation.confusion.totals
    let rows = evaluation.classNames.indices.map { index -> BarChart.Row in
      let counts = [
        totals.truePositives[index], totals.falseNegatives[index], totals.falsePositives[index],
      ].map(Double.init)
      let union = counts.reduce(0, +)
      return BarChart.Row(
        label: evaluation.classNames[index],
        parts: union > 0
          ? zip(counts, [Drawing.Colour.blue, .orange, .violet]).map { BarChart.Part($0 / union, $1) } : [],
        note: union > 0 ? "\(Int64(union)) px" : "not there")
    }
    return RunPage.Chart(
      heading: "Hits, misses and false alarms",
      svg: BarChart(
        rows: rows, top: 1, legend: [("hit", .blue), ("missed", .orange), ("false alarm", .violet)]
      ).drawing.inline(
        id: "confusions", title: "Pixels of each class: hit, missed, and falsely called so",
        description: "Shares of the union of label and prediction."),
      caption: "Shares of each class's union of label and prediction; the blue part is its IoU.")
  }

  static func matrix(_ counts: [[Int64]], classes: [String]) -> RunPage.Chart {
    let rows = counts.indices.map { row -> String in
      let total = counts[row].reduce(0, +)
      let share = total > 0 ? 100 * Double(counts[row][row]) / Double(total) : 0
      return "\(classes[row]) \(Words.fixed(share)) percent"
    }
    return RunPage.Chart(
      heading: "Confusion matrix",
      svg: ConfusionChart.drawing(counts, classes: classes).inline(
        id: "matrix", title: "Confusion matrix, label by prediction",
        description: "Rightly called: " + rows.joined(separator: ", ")),
      caption:
        "A row is a class of the label, a column one of the prediction; the darker, the larger the share of "
        + "the row's pixels. Blue is right, orange is wrong.")
  }

  static func losses(_ losses: [(iteration: Int, value: Double)]) -> RunPage.Chart {
    let last = losses.last?.value ?? 0
    return RunPage.Chart(
      heading: "Training",
      svg: TrainingCurve.drawing(losses, name: "loss").inline(
        id: "losses", title: "Training loss against iterations",
        description: "It ends at \(Words.fixed(last))."),
      caption: "Loss of logged iterations.")
  }

  static func scores(_ scores: [(iteration: Int, value: Double)]) -> RunPage.Chart {
    let best = scores.map(\.value).max() ?? 0
    return RunPage.Chart(
      heading: "Evaluations on the way",
      svg: TrainingCurve.drawing(scores, name: "mIoU, %").inline(
        id: "scores", title: "mIoU against iterations, in percent",
        description: "It ends at \(Words.fixed(scores.last?.value ?? 0)); the best is \(Words.fixed(best))."),
      caption: "Percent, of the run's own network at each evaluation.")
  }

  static func reliability(_ evaluation: StoredEvaluation) -> [RunPage.Chart] {
    let bins = [
      ("reliability", "all pixels", evaluation.evaluation.calibration),
      ("boundary", "boundary pixels", evaluation.evaluation.boundaryCalibration),
    ]
    return bins.map { id, title, bins in
      let error = bins.expectedCalibrationErrorD.map(Words.fixed) ?? "–"
      return RunPage.Chart(
        heading: "Reliability, \(title)",
        svg: ReliabilityChart.drawing(ReliabilityDiagram(bins), title: title).inline(
          id: id, title: "Reliability diagram over \(title)",
          description: "Accuracy against confidence in ten bins; expected calibration error \(error) percent."
        ),
        caption: "Bars: accuracy of a bin. Dots: its confidence, on the diagonal of a calibrated network. "
          + "Calibration error \(error) %.")
    }
  }

  static func json(_ detail: RunEntry.Detail) -> JSONValue {
    let confusion = detail.evaluation.evaluation.confusion
    func numbers(_ values: [Int64]) -> JSONValue { .array(values.map { .int(Int($0)) }) }
    func diagram(_ bins: CalibrationBins) -> JSONValue {
      .array(
        ReliabilityDiagram(bins).bins.map { bin in
          .object([
            "lower": .number(bin.lower), "upper": .number(bin.upper), "pixels": .int(Int(bin.pixels)),
            "confidence": bin.confidence.map { .number($0) } ?? .null,
            "accuracy": bin.accuracy.map { .number($0) } ?? .null,
          ])
        })
    }
    return .object([
      "classes": .array(detail.evaluation.classNames.map { .string($0) }),
      "iou": .array(confusion.classIoU.map { $0.map { .number($0) } ?? .null }),
      "true_positives": numbers(confusion.totals.truePositives),
      "false_positives": numbers(confusion.totals.falsePositives),
      "false_negatives": numbers(confusion.totals.falseNegatives),
      "confusion": detail.confusion.map { .array($0.map(numbers)) } ?? .null,
      "reliability": diagram(detail.evaluation.evaluation.calibration),
      "boundary_reliability": diagram(detail.evaluation.evaluation.boundaryCalibration),
      "miou": .array(detail.scores.map { .array([.int($0.iteration), .number($0.value)]) }),
      "loss": .array(
        detail.losses.map { .array([.int($0.iteration), $0.value.isFinite ? .number($0.value) : .null]) }),
    ])
  }
}
