import Foundation

/// Clocks that are set back or forward, and files from the past or the future.
///
/// Promised: nothing depends on them. A picture with another time is checked again, and found to be the same.
extension Campaign {
  func clocks(_ count: Int) throws {
    let days = [-1, 1, -3650, 3650]
    for number in 0..<count {
      let seconds = days[number % days.count] * 86_400
      let reading = Int.random(in: 1...60, using: &chance)
      try attempt("clock", "moved by \(seconds / 86_400) days at its reading \(reading)", from: .empty) {
        place, trial in
        let child = try start(
          grid(), in: place,
          environment: shim(place, ["FAULTS_CLOCK": "\(seconds)", "FAULTS_AT": "\(reading)"]))
        judge(child, child.wait(120), allowed: [0], "the runner", &trial)
      }
      try attempt("file times", "moved by \(seconds / 86_400) days") { place, trial in
        try interrupt(place)
        let now = Int(time(nil))
        for path in FileManager.default.enumerator(atPath: place.folder)?.compactMap({ $0 as? String }) ?? []
        {
          let moment = timeval(tv_sec: now + seconds, tv_usec: 0)
          guard utimes("\(place.folder)/\(path)", [moment, moment]) == 0 else {
            throw CampaignError.fileSystem("\(path): \(String(cString: strerror(errno)))")
          }
        }
      }
    }
  }

  /// Leaves a grid with a run in the middle: killed when it has written two generations of checkpoints.
  /// - Returns: the run; nil where the kill came at another moment.
  @discardableResult
  func interrupt(_ place: Workplace) throws -> PlannedRun? {
    let child = try start(grid(), in: place)
    var found: PlannedRun?
    while child.poll() == nil, found == nil {
      found = runs.first { isInTheMiddle($0, place) }
      usleep(200)
    }
    child.sendToGroup(SIGKILL)
    _ = child.wait(10)
    _ = processes.wait(5)
    return found.flatMap { isInTheMiddle($0, place) ? $0 : nil }
  }

  private func isInTheMiddle(_ run: PlannedRun, _ place: Workplace) -> Bool {
    let names = place.names(run.id)
    return !run.isPretraining && place.lines(run.id).count < run.iterations
      && Set(["checkpoint.h5", "checkpoint.previous.h5", "evaluation-best.h5"]).isSubset(of: names)
  }
}
