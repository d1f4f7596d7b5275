import Foundation

/// Pictures that change after they were checked, and while they are used.
///
/// Promised: no result of other pictures than those that the run is known by. Either the picture had been read before, or
/// the run fails and names the file or its data set.
extension Campaign {
  func pictures(_ count: Int) throws {
    let phases: [Phase] = [.preparation, .training, .evaluation, .writing]
    for number in 0..<count {
      let phase = phases[number % phases.count]
      let candidates = runs.filter { !$0.isPretraining }
      let run = candidates[Int.random(in: candidates.indices, using: &chance)]
      try attempt("changed picture", "before \(phase.rawValue) of \(run.id)") { place, trial in
        let paths = self.pictures(of: place)
        let child = try start(grid(), in: place)
        trial.struck = reach(phase, of: run, in: place, child)
        // Nothing moves while all pictures become the last of them; then they are as they were.
        child.sendToGroup(SIGSTOP)
        let kept = paths.map { FileManager.default.contents(atPath: $0) ?? Data() }
        for path in paths { try overwrite(path, kept[kept.count - 1]) }
        child.sendToGroup(SIGCONT)
        judge(
          child, child.wait(120), allowed: [0, 1, 65], says: ["\(place.folder)/data", "cityscapes"],
          "the runner",
          &trial)
        for (path, bytes) in zip(paths, kept) { try overwrite(path, bytes) }
      }
    }
  }

  /// Of the streets' training and validation, sorted; all of one size.
  private func pictures(of place: Workplace) -> [String] {
    let all =
      FileManager.default.enumerator(atPath: "\(place.folder)/data")?.compactMap { $0 as? String } ?? []
    return all.filter { $0.hasSuffix("_leftImg8bit.png") }.sorted().map { "\(place.folder)/data/\($0)" }
  }

  /// In place: the file stays the same one.
  private func overwrite(_ path: String, _ bytes: Data) throws {
    let file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard file >= 0 else { throw CampaignError.fileSystem("\(path): \(String(cString: strerror(errno)))") }
    defer { close(file) }
    let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard count == bytes.count else { throw CampaignError.fileSystem("\(path): cannot be overwritten") }
  }
}
