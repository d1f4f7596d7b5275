import Foundation

/// Few file handles, little memory, no locks.
///
/// Promised: exit code 1 or 65 with one line that says what is missing, or 0; without the limit, the same command goes on.
extension Campaign {
  /// `ulimit -n`, growing until it is enough.
  func handles(_ count: Int) throws {
    for step in 0..<count {
      let limit = 4 + step * 36 / max(count - 1, 1)
      try attempt("few file handles", "\(limit)") { place, trial in
        let child = try start(grid(), in: place, limits: ["-n \(limit)"])
        let end = child.wait(120)
        trial.struck = end != .exited(0)
        judge(
          child, end, allowed: [0, 1, 65, 71, 127],
          says: [String(cString: strerror(EMFILE)), "shared librar"],
          "the runner", &trial)
      }
    }
  }

  /// `ulimit -v`, growing until it is enough. Below the first size the program cannot even be loaded.
  func memory(_ count: Int) throws {
    for step in 0..<count {
      let mebibytes = 150 + step * 600 / max(count - 1, 1)
      try attempt("little memory", "\(mebibytes) MiB") { place, trial in
        let child = try start(grid(), in: place, limits: ["-v \(mebibytes * 1024)"])
        let end = child.wait(120)
        trial.struck = end != .exited(0)
        judge(
          child, end, allowed: [0, 1, 71, 127], says: ["memory", "thread", "shared librar"], "the runner",
          &trial)
      }
    }
  }

  /// A file system that has no locks.
  func locks() throws {
    for code in [ENOLCK, EOPNOTSUPP, ENOSYS] {
      let reason = String(cString: strerror(code))
      try attempt("no locks", reason) { place, trial in
        let child = try start(
          grid(), in: place,
          environment: shim(
            place,
            ["FAULTS_CALL": "lock", "FAULTS_AT": "1", "FAULTS_ACTION": "\(code)", "FAULTS_STAYS": "1"]))
        judge(child, child.wait(120), allowed: [0, 1], says: [reason], "the runner", &trial)
      }
    }
  }
}
