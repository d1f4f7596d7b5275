import Foundation

/// Runs a small grid undisturbed, then disturbs it in many ways, and looks each time whether it ends the same.
final class Campaign {
  struct Options {
    /// The product.
    var jml = ""
    /// The source checkout: its experiment files are the base of the grid's.
    var package = ""
    /// Signals at random moments; the other faults are tried as often as that allows.
    var count = 20
    var seed: UInt64 = 0
    var isJSON = false
    /// Faults to try, by name; empty for all.
    var only: [String] = []
    /// Folder that keeps the workplaces of trials with findings; nil to remove them.
    var keep: String?
  }

  let options: Options
  let scratch: String
  let processes: Processes
  var chance: Chance
  var report: Report
  private(set) var runs: [PlannedRun] = []
  private(set) var reference: Reference
  private var tried = 0

  /// What the undisturbed grid left behind.
  struct Reference {
    let place: Workplace
    var outcome: [String: Data] = [:]
    var listing: [String] = []
    /// From the start to the first process that trains, with the drawing of pictures, seconds.
    var preparation = 0.0
    /// To the end, seconds.
    var all = 0.0
  }

  /// - Throws: `CampaignError`.
  init(_ options: Options) throws {
    self.options = options
    scratch = FileManager.default.temporaryDirectory.appendingPathComponent("jml-faults-\(getpid())").path
    processes = Processes(word: "\(getpid())-\(options.seed)")
    chance = Chance(seed: options.seed)
    report = Report(seed: options.seed)
    reference = Reference(place: try Workplace(at: "\(scratch)/reference", data: nil))
    try makeExperiments()
    if let keep = options.keep {
      try FileManager.default.createDirectory(atPath: keep, withIntermediateDirectories: true)
    }
  }

  private var experiments: String { "\(scratch)/experiments" }

  /// The registry with one table and one profile more, and no other table.
  private func makeExperiments() throws {
    let grid = "\(options.package)/Tests/Faults/Grid"
    let script = """
      cp -R "$1/experiments" "$2" && rm -f "$2"/tables/*.yaml "$2"/figures/*.yaml "$2"/claims/*.yaml && cp -R "$3"/. "$2"
      """
    let making = try Child(
      ["/bin/bash", "-c", script, "bash", options.package, experiments, grid], in: "/",
      environment: ProcessInfo.processInfo.environment)
    guard making.wait(60) == .exited(0) else { throw CampaignError.fileSystem(making.err) }
  }

  func removeScratch() {
    processes.killAll()
    try? FileManager.default.removeItem(atPath: scratch)
  }

  // MARK: The product

  /// The command that runs the grid.
  func grid(threads: Int = 1, jobs: Int = 2) -> [String] {
    command("run") + ["--jobs", "\(jobs)", "--threads", "\(threads)"]
  }

  func command(_ verb: String) -> [String] {
    [options.jml, verb, "--profile", Workplace.profile, "--experiments", experiments, "--results", "results"]
  }

  func start(
    _ command: [String], in place: Workplace, limits: [String] = [], environment: [String: String] = [:]
  ) throws -> Child {
    var all = ProcessInfo.processInfo.environment
    all[Processes.mark] = processes.word
    all["TMPDIR"] = place.temporary
    return try Child(
      command, in: place.folder, environment: all.merging(environment) { $1 }, limits: limits)
  }

  // MARK: The reference

  /// - Throws: `CampaignError.noReference`.
  func makeReference() throws {
    let place = reference.place
    let clock = Stopwatch()
    let child = try start(grid(), in: place)
    while child.poll() == nil, !processes.alive().contains(where: \.isWorker) { usleep(2000) }
    reference.preparation = clock.seconds
    guard let end = child.wait(600), end == .exited(0) else { throw CampaignError.noReference(child.err) }
    reference.all = clock.seconds
    let table = try start(command("table"), in: place)
    guard table.wait(60) == .exited(0) else { throw CampaignError.noReference(table.err) }
    let plan = try start(command("plan") + ["--json"], in: place)
    guard plan.wait(60) == .exited(0),
      let answer = try? JSONSerialization.jsonObject(with: Data(plan.out.utf8)) as? [String: Any],
      let listed = answer["runs"] as? [[String: Any]]
    else { throw CampaignError.noReference(plan.err) }
    runs = listed.compactMap { $0["id"] as? String }.map {
      PlannedRun(id: $0, iterations: place.lines($0).count)
    }
    reference.outcome = place.outcome(of: runs.map(\.id))
    reference.listing = place.listing()
    guard runs.count == 4, reference.outcome.count == 6, runs.allSatisfy({ $0.iterations > 0 }) else {
      throw CampaignError.noReference("\(runs.count) runs, \(reference.outcome.count) results: \(table.err)")
    }
    say(
      "reference: \(runs.count) runs in \(String(format: "%.1f", reference.all)) s, seed \(options.seed)")
  }

  // MARK: Trials

  /// A new workplace with the pictures of the reference, or one where they have to be drawn.
  enum Begin {
    case prepared
    case empty
    case copy(Workplace)
  }

