import Benchmarks
import JSON

/// What `jml bench suite` says of one profile, and of two of its outputs.
enum BenchSuiteText {
  static func text(
    _ profile: String, _ suite: SuiteBenchmark, _ estimates: [SuiteBenchmark.Estimate]
  ) -> String {
    let kinds = estimates.map { estimate in
      [
        estimate.work.title, "\(estimate.work.runs)", "\(estimate.work.iterations)",
        BenchOptions.text(estimate.secondsPerStep), hours(estimate.hours),
        estimate.isExtrapolated
          ? "extrapolated from \(estimate.batch)x\(estimate.cropHeight)x\(estimate.cropWidth)" : "measured",
      ]
    }
    let tables = suite.tables.map { [$0.name, "\($0.runs)", hours($0.hours(estimates))] }
    return "profile \(profile): \(hours(sum(estimates))) in all\n"
      + Console.columns([["step", "runs", "steps", "a step", "in all", "how"]] + kinds) + "\n"
      + Console.columns([["table by itself", "runs", "in all"]] + tables) + "\n"
  }

  static func json(_ suite: SuiteBenchmark, _ estimates: [SuiteBenchmark.Estimate]) -> JSONValue {
    .object([
      "hours": .number(sum(estimates)),
      "tables": .object(
        Dictionary(
          suite.tables.map {
            ($0.name, .object(["runs": .int($0.runs), "hours": .number($0.hours(estimates))]))
          }, uniquingKeysWith: { first, _ in first })),
      "kinds": .array(
        estimates.map { estimate in
          .object([
            "model": .string(estimate.work.model.name),
            "teacher": estimate.work.teacher.map { .string($0.name) } ?? .null,
            "method": estimate.work.method.map { .string($0) } ?? .null,
            "batch": .int(estimate.work.scale.batch),
            "crop": .string("\(estimate.work.scale.cropHeight)x\(estimate.work.scale.cropWidth)"),
            "classes": .int(estimate.work.classes), "runs": .int(estimate.work.runs),
            "iterations": .int(estimate.work.iterations),
            "seconds_per_step": .number(estimate.secondsPerStep), "hours": .number(estimate.hours),
            "measured_batch": .int(estimate.batch),
            "measured_crop": .string("\(estimate.cropHeight)x\(estimate.cropWidth)"),
            "measured_seconds": .array(estimate.measured.seconds.map { .number($0) }),
            "extrapolated": .bool(estimate.isExtrapolated),
          ])
        }),
    ])
  }

  static func text(_ comparison: SuiteComparison) -> String {
    let rows = comparison.lines.map { line in
      [
        line.profile, line.table ?? "all", hours(line.before), hours(line.after),
        line.after > 0 ? "\((line.ratio * 100).rounded() / 100)" : "-",
      ]
    }
    return Console.columns([["profile", "table", "before", "after", "times faster"]] + rows) + "\n"
  }

  /// Of all runs, each once.
  private static func sum(_ estimates: [SuiteBenchmark.Estimate]) -> Double {
    estimates.reduce(0) { $0 + $1.hours }
  }

  private static func hours(_ hours: Double) -> String {
    func rounded(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
    return hours >= 48
      ? "\(Int((hours / 24).rounded())) days"
      : hours >= 1 ? "\(rounded(hours)) h" : "\(rounded(hours * 60)) min"
  }
}

extension SuiteBenchmark.Work {
  /// Network, teacher and method, batch and crop.
  var title: String {
    "\(model.name)\(teacher.map { " from \($0.name)" } ?? "")\(method.map { " by \($0)" } ?? "") "
      + "\(scale.batch)x\(scale.cropHeight)x\(scale.cropWidth), \(classes) classes"
  }
}
