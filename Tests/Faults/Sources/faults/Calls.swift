import Foundation

/// A kill, or an error of the system, at one of the calls by which the product changes its files.
///
/// Promised: as for a signal, and as for a full disk, at every one of them.
extension Campaign {
  /// What may happen at a call; nil for a kill.
  private struct Blow {
    let call: String
    let action: String
    var stays = false
    /// The system's words for it.
    var says = ""
    /// And Foundation's, by which folders of pictures are made.
    var words: [String] {
      switch Int32(action) {
      case ENOSPC: [says, "enough space"]
      case EROFS: [says, "read only"]
      case EACCES: [says, "have permission"]
      default: [says]
      }
    }

    static let all: [Blow] = {
      func fail(_ call: String, _ code: Int32, stays: Bool = false) -> Blow {
        Blow(call: call, action: "\(code)", stays: stays, says: String(cString: strerror(code)))
      }
      let kills = ["create", "write", "fsync", "rename", "unlink", "mkdir", "truncate", "lock"].map {
        Blow(call: $0, action: "kill")
      }
      return kills + [
        fail("write", ENOSPC), fail("write", ENOSPC, stays: true), fail("write", EIO),
        Blow(call: "write", action: "short"), fail("create", ENOSPC), fail("create", EROFS, stays: true),
        fail("create", EMFILE), fail("fsync", EIO), fail("rename", EIO), fail("rename", ENOSPC, stays: true),
        fail("unlink", EIO), fail("mkdir", ENOSPC), fail("mkdir", EACCES, stays: true),
      ]
    }()

    var name: String {
      action == "kill"
        ? "killed" : action == "short" ? "half written" : says + (stays ? ", and ever after" : "")
    }
  }

  /// - Parameters:
  ///   - count: blows at the calls of a whole grid.
  ///   - verbs: blows at each of the calls of `table` and `publish`.
  func calls(_ count: Int, verbs: Int) throws {
    let counted = try countCalls(of: grid(), from: .empty)
    let blows = Blow.all.filter { (counted[$0.call] ?? 0) > 0 }.shuffled(using: &chance)
    for (place, blow) in blows.enumerated() {
      let share = count / blows.count + (place < count % blows.count ? 1 : 0)
      for at in chance.spread(share, over: counted[blow.call] ?? 0) { try strike(blow, at: at + 1) }
    }
    for verb in ["table", "publish"] {
      let counted = try countCalls(of: command(verb), from: .copy(reference.place))
      for (place, blow) in blows.enumerated() {
        let share = verbs / blows.count + (place < verbs % blows.count ? 1 : 0)
        for at in chance.spread(share, over: counted[blow.call] ?? 0) {
          try strike(blow, at: at + 1, verb: verb)
        }
      }
    }
  }

  private func strike(_ blow: Blow, at: Int, verb: String? = nil) throws {
    let besides = verb == "publish" ? ["results/\(Workplace.profile)/runs.jsonl"] : []
    try attempt(
      blow.action == "kill" ? "kill at a call" : "error of a call",
      "\(blow.call) \(at)\(verb.map { " of \($0)" } ?? ""): \(blow.name)",
      from: verb == nil ? .empty : .copy(reference.place), besides: besides
    ) { place, trial in
      let struck = "\(scratch)/struck"
      unlink(struck)
      let child = try start(
        verb.map(command) ?? grid(), in: place,
        environment: shim(
          place,
          [
            "FAULTS_CALL": blow.call, "FAULTS_AT": "\(at)", "FAULTS_ACTION": blow.action,
            "FAULTS_STRUCK": struck,
          ].merging(blow.stays ? ["FAULTS_STAYS": "1"] : [:]) { $1 }))
      let end = child.wait(120)
      let text = String(decoding: FileManager.default.contents(atPath: struck) ?? Data(), as: UTF8.self)
      trial.struck = !text.isEmpty
      if blow.action == "kill" {
        trial.signal = "KILL at a call"
        trial.phase = phase(of: text)
        judge(
          child, end, allowed: [0, 1], orSignal: SIGKILL, says: ["killed by signal 9"], "the command", &trial)
      } else {
        judge(
          child, end, allowed: [0, 1], says: trial.struck && !blow.says.isEmpty ? blow.words : [],
          "the command", &trial)
      }
      if verb == "publish" {
        // Made whole again, so that the listing knows what to expect.
        let again = try start(command("publish"), in: place)
        judge(again, again.wait(60), allowed: [0], "publish again", &trial)
      }
      if !trial.findings.isEmpty {
        trial.findings.append("it was at " + text.trimmingCharacters(in: .newlines))
      }
    }
  }

  private func phase(of struck: String) -> Phase {
    if struck.contains("tensors") || struck.contains("run.json") { return .publishing }
    if struck.contains("checkpoint") || struck.contains("evaluation-") { return .writing }
    if struck.contains("log.jsonl") { return struck.contains("pretraining") ? .pretraining : .training }
    return .preparation
  }

  /// The environment in which every product process is struck below a workplace.
  func shim(_ place: Workplace, _ plan: [String: String]) -> [String: String] {
    let ledger = "\(scratch)/ledger"
    unlink(ledger)
    let library = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("libShim.so").path
    return [
      "LD_PRELOAD": library, "FAULTS_ROLE": "any", "FAULTS_BELOW": place.folder, "FAULTS_LEDGER": ledger,
    ].merging(plan) { $1 }
  }

  /// How many calls of each kind an undisturbed command makes.
  private func countCalls(of command: [String], from begin: Begin) throws -> [String: Int] {
    let place: Workplace
    switch begin {
    case .copy(let other): place = try other.copied(to: "\(scratch)/count")
    case .prepared: place = try Workplace(at: "\(scratch)/count", data: reference.place)
    case .empty: place = try Workplace(at: "\(scratch)/count", data: nil)
    }
    defer { place.remove() }
    let child = try start(
      command, in: place, environment: shim(place, ["FAULTS_CALL": "all", "FAULTS_ACTION": "count"]))
    guard child.wait(120) == .exited(0) else { throw CampaignError.noReference(child.err) }
    var counts: [String: Int] = [:]
    for call in Set(Blow.all.map(\.call)) {
      let ledger = "\(scratch)/ledger.\(call)"
      counts[call] = FileManager.default.contents(atPath: ledger)?.count
      unlink(ledger)
    }
    return counts
  }
}
