import Foundation

/// Several runners in one folder.
///
/// Promised: each run is trained once, by whoever comes first, and every runner ends with 0. With equal thread counts the bytes
/// are those of one runner. Other thread counts may change last digits, so that there only completeness is looked at: each
/// runner begins with its own count, and what is finished is nobody's to train again.
extension Campaign {
  func runners(_ count: Int) throws {
    for number in 0..<count {
      let several = number % 2 == 0 ? 2 : 4
      try attempt("\(several) runners", "at once", from: number % 3 == 2 ? .empty : .prepared) {
        place, trial in
        try together(several, place, &trial) { _ in 1 }
      }
      try mixed(several)
    }
  }

  private func together(
    _ count: Int, _ place: Workplace, _ trial: inout Trial, threads: (Int) -> Int
  ) throws {
    let children = try (0..<count).map { number in
      usleep(UInt32(1e6 * chance.seconds(upTo: 0.3)))
      return try start(grid(threads: threads(number), jobs: 2), in: place)
    }
    for child in children { judge(child, child.wait(240), allowed: [0], "a runner", &trial) }
    for run in runs where place.lines(run.id).count != run.iterations {
      trial.findings.append(
        "\(run.id): \(place.lines(run.id).count) lines of log for \(run.iterations) iterations")
    }
  }

  /// Judged here: the bytes are those of no single thread count.
  private func mixed(_ count: Int) throws {
    let place = try Workplace(at: "\(scratch)/mixed", data: reference.place)
    defer { place.remove() }
    var trial = Trial(fault: "\(count) runners", detail: "with threads of 1 and 2")
    try together(count, place, &trial) { $0 % 2 + 1 }
    for orphan in processes.wait(5) { trial.findings.append("process \(orphan.pid) lives on") }
    let before = place.records(of: runs.map(\.id))
    if before.count != runs.count {
      trial.findings.append("\(before.count) of \(runs.count) runs are finished")
    }
    let table = try start(command("table"), in: place)
    judge(table, table.wait(60), allowed: [0], "the table", &trial)
    let (found, expected) = (Set(place.listing()), Set(reference.listing))
    for path in found.symmetricDifference(expected).sorted() {
      trial.findings.append("litter or missing: \(path)")
    }
    trial.same = trial.findings.isEmpty
    report.add(trial)
    say("\(trial.fault): \(trial.detail)" + trial.findings.map { "\n  finding: " + $0 }.joined())
  }
}
