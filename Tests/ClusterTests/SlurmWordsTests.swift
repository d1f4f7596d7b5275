import Cluster
import Foundation
import Testing

/// What Slurm 22.05 printed.
@Suite struct SlurmWordsTests {
  static let queue = """
    1|1|jml-smoke-1|COMPLETED|n1|None
    1|2|jml-smoke-1|FAILED|n1|NonZeroExitCode
    2|4|jml-smoke-2|PENDING||DependencyNeverSatisfied
    3|1|jml-smoke-3|PENDING||Dependency
    1|3|jml-smoke-1|RUNNING|n1|None
    9|5|jml-smoke-4|COMPLETING|n1|None
    16|1|jml-smoke-5|PENDING||BeginTime
    11|3|jml-smoke-6|TIMEOUT|n2|TimeLimit
    21|2|jml-smoke-7|FAILED|n1|JobLaunchFailure
    3|6|jml-smoke-8|CANCELLED||DependencyNeverSatisfied
    5|N/A|bash|RUNNING|n1|None
    """
  static let accounting = """
    1_1|COMPLETED|0:0|n1
    1_2|FAILED|9:0|n1
    1_3|CANCELLED by 0|0:0|n1
    2_[4-5]|PENDING|0:0|None assigned
    3_[1-9%2]|CANCELLED|0:0|None assigned
    """
  static let configuration = """
    Configuration data as of 2026-11-29T13:50:50
    AccountingStorageType   = accounting_storage/slurmdbd
    ClusterName             = test
    KillWait                = 2 sec
    MaxArraySize            = 2001
    SchedulerParameters     = batch_sched_delay=0,bf_interval=2

    Slurmctld(primary) at localhost is UP
    """

  private func slurm(_ out: String, code: Int32 = 0, err: String = "") -> Slurm {
    Slurm { _ in Slurm.Reply(code: code, out: out, err: err) }
  }

  @Test func queues() throws {
    let tasks = try slurm(SlurmWordsTests.queue).queue()
    // The job that is no array is not ours.
    #expect(tasks.count == 10)
    #expect(
      tasks.filter(\.isActive).map(\.address.description) == ["3_1", "1_3", "9_5", "16_1"])
    #expect(tasks.filter(\.isStuck).map(\.address.description) == ["2_4"])
    #expect(
      tasks[1]
        == QueuedTask(
          address: TaskAddress(job: 1, index: 2), name: "jml-smoke-1", state: "FAILED", nodes: "n1",
          reason: "NonZeroExitCode"))
    #expect(try slurm("").queue().isEmpty)
    // A reason may hold anything.
    #expect(try slurm("1|1|n|PENDING||a|b").queue().first?.reason == "a|b")
    #expect(throws: ClusterError.self) { try slurm("slurm is down").queue() }
  }

  @Test func accounts() throws {
    let tasks = try slurm(SlurmWordsTests.accounting).accounting(of: [1, 2, 3])
    #expect(tasks.map(\.address.description) == ["1_1", "1_2", "1_3"])
    #expect(tasks.map(\.state) == ["COMPLETED", "FAILED", "CANCELLED"] && tasks[1].exitCode == "9:0")
    // Nobody is asked for nothing.
    #expect(try slurm("?").accounting(of: []).isEmpty)
    let error = ClusterError.refused(
      command: "sacct", code: 1, reason: "Slurm accounting storage is disabled")
    #expect(throws: error) {
      try slurm("", code: 1, err: "Slurm accounting storage is disabled\n").accounting(of: [1])
    }
  }

  @Test func arrays() throws {
    #expect(try slurm(SlurmWordsTests.configuration).tasksOfAnArray() == 2000)
    #expect(try slurm("MaxArraySize = 1001\nSchedulerParameters = max_array_tasks=50").tasksOfAnArray() == 50)
    #expect(throws: ClusterError.noArrays(maximum: 1)) { try slurm("MaxArraySize = 1").tasksOfAnArray() }
    #expect(throws: ClusterError.self) { try slurm("nothing").tasksOfAnArray() }
  }

  @Test func partitions() throws {
    let words = slurm(
      """
      PartitionName=cpu AllowGroups=ALL Default=YES QoS=N/A DefaultTime=00:05:00 MaxNodes=UNLIMITED MaxTime=2-00:00:00 State=UP
      PartitionName=debug AllowGroups=ALL Default=NO MaxTime=00:30:00 State=UP
      PartitionName=long AllowGroups=ALL Default=NO MaxTime=UNLIMITED State=UP
      """)
    #expect(try words.longestTime(of: nil)?.minutes == 2880)
    #expect(try words.longestTime(of: "debug")?.minutes == 30)
    #expect(try words.longestTime(of: "debug,cpu")?.minutes == 2880)
    #expect(try words.longestTime(of: "long") == nil)
    #expect(try words.longestTime(of: "debug,long") == nil)
    // sbatch says so in its own words.
    #expect(try words.longestTime(of: "nowhere") == nil)
    #expect(throws: ClusterError.self) { try slurm("PartitionName=cpu MaxTime=soon").longestTime(of: nil) }
    #expect(throws: ClusterError.self) { try slurm("slurm is down").longestTime(of: nil) }
  }

  /// A command that found tasks ended already has done what it should.
  @Test func cancelling() throws {
    let queue = SlurmWordsTests.queue
    let grumbling = Slurm { command in
      command[0] == "squeue"
        ? Slurm.Reply(code: 0, out: queue, err: "")
        : Slurm.Reply(code: 1, out: "", err: "scancel: error: Kill job error on job id 1_2")
    }
    try grumbling.cancel([TaskAddress(job: 1, index: 2), TaskAddress(job: 9, index: 5)])
    #expect(throws: ClusterError.self) {
      try grumbling.cancel([TaskAddress(job: 1, index: 2), TaskAddress(job: 2, index: 4)])
    }
    try slurm("?", code: 1).cancel([])
  }

  @Test func numbersOfJobs() throws {
    #expect(try slurm("12\n").submit(["sbatch"]) == 12)
    #expect(try slurm("12;cluster").submit(["sbatch"]) == 12)
    #expect(throws: ClusterError.self) { try slurm("Submitted").submit(["sbatch"]) }
    let refused = slurm(
      "", code: 1, err: "sbatch: error: Batch job submission failed: Invalid partition name specified")
    #expect(throws: ClusterError.self) { try refused.submit(["sbatch"]) }
  }
}
