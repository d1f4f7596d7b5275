import Cluster
import Experiments
import Foundation
import Methods
import Results
import Synchronization
import TestSupport
import Testing

/// A Slurm that numbers what it is given and answers with what it was told to.
final class FakeSlurm: Sendable {
  private let calls = Mutex<[[String]]>([])
  private let words = Mutex("")
  private let refusing = Mutex(false)

  var slurm: Slurm {
    Slurm { [self] command in
      switch command[0] {
      case "squeue": return Slurm.Reply(code: 0, out: words.withLock { $0 }, err: "")
      case "sbatch" where refusing.withLock({ $0 }): return Slurm.Reply(code: 1, out: "", err: "no")
      default:
        let count = calls.withLock { calls in
          calls.append(command)
          return calls.count
        }
        return Slurm.Reply(code: 0, out: "\(70 + count)\n", err: "")
      }
    }
  }

  var commands: [[String]] { calls.withLock { $0 } }
  func queue(_ text: String) { words.withLock { $0 = text } }
  func refuse(_ refuses: Bool) { refusing.withLock { $0 = refuses } }
}

@Suite struct IdempotenceTests {
  private static let plan = Result {
    try Plan(
      registry: Registry(
        root: URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent().appendingPathComponent("experiments"), methods: Methods.catalogue),
      tables: ["table03"], profile: "smoke",
      dataFingerprints: ["ade20k": "a", "cityscapes": "c", "pascal_voc": "v", "pretraining_objects": "p"])
  }

  /// One `jml submit`: what was handed over.
  private func submit(
    _ plan: Plan, _ fake: FakeSlurm, in folder: ClusterFolder, states: [RunState]? = nil
  ) throws -> (rest: RemainingRuns, view: ClusterView) {
    let journal = try Journal(reading: folder)
    let view = ClusterView(folder, journal: journal, queue: try fake.slurm.queue())
    let active = view.active(plan.runs.map(\.id))
    let rest = RemainingRuns(
      plan, states: states ?? plan.runs.map { _ in .pending }, active: active, retry: false)
    let arrays = SubmissionPlan(
      rest.runs.map {
        PendingRun($0.id, inputs: $0.dependencies, need: RunNeed(seconds: 60, memoryBytes: 1 << 30))
      },
      queued: active, limits: try Samples.limits())
    let submission = try Submission(
      arrays, folder: folder, places: ScriptTests.places, settings: SbatchSettings(cpus: 2), anew: rest.anew,
      profile: "smoke", journal: journal, time: Date(timeIntervalSince1970: 1_800_000_000))
    try submission.submit(fake.slurm) { _, _ in }
    return (rest, view)
  }

  /// squeue's lines for all that was submitted.
  private func queue(_ folder: ClusterFolder, state: (RunID) -> String) throws -> String {
    try Journal(reading: folder).entries.flatMap { entry in
      entry.tasks.sorted { $0.key < $1.key }.map { index, runs in
        "\(entry.job ?? 0)|\(index)|\(entry.name)|\(runs.first.map(state) ?? "?")"
      }
    }.joined(separator: "\n")
  }

