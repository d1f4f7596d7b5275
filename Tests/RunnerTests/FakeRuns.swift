import Experiments
import Foundation
import JSON
import Methods
import Metrics
import Results
import Runner
import Tensors
import Testing

/// A plan of six runs, two teachers each with a student, and two by themselves, whose processes are shell scripts.
final class FakeRuns {
  let plan: Plan
  let store: ResultStore
  let folder: URL
  /// What the processes do; `done` where nothing is said.
  var scripts: [RunID: String] = [:]
  /// What the scheduler has told, in order.
  private(set) var events: [ScheduleEvent] = []
  /// Called with each event before it is kept.
  var onEvent: (ScheduleEvent) -> Void = { _ in }

  /// - Parameter folder: an empty one.
  init(in folder: URL) throws {
    self.folder = folder
    plan = try FakeRuns.plan(in: folder)
    store = ResultStore(root: folder.appendingPathComponent("results"))
  }

  // MARK: The plan

  static func plan(in folder: URL, overrides: [String] = []) throws -> Plan {
    let experiments = folder.appendingPathComponent("experiments")
    let original = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("experiments")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: original, to: experiments)
    let tables = experiments.appendingPathComponent("tables")
    try FileManager.default.removeItem(at: tables)
    try FileManager.default.createDirectory(at: tables, withIntermediateDirectories: true)
    try table.write(to: tables.appendingPathComponent("fake.yaml"), atomically: true, encoding: .utf8)
    return try Plan(
      registry: Registry(root: experiments, methods: Methods.catalogue), tables: ["fake"], profile: "smoke",
      // Six runs and no backbones' before them.
      overrides: try (["model.weights=random"] + overrides).map { try Override($0) },
      dataFingerprints: ["cityscapes": "street", "pascal_voc": "objects"])
  }

  private static let table = """
    number: 99
    title: Six runs
    unit: mIoU %
    row_headers: [Data set]
    defaults:
      metric: miou
      label: hard
      model: deeplabv3_mobilenetv2_100
      seeds: [0]
      inputs:
        teacher: {model: deeplabv3_resnet18d, loss: ce_jml, label: boundary_smoothing, seed: 0}
    columns:
      - {title: CE, kind: run, loss: ce}
      - {title: JML-KD, kind: run, loss: ce_jml, distillation: jml_kd}
    rows:
      - {labels: [Cityscapes], dataset: cityscapes, recipe: sgd_cityscapes, paper: {CE: {mean: 1.0}, JML-KD: {mean: 2.0}}}
      - {labels: [PASCAL VOC], dataset: pascal_voc, recipe: sgd_voc, paper: {CE: {mean: 3.0}, JML-KD: {mean: 4.0}}}
    differences: []
    exceptions: []
    notes: []

    """

  var all: [RunID] { plan.runs.map(\.id) }
  /// In the order of the rows.
  var students: [PlannedRun] { plan.runs.filter { !$0.dependencies.isEmpty } }
  var teachers: [RunID] { students.compactMap(\.dependencies.first) }
  /// Runs with nothing before or after them.
  var singles: [RunID] {
    let others = Set(students.map(\.id) + teachers)
    return all.filter { !others.contains($0) }
  }

  // MARK: What processes do

  static func say(_ event: RunEvent) throws -> String { "printf '%s\\n' '\(try #require(event.line))'" }

  static let done = RunEvent.done(metrics: ["miou": 50], wallSeconds: 1)

  /// Says the events and ends.
  static func script(_ events: RunEvent..., exit code: Int32 = 0) throws -> String {
    try events.map(say).joined(separator: "\n") + "\nexit \(code)"
  }

  /// Goes on until it is asked to stop, and then says what a run says after its last checkpoint.
  static func untilStopped() throws -> String {
    """
    trap '\(try say(.interrupted(iteration: 3)).replacingOccurrences(of: "'", with: "'\\''"))
    exit 130' TERM
    \(try say(.started(iteration: 0, iterations: 12)))
    while :; do sleep 0.02; done
    """
  }

  // MARK: Running

  func run(
    jobs: Int = 1, keepGoing: Bool = true, retry: Bool = false,
    stop: @escaping @Sendable () -> Bool = { false }
  ) throws -> ScheduleSummary {
    events = []
    let done = try FakeRuns.script(FakeRuns.done)
    let (scripts, log) = (scripts, log.path)
    let scheduler = Scheduler(
      plan: plan, store: store,
      configuration: Scheduler.Configuration(
        jobs: jobs, keepGoing: keepGoing, retry: retry,
        command: { id, restart in
          // A line at the beginning of each process, and one when it ends by itself.
          let body = """
            echo "+ \(id) \(restart ? "restart" : "go") $$" >> '\(log)'
            (
            \(scripts[id] ?? done)
            )
            code=$?
            echo "- \(id)" >> '\(log)'
            exit $code
            """
          // Without the inner shell, whose end would hide which signal it was.
          if let script = scripts[id], script.hasPrefix("#") {
            return ["/bin/sh", "-c", "echo \"+ \(id) go $$\" >> '\(log)'\n\(script)"]
          }
          return ["/bin/sh", "-c", body]
        }, isStopRequested: stop),
      observe: { [unowned self] event in
        onEvent(event)
        events.append(event)
      })
    return try scheduler.run()
  }

  private var log: URL { folder.appendingPathComponent("processes.log") }

  struct Process: Equatable {
    let id: String
    let isRestart: Bool
    let pid: Int32
  }

  private func lines() throws -> [[Substring]] {
    guard FileManager.default.fileExists(atPath: log.path) else { return [] }
    return try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: " ")
    }
  }

  /// Every process that has been started, in the order in which they began.
  func processes() throws -> [Process] {
    try lines().filter { $0.first == "+" && $0.count == 4 }.map {
      Process(id: String($0[1]), isRestart: $0[2] == "restart", pid: Int32($0[3]) ?? 0)
    }
  }

  /// The most processes that were there at a time.
  func mostAtATime() throws -> Int {
    var (now, most) = (0, 0)
    for line in try lines() {
      now += line.first == "+" ? 1 : -1
      most = max(most, now)
    }
    return most
  }

  // MARK: The store

  /// The right to a run, which is free.
  func take(_ id: RunID) throws -> RunClaim {
    guard case .claimed(let claim) = try store.claim(id.text) else { throw Taken() }
    return claim
  }

  /// A record as another runner would leave it.
  func leave(_ id: RunID, _ state: RunOutcome, error: String?) throws {
    try take(id).close(try record(id, state, error: error))
  }

  /// A result as another runner would leave it: one image of two pixels.
  func finish(_ id: RunID) throws {
    var evaluation = Evaluation(classes: 2)
    try evaluation.add(
      scores: Tensor([1, 0, 0, 1], shape: [2, 1, 2]), label: LabelMap(height: 1, width: 2, values: [0, 0]))
    let record = try record(id, .done, error: nil)
    let last = EvaluationPoint(
      point: EvaluationPoint.last, iteration: 1,
      evaluation: StoredEvaluation(imageIDs: ["a"], classNames: ["road", "sky"], evaluation: evaluation))
    try take(id).finish(
      record,
      RunTensors(
        runID: id.text, spec: record.spec, model: StoredModel(weights: [], buffers: []), evaluations: [last],
        curves: Curves()))
  }

  private func record(_ id: RunID, _ state: RunOutcome, error: String?) throws -> RunRecord {
    RunRecord(
      runID: id.text, state: state, spec: try #require(plan[id]).spec.json, seed: 0, commit: "0",
      dirty: false,
      versions: [:], threads: 1, cpu: "", wallSeconds: 0, peakMemoryBytes: 0, iterations: 4, metrics: [:],
      dataFingerprint: "", error: error)
  }

  struct Taken: Error {}
}

extension ScheduleEvent {
  /// A word and the run, to compare with.
  var text: String {
    switch self {
    case .began(let runs, let finished): "began \(runs) \(finished)"
    case .launched(let id): "launched \(id)"
    case .run(let id, _): "run \(id)"
    case .ended(let id, let end): "ended \(id) \(end)"
    case .blocked(let id, let teacher): "blocked \(id) by \(teacher)"
    case .waiting(let id, let holder): "waiting \(id) for \(holder)"
    case .stopping: "stopping"
    case .tick: "tick"
    }
  }
}
