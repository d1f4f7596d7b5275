import Cluster
import Experiments
import Foundation
import Methods
import Testing

@Suite struct SubmissionPlanTests {
  private func lines(
    _ runs: [PendingRun], queued: [RunID: TaskAddress] = [:], _ limits: SubmissionLimits
  ) -> [String] { Samples.lines(SubmissionPlan(runs, queued: queued, limits: limits)) }

  /// Students wait for their own teacher, not for all.
  @Test func dependenciesAreThoseOfTasks() throws {
    let runs = try [
      Samples.run("t1"), Samples.run("t2"), Samples.run("a", "t1"), Samples.run("b", "t2"),
      Samples.run("c", "t1"), Samples.run("d", "t1"), Samples.run("alone"),
    ]
    #expect(
      lines(runs, try Samples.limits()) == [
        "0: 1=t1 2=t2 3=alone", "1: 1=a 2=c 3=d <- ok #0_1", "1: 1=b <- ok #0_2",
      ])
  }

  /// One student a teacher: an array whose indices are the teachers'.
  @Test func equalIndices() throws {
    let names = ["x", "y", "z"]
    let runs =
      try names.map { try Samples.run("t\($0)") } + names.map { try Samples.run("s\($0)", "t\($0)") }
      + [Samples.run("u", "tz")]
    #expect(
      lines(runs, try Samples.limits()) == [
        "0: 1=tx 2=ty 3=tz", "1: 1=sx 2=sy 3=sz <- corr #0", "1: 3=u <- corr #0",
      ])
  }

  /// What a first stage has waited for needs no waiting of its own.
  @Test func chains() throws {
    let runs = try [
      Samples.run("backbone"), Samples.run("teacher", "backbone"), Samples.run("tokens", "teacher"),
      Samples.run("student", "teacher", "tokens", "backbone"),
    ]
    #expect(
      lines(runs, try Samples.limits()) == [
        "0: 1=backbone", "1: 1=teacher <- ok #0_1", "2: 1=tokens <- ok #1_1", "3: 1=student <- ok #2_1",
      ])
  }

  @Test func shortRunsShareATask() throws {
    let runs =
      try [Samples.run("t", seconds: 10), Samples.run("q", seconds: 10)]
      + (1...5).map { try Samples.run("s\($0)", "t", seconds: 250) } + [
        Samples.run("long", "t", seconds: nil)
      ]
    // A teacher does not share one with a run that its students do not need.
    #expect(
      lines(runs, try Samples.limits()) == [
        "0: 1=t 2=q", "1: 1=s1+s2 2=s3+s4 3=s5 <- ok #0_1", "1: 1=long <- ok #0_1",
      ])
    #expect(lines(runs, try Samples.limits(packed: 0)).contains("1: 1=s1 2=s2 3=s3 4=s4 5=s5 <- ok #0_1"))
  }

  @Test func longArraysAreSplit() throws {
    let runs = try [Samples.run("t")] + (1...7).map { try Samples.run("s\($0)", "t") }
    #expect(
      lines(runs, try Samples.limits(tasks: 3)) == [
        "0: 1=t", "1: 1=s1 2=s2 3=s3 <- ok #0_1", "1: 1=s4 2=s5 3=s6 <- ok #0_1", "1: 1=s7 <- ok #0_1",
      ])
  }

  @Test func requests() throws {
    let runs = try [
      Samples.run("small", seconds: 30, mebibytes: 300),
      Samples.run("large", seconds: 7200, mebibytes: 20_000),
      Samples.run("endless", seconds: 1e6, mebibytes: 3600), Samples.run("unknown", seconds: nil),
    ]
    let plan = SubmissionPlan(runs, queued: [:], limits: try Samples.limits())
    #expect(plan.arrays.map(\.request.memoryMiB) == [1024, 24576, 5120, 1536])
    #expect(
      plan.arrays.map(\.request.time.description) == ["00:15:00", "04:00:00", "1-00:00:00", "1-00:00:00"])
    var limits = try Samples.limits()
    limits.memoryMiB = 2000
    #expect(
      SubmissionPlan(runs, queued: [:], limits: limits).arrays.allSatisfy { $0.request.memoryMiB == 2000 })
  }

  /// A teacher that Slurm has already is waited for where it is.
  @Test func queuedRuns() throws {
    let queued = [try Samples.id("t"): TaskAddress(job: 70, index: 4)]
    #expect(
      lines([try Samples.run("s", "t", "gone")], queued: queued, try Samples.limits()) == [
        "0: 1=s <- ok 70_4"
      ])
  }

  @Test(arguments: [1000, 16]) func table4(_ most: Int) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("experiments")
    let plan = try Plan(
      registry: Registry(root: root, methods: Methods.catalogue), tables: ["table04"], profile: "smoke",
      dataFingerprints: ["ade20k": "a", "cityscapes": "c", "pascal_voc": "v", "pretraining_objects": "p"])
    let runs = plan.runs.map {
      PendingRun($0.id, inputs: $0.dependencies, need: RunNeed(seconds: 700, memoryBytes: 1 << 30))
    }
    let submission = SubmissionPlan(runs, queued: [:], limits: try Samples.limits(tasks: most))
    let all = submission.arrays.flatMap(\.runs)
    #expect(all.count == plan.runs.count && Set(all).count == all.count)
    // Backbones, teachers and plain students, first stages, and students that need those.
    #expect(Set(submission.arrays.map(\.level)) == [0, 1, 2, 3])
    var place: [RunID: (array: Int, index: Int)] = [:]
    for (number, array) in submission.arrays.enumerated() {
      #expect(array.tasks.count <= most && array.tasks.allSatisfy { $0.runs.count == 1 })
      for task in array.tasks { for run in task.runs { place[run] = (number, task.index) } }
    }
    // Every input is waited for, directly or by way of another one.
    func waits(_ run: RunID, for input: RunID) throws -> Bool {
      let own = try #require(place[run]), other = try #require(place[input])
      let target = TaskReference(.planned(other.array), index: other.index)
      switch submission.arrays[own.array].dependency {
      case .none: return false
      case .tasks(let tasks): return tasks.contains(target)
      case .sameIndex(let arrays): return arrays.contains(target.array) && own.index == other.index
      }
    }
    for run in plan.runs {
      for input in run.dependencies {
        let others = run.dependencies.filter { $0 != input }
        let direct = try waits(run.id, for: input)
        #expect(
          try direct || others.contains { try waits(run.id, for: $0) && waits($0, for: input) },
          "\(run.id) does not wait for \(input)")
      }
    }
  }
}