  @Test func onlyWhatIsMissing() throws {
    let plan = try IdempotenceTests.plan.get()
    try withTemporaryDirectory { root in
      let folder = ClusterFolder(results: root.appendingPathComponent("it's 100%"))
      let fake = FakeSlurm()
      #expect(try submit(plan, fake, in: folder).rest.runs.count == plan.runs.count)
      let first = fake.commands.count
      #expect(first > 1 && fake.commands.allSatisfy { $0[0] == "sbatch" })
      for command in fake.commands {
        let script = try #require(command.last)
        #expect(FileManager.default.isReadableFile(atPath: script))
      }
      // All of it is in the queue.
      fake.queue(try queue(folder) { _ in "PENDING||Priority" })
      let again = try submit(plan, fake, in: folder)
      #expect(again.rest.runs.isEmpty && again.rest.queued == plan.runs.count && fake.commands.count == first)

      // The first input has failed, what waits for it never starts, all else is in the queue.
      let lost = try #require(
        plan.runs.first { run in plan.runs.contains { $0.dependencies.contains(run.id) } }
      ).id
      let needing = Set(plan.runs.filter { $0.dependencies.contains(lost) }.map(\.id))
      fake.queue(
        try queue(folder) {
          $0 == lost
            ? "FAILED|n1|NonZeroExitCode"
            : needing.contains($0) ? "PENDING||DependencyNeverSatisfied" : "RUNNING|n1|None"
        })
      let third = try submit(plan, fake, in: folder)
      #expect(third.rest.runs.contains { $0.id == lost })
      #expect(!third.view.stuck(plan.runs.map(\.id)).isEmpty)
      #expect(third.view.standing(of: lost)?.state == "FAILED")
      let log = try #require(third.view.standing(of: lost)?.log)
      #expect(log.path.hasPrefix(folder.logs.path) && log.lastPathComponent.hasSuffix(".log"))
      // Its new task is the last that the journal knows.
      let journal = try Journal(reading: folder)
      let last = try #require(journal.lastTask(of: lost)).entry
      #expect(try #require(journal.entries.firstIndex(of: last)) >= first)
    }
  }

  /// A submit that ends half-way leaves what Slurm has, and the next one adds the rest.
  @Test func afterAnError() throws {
    let plan = try IdempotenceTests.plan.get()
    try withTemporaryDirectory { root in
      let folder = ClusterFolder(results: root)
      let fake = FakeSlurm()
      fake.refuse(true)
      #expect(throws: ClusterError.refused(command: "sbatch", code: 1, reason: "no")) {
        try submit(plan, fake, in: folder)
      }
      let journal = try Journal(reading: folder)
      #expect(journal.entries.map(\.job) == [nil])
      fake.refuse(false)
      let again = try submit(plan, fake, in: folder)
      #expect(again.rest.runs.count == plan.runs.count)
    }
  }

  /// Killed between sbatch and its second line: the job is known by its name.
  @Test func jobsWithoutANumber() throws {
    let plan = try IdempotenceTests.plan.get()
    try withTemporaryDirectory { root in
      let folder = ClusterFolder(results: root)
      let fake = FakeSlurm()
      fake.refuse(true)
      #expect(throws: ClusterError.self) { try submit(plan, fake, in: folder) }
      let entry = try #require(try Journal(reading: folder).entries.first)
      let (index, runs) = try #require(entry.tasks.min { $0.key < $1.key })
      let queue = [
        QueuedTask(
          address: TaskAddress(job: 99, index: index), name: entry.name, state: "RUNNING", nodes: "n1",
          reason: "None")
      ]
      let view = ClusterView(folder, journal: try Journal(reading: folder), queue: queue)
      #expect(view.active(plan.runs.map(\.id)).keys.sorted() == runs.sorted())
      #expect(view.runs(of: TaskAddress(job: 99, index: index)) == runs)
      #expect(view.present(runs) == [TaskAddress(job: 99, index: index)])
    }
  }

  @Test func finishedAndLostRuns() throws {
    let plan = try IdempotenceTests.plan.get()
    let lost = try #require(
      plan.runs.first { run in plan.runs.contains { $0.dependencies.contains(run.id) } }
    ).id
    let states = plan.runs.map { $0.id == lost ? RunState.diverged("loss is nan") : .pending }
    let rest = RemainingRuns(plan, states: states, active: [:], retry: false)
    #expect(rest.refused.map(\.id) == [lost] && !rest.blocked.isEmpty)
    #expect(rest.runs.count + rest.blocked.count + 1 == plan.runs.count)
    let again = RemainingRuns(plan, states: states, active: [:], retry: true)
    #expect(again.runs.count == plan.runs.count && again.anew == [lost])
    let done = RemainingRuns(plan, states: plan.runs.map { _ in .done }, active: [:], retry: true)
    #expect(done.runs.isEmpty && done.finished == plan.runs.count)
  }

  @Test func journals() throws {
    try withTemporaryDirectory { root in
      let folder = ClusterFolder(results: root)
      #expect(try Journal(reading: folder).entries.isEmpty)
      try FileManager.default.createDirectory(at: folder.root, withIntermediateDirectories: true)
      let id = try Samples.id("a")
      let whole = #"{"name":"n","tasks":{"1":["\#(id)"]}}"# + "\n"
      // What a killed writer leaves counts for nothing.
      try (whole + #"{"job":7,"na"#).write(to: folder.journal, atomically: true, encoding: .utf8)
      #expect(try Journal(reading: folder).lastTask(of: id)?.index == 1)
      for line in [
        "{}", #"{"name":"x"}"#, #"{"name":"x","job":3}"#, #"{"name":"x","tasks":{"1":["no run"]}}"#, "?",
        whole,
      ] {
        try (whole + line + "\n").write(to: folder.journal, atomically: true, encoding: .utf8)
        #expect(throws: ClusterError.self, "\(line)") { try Journal(reading: folder) }
      }
    }
  }
}