  /// Disturbs a grid and judges what it comes to.
  func attempt(
    _ fault: String, _ detail: String, from begin: Begin = .prepared, besides: [String] = [],
    _ disturb: (Workplace, inout Trial) throws -> Void
  ) throws {
    tried += 1
    let folder = "\(scratch)/trial-\(tried)"
    let place: Workplace
    switch begin {
    case .prepared: place = try Workplace(at: folder, data: reference.place)
    case .empty: place = try Workplace(at: folder, data: nil)
    case .copy(let other): place = try other.copied(to: folder)
    }
    var trial = Trial(fault: fault, detail: detail)
    do {
      try disturb(place, &trial)
    } catch {
      // One that could not be tried is not passed over.
      trial.findings.append("it could not be tried: \(error)")
    }
    try conclude(place, &trial, besides: besides)
    report.add(trial)
    let findings = trial.findings.map { "\n  finding: " + $0 }.joined()
    say("\(tried) \(fault): \(detail)\(trial.struck ? "" : " (too late)")" + findings)
    if let keep = options.keep, !trial.findings.isEmpty {
      try? FileManager.default.moveItem(atPath: folder, toPath: "\(keep)/\(options.seed)-\(tried)")
    } else {
      place.remove()
    }
  }

  /// No process, no lock; then the same command again, which is to end well and leave what the reference left.
  private func conclude(_ place: Workplace, _ trial: inout Trial, besides: [String]) throws {
    let clock = Stopwatch()
    let orphans = processes.wait(5)
    trial.ending += clock.seconds
    for orphan in orphans {
      trial.findings.append(
        "process \(orphan.pid) (\(orphan.arguments.prefix(4).joined(separator: " "))) lives on")
    }
    processes.killAll()
    // A process that is killed is gone from the list a moment before its files are closed.
    let wait = Stopwatch()
    while !place.heldLocks().isEmpty, wait.seconds < 2 { usleep(10_000) }
    for lock in place.heldLocks() { trial.findings.append("\(lock) is held") }
    let before = place.records(of: runs.map(\.id))
    let again = try start(grid(), in: place)
    judge(again, again.wait(120), allowed: [0], "the same command again", &trial)
    let table = try start(command("table"), in: place)
    judge(table, table.wait(60), allowed: [0], "the table", &trial)
    let after = place.records(of: runs.map(\.id))
    for id in before.keys.sorted() where after[id] != before[id] {
      trial.findings.append("\(id) was finished and has been trained again")
    }
    let outcome = place.outcome(of: runs.map(\.id))
    trial.same = outcome == reference.outcome
    for name in reference.outcome.keys.sorted() where outcome[name] != reference.outcome[name] {
      trial.findings.append("\(name) \(outcome[name] == nil ? "is missing" : "has other bytes")")
    }
    // The frozen spec of a run that is finished is not needed any more, nor, when all are, their folder.
    let (found, expected) = (Set(place.listing()), Set(reference.listing + besides))
    let needed = expected.filter { !"\($0)/".contains("/specs/") }
    for (word, paths) in [
      ("left over", found.subtracting(expected)), ("missing", needed.subtracting(found)),
    ]
    where !paths.isEmpty {
      trial.findings.append("\(paths.count) \(word): " + paths.sorted().prefix(3).joined(separator: ", "))
    }
  }

  /// What no message may have.
  private static let noise = [
    "Fatal error", "crashed", "Backtrace", "NSCocoaErrorDomain", "Error Domain=", "UserInfo", "Optional(",
  ]

  /// Whether a command has ended as it may, with one clear line where it failed.
  /// - Parameters:
  ///   - allowed: exit codes.
  ///   - says: words of which one has to stand in what it says if it fails.
  func judge(
    _ child: Child, _ end: End?, allowed: Set<Int32>, orSignal: Int32? = nil, says: [String] = [],
    _ what: String, _ trial: inout Trial
  ) {
    let lines = child.err.split(separator: "\n")
    // Reasons stand above what is said at the end of a grid.
    let reasons = lines.filter { $0.contains("FAILED") || $0.contains("error: ") }
    let said = (reasons.prefix(3) + lines.suffix(3)).joined(separator: " | ").prefix(1500)
    switch end {
    case nil:
      trial.findings.append("\(what) hangs: \(said)")
      processes.killAll()
      _ = child.wait(5)
      return
    case .killed(let signal) where signal == orSignal: return
    case .killed(let signal): trial.findings.append("\(what) was ended by signal \(signal): \(said)")
    case .exited(let code) where !allowed.contains(code):
      trial.findings.append("\(what) ended with \(code): \(said)")
    case .exited(0): break
    case .exited(let code):
      if !says.isEmpty, !says.contains(where: child.err.contains) {
        trial.findings.append(
          "\(what) ended with \(code) and does not say \(says.joined(separator: " or ")): \(said)")
      }
    }
    for word in Campaign.noise where child.err.contains(word) {
      trial.findings.append("\(what) says '\(word)': \(said)")
    }
    if lines.contains(where: { $0.count > 2200 }) {
      trial.findings.append("\(what) prints a line of more than 2,200 characters")
    }
  }

  func say(_ text: String) { FileHandle.standardError.write(Data("faults: \(text)\n".utf8)) }
}
