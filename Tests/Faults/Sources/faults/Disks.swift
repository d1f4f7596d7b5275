import Foundation

/// Disks that are full, read-only, or gone.
///
/// Promised: exit code 1 with the path and the system's reason, or 0 where what could not be written saves time only; with
/// room again, the same command goes on.
extension Campaign {
  private static let full = [
    String(cString: strerror(ENOSPC)), String(cString: strerror(EFBIG)), String(cString: strerror(EDQUOT)),
  ]

  /// A limit on file sizes, growing until it is none. It counts for the pictures too, which are drawn then.
  func fileSizes(_ count: Int) throws {
    let sizes = reference.place.listing().compactMap { path -> Int? in
      var status = stat()
      guard lstat("\(reference.place.folder)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
      else {
        return nil
      }
      return Int(status.st_size)
    }
    // In steps of the logarithm: each kind of file has another size. Checkpoints are the largest, thrice the weights.
    let most = Double((sizes.max() ?? 1) * 4 / 1024)
    for step in 0..<count {
      let blocks = step == 0 ? 0 : Int(exp(log(most) * Double(step) / Double(max(count - 1, 1))))
      try attempt("file-size limit", "\(blocks) KiB", from: .empty) { place, trial in
        let child = try start(grid(), in: place, limits: ["-f \(blocks)"])
        let end = child.wait(120)
        trial.struck = end != .exited(0)
        judge(child, end, allowed: [0, 1], says: Campaign.full, "the runner", &trial)
      }
    }
  }

  /// A file system in memory that is too small, growing until it is not. In a mount name space: it goes with its processes.
  func fullDisk(_ count: Int) throws {
    guard let enter = nameSpace(for: "full disk") else { return }
    let bytes = reference.place.listing().reduce(0) { sum, path in
      var status = stat()
      return lstat("\(reference.place.folder)/\(path)", &status) == 0 ? sum + Int(status.st_size) : sum
    }
    for step in 1...max(count, 1) {
      let kibibytes = max(64, bytes / 1024 * step / max(count - 1, 1))
      try attempt("full disk", "\(kibibytes) KiB") { place, trial in
        let script = """
          mkdir results && mount -t tmpfs -o size=\(kibibytes)k tmpfs results || exit 77
          "$@"; code=$?
          cp -a results kept || exit 78
          exit $code
          """
        let child = try start(enter + ["/bin/bash", "-c", script, "bash"] + grid(), in: place)
        let end = child.wait(120)
        trial.struck = end != .exited(0)
        judge(child, end, allowed: [0, 1], says: Campaign.full, "the runner", &trial)
        try replace("\(place.folder)/kept", place.results)
      }
    }
  }

  /// Results that may not be written, from the beginning and once some runs are finished; pictures likewise.
  func readOnly() throws {
    guard let enter = nameSpace(for: "read-only folder") else { return }
    // The second is Foundation's word for it.
    let reasons = [String(cString: strerror(EROFS)), "is read only", String(cString: strerror(EACCES))]
    func attempt(_ folder: String, _ detail: String, from begin: Begin, allowed: Set<Int32>) throws {
      try self.attempt("read-only folder", detail, from: begin) { place, trial in
        let script = """
          mkdir -p \(folder) && mount --bind \(folder) \(folder) && mount -o remount,ro,bind \(folder) || exit 77
          exec "$@"
          """
        let child = try start(enter + ["/bin/bash", "-c", script, "bash"] + grid(), in: place)
        judge(child, child.wait(120), allowed: allowed, says: reasons, "the runner", &trial)
      }
    }
    try attempt("results", "empty results", from: .prepared, allowed: [1])
    try attempt("results", "finished results", from: .copy(reference.place), allowed: [0, 1])
    try attempt("data", "pictures that are drawn", from: .prepared, allowed: [0])
    try attempt("data", "pictures to be drawn", from: .empty, allowed: [1])
  }

  /// Folders that somebody moves away while they are used.
  func vanished(_ count: Int) throws {
    let kinds = [
      "results", "results/\(Workplace.profile)/runs", "a run's folder", "data",
      "results/\(Workplace.profile)/specs",
    ]
    for number in 0..<count {
      let kind = kinds[number % kinds.count]
      let wanted: Phase = [.training, .writing, .evaluation, .publishing, .pretraining][
        number / kinds.count % 5]
      let candidates = runs.filter { $0.isPretraining == (wanted == .pretraining) }
      let run = candidates[Int.random(in: candidates.indices, using: &chance)]
      let folder = kind == "a run's folder" ? "results/\(Workplace.profile)/runs/\(run.id)" : kind
      try attempt("vanished folder", "\(kind) in \(wanted.rawValue)") { place, trial in
        let child = try start(grid(), in: place)
        let reached = reach(wanted, of: run, in: place, child)
        usleep(UInt32(1e6 * chance.seconds(upTo: 0.02)))
        let gone = "\(scratch)/gone"
        try? FileManager.default.removeItem(atPath: gone)
        trial.struck = reached && rename("\(place.folder)/\(folder)", gone) == 0
        judge(
          child, child.wait(120), allowed: [0, 1, 65],
          says: [
            "\(place.folder)/", "(backbone), which is not finished", "(teacher), which is not finished",
          ],
          "the runner", &trial)
      }
    }
  }

  // MARK: Name spaces

  /// The command that gives another one mounts of its own; nil, and a skipped fault, where that is not allowed.
  private func nameSpace(for fault: String) -> [String]? {
    for enter in [["/usr/bin/unshare", "-m"], ["/usr/bin/unshare", "-rm"]] {
      let probe = try? start(
        enter + ["/bin/bash", "-c", "mkdir -p probe && mount -t tmpfs tmpfs probe"], in: reference.place)
      let end = probe?.wait(10)
      try? FileManager.default.removeItem(atPath: "\(reference.place.folder)/probe")
      if end == .exited(0) { return enter }
    }
    report.skip(fault, "this user may not mount a file system (unshare -m)")
    return nil
  }

  private func replace(_ from: String, _ to: String) throws {
    try? FileManager.default.removeItem(atPath: to)
    guard rename(from, to) == 0 else {
      throw CampaignError.fileSystem("\(from): \(String(cString: strerror(errno)))")
    }
  }
}
