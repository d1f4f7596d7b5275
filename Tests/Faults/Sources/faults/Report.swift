import Foundation

/// One disturbance and what became of it.
struct Trial {
  /// Such as "kill" or "full disk".
  let fault: String
  /// Such as "SIGKILL of the runner in evaluation".
  let detail: String
  /// Whether the fault took place: a process may have been faster.
  var struck = true
  /// For signals.
  var signal: String?
  var phase: Phase?
  /// From the signal, or the end of the disturbed command, to the end of its last process, seconds.
  var ending = 0.0
  /// Whether tables, JSON and arrays were those of the undisturbed grid in the end.
  var same = false
  /// What was not as promised.
  var findings: [String] = []
}

/// Counts of all trials.
struct Report {
  let seed: UInt64
  private(set) var trials: [Trial] = []
  /// Faults that could not be tried here, and why.
  private(set) var skipped: [(fault: String, reason: String)] = []

  init(seed: UInt64) { self.seed = seed }

  mutating func add(_ trial: Trial) { trials.append(trial) }
  mutating func skip(_ fault: String, _ reason: String) { skipped.append((fault, reason)) }

  var findings: [(trial: Trial, text: String)] {
    trials.flatMap { trial in trial.findings.map { (trial: trial, text: $0) } }
  }

  private var faults: [String] {
    var names: [String] = []
    for trial in trials where !names.contains(trial.fault) { names.append(trial.fault) }
    return names
  }

  private struct Row {
    let fault: String
    let tried, struck, same, findings: Int
    let ending: Double

    init(_ fault: String, _ trials: [Trial]) {
      self.fault = fault
      tried = trials.count
      struck = trials.count(where: \.struck)
      same = trials.count(where: \.same)
      findings = trials.reduce(0) { $0 + $1.findings.count }
      ending = trials.map(\.ending).max() ?? 0
    }
  }

  private var rows: [Row] { faults.map { name in Row(name, trials.filter { $0.fault == name }) } }

  /// Counts of signals by phase.
  private var kills: [(signal: String, counts: [Int])] {
    let signals = Set(trials.compactMap(\.signal)).sorted()
    return signals.map { signal in
      let mine = trials.filter { $0.signal == signal && $0.struck }
      return (signal, Phase.allCases.map { phase in mine.count { $0.phase == phase } })
    }
  }

  func text(seconds: Double) -> String {
    func columns(_ rows: [[String]]) -> String {
      let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
      return rows.map { row in
        row.enumerated().map { column, text in
          let fill = String(repeating: " ", count: widths[column] - text.count)
          return column == 0 ? text + fill : fill + text
        }.joined(separator: "  ") + "\n"
      }.joined()
    }
    var text = columns(
      [["fault", "tried", "struck", "same bytes", "findings", "slowest end, s"]]
        + rows.map {
          [
            $0.fault, "\($0.tried)", "\($0.struck)", "\($0.same)", "\($0.findings)",
            String(format: "%.1f", $0.ending),
          ]
        })
    if !kills.isEmpty {
      text +=
        "\n"
        + columns(
          [["signals that struck"] + Phase.allCases.map(\.rawValue)]
            + kills.map { [$0.signal] + $0.counts.map(String.init) })
    }
    for (fault, reason) in skipped { text += "skipped: \(fault): \(reason)\n" }
    for (trial, finding) in findings { text += "finding: \(trial.fault), \(trial.detail): \(finding)\n" }
    return text
      + "\(trials.count) faults, \(trials.count(where: \.struck)) of them struck, \(findings.count) findings; "
      + String(format: "%.0f s; SEED=%llu replays them\n", seconds, seed)
  }

  func json(seconds: Double) throws -> String {
    let object: [String: Any] = [
      "seed": seed, "seconds": seconds,
      "faults": rows.map {
        [
          "fault": $0.fault, "tried": $0.tried, "struck": $0.struck, "same": $0.same, "findings": $0.findings,
          "slowest_end_seconds": $0.ending,
        ] as [String: Any]
      },
      "signals": Dictionary(
        uniqueKeysWithValues: kills.map {
          ($0.signal, Dictionary(uniqueKeysWithValues: zip(Phase.allCases.map(\.rawValue), $0.counts)))
        }),
      "skipped": skipped.map { ["fault": $0.fault, "reason": $0.reason] },
      "findings": findings.map {
        ["fault": $0.trial.fault, "detail": $0.trial.detail, "finding": $0.text]
      },
    ]
    let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
