import Foundation
import Results
import TestSupport
import Testing

/// What queues, containers and small machines allow: worked with, or refused by name, and never waited for.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SystemLimitTests {
  private static let step = [
    "bench", "step", "--model", "deeplabv3_mobilenetv2_100", "--batch", "2", "--crop", "32x48",
    "--classes", "3", "--steps", "1", "--warm-up", "0", "--json",
  ]

  /// Runs the program through a shell, after `before`, for at most `seconds`: then it is killed.
  /// - Parameter user: nil: whose the tests are. Only root may be another.
  private func shell(
    _ before: String, _ arguments: [String], in folder: URL, seconds: Int = 60, user: Int? = nil
  ) throws -> CommandLineTool.Output {
    var program = CommandLineTool.executable
    var command: [String] = []
    if let user {
      // The build folder may be closed to others.
      program = folder.appendingPathComponent("jml")
      try FileManager.default.copyItem(at: CommandLineTool.executable, to: program)
      let opened = try CommandLineTool.Running(["/bin/chmod", "-R", "a+rwX", folder.path], in: folder).wait()
      #expect(opened.code == 0)
      command = [
        SystemLimitTests.setpriv, "--reuid", "\(user)", "--regid", "\(user)", "--clear-groups",
      ]
    }
    command += ["/bin/bash", "-c", "\(before)\nexec timeout -s KILL \(seconds) \"$0\" \"$@\"", program.path]
    return try CommandLineTool.Running(command + arguments, in: folder).wait()
  }

  private static let setpriv = "/usr/bin/setpriv"
  private static var mayBeOthers: Bool {
    getuid() == 0 && FileManager.default.isExecutableFile(atPath: setpriv)
  }

  private func errors(_ output: CommandLineTool.Output) -> [Substring] {
    output.err.split(separator: "\n").filter { $0.hasPrefix("jml: error: ") }
  }

  @Test func aTeamThatIsSmallerThanAskedForIsRefusedByName() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      for arguments in [
        SystemLimitTests.step + ["--threads", "2"],
        ["run", "--profile", "tiny", "--threads", "2", "--experiments", experiments.path],
        ["model", "forward", "segformer_mit_b0", "--threads", "2", "--input", "a.h5", "--output", "b.h5"],
      ] {
        let output = try shell("export OMP_THREAD_LIMIT=1", arguments, in: folder)
        let lines = errors(output)
        #expect(output.code == 71 && lines.count == 1, "\(output.code) \(output.err)")
        #expect(
          lines.first?.hasPrefix(
            "jml: error: 2 threads were asked for, and 1 would work: OMP_THREAD_LIMIT=1 in the environment; ")
            == true, "\(lines)")
      }
      #expect(
        !FileManager.default.fileExists(atPath: folder.appendingPathComponent("results/tiny/runs").path))
    }
  }

  /// Where nobody asks for a number, what a queue allows is used.
  @Test func aLimitIsTheDefault() throws {
    try withTemporaryDirectory { folder in
      let output = try shell("export OMP_THREAD_LIMIT=1", SystemLimitTests.step, in: folder)
      #expect(try output.code == 0 && output.json()["threads"] as? Int == 1, "\(output.err)")
    }
  }

  /// Settings that do not bind: the team is as large as it says.
  @Test(arguments: [
    "OMP_DYNAMIC=true", "OMP_MAX_ACTIVE_LEVELS=0", "OMP_NUM_THREADS=1 OMP_THREAD_LIMIT=2 OMP_NESTED=true",
    "OMP_WAIT_POLICY=passive OMP_DYNAMIC=true",
  ]) func teamsOfTheSizeAskedFor(_ setting: String) throws {
    try withTemporaryDirectory { folder in
      let output = try shell("export \(setting)", SystemLimitTests.step + ["--threads", "2"], in: folder)
      #expect(output.code == 0, "\(output.err)")
      #expect(try output.json()["threads"] as? Int == 2)
    }
  }

  /// One processor is one thread, unless more are asked for.
  @Test func processorsThatAreAllowed() throws {
    try withTemporaryDirectory { folder in
      let output = try shell("taskset -p -c 0 $$ > taskset.txt", SystemLimitTests.step, in: folder)
      #expect(try output.code == 0 && output.json()["threads"] as? Int == 1, "\(output.err)")
    }
  }

  /// A measurement in a process of its own goes when its parent is killed, whatever it is doing.
  @Test func noOrphans() throws {
    try withTemporaryDirectory { folder in
      let arguments = [
        "bench", "step", "--batch", "4", "--crop", "128x128", "--steps", "10000", "--sweep", "threads=1,1",
      ]
      let running = try CommandLineTool(folder: folder).start(arguments)
      func children() -> [Int32] {
        let path = "/proc/\(running.process.processIdentifier)/task"
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return tasks.flatMap {
          ((try? String(contentsOfFile: "\(path)/\($0)/children", encoding: .utf8)) ?? "").split(
            separator: " "
          )
          .compactMap { Int32($0) }
        }
      }
      var found: [Int32] = []
      _ = running.wait(until: {
        found = children()
        return !found.isEmpty
      })
      let child = try #require(found.first)
      usleep(300_000)
      running.send(SIGKILL)
      running.wait()
      for _ in 0..<500 where kill(child, 0) == 0 { usleep(10_000) }
      #expect(kill(child, 0) != 0, "the child lives on")
      kill(child, SIGKILL)
    }
  }

  /// Whoever needs the memory: Swift's arrays, tensors, the scratch memory of kernels.
  @Test(arguments: [3_000_000, 1_500_000]) func littleAddressSpace(_ kilobytes: Int) throws {
    try withTemporaryDirectory { folder in
      let output = try shell(
        "ulimit -v \(kilobytes)",
        [
          "bench", "step", "--batch", "16", "--crop", "1024x1024", "--steps", "1", "--warm-up", "0",
          "--threads", "1",
        ],
        in: folder)
      let lines = errors(output)
      #expect(output.code == 71 && lines.count == 1, "\(output.code) \(output.err)")
      let line = try #require(lines.first)
      #expect(line.hasPrefix("jml: error: out of memory: "), "\(line)")
      #expect(
        line.contains("bytes")
          && line.contains("there is: \(kilobytes >> 10) MiB of address space (ulimit -v)"),
        "\(line)")
      #expect(output.err.split(separator: "\n").count == 1, "\(output.err)")
    }
  }

  /// A run that needs more than there is fails with that reason, which stays with it; the others' command goes on.
  @Test func aRunWithoutMemoryIsReported() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let output = try shell(
        "ulimit -v 3000000",
        [
          "run", "--profile", "tiny", "--threads", "1", "--experiments", experiments.path,
          "--set", "profile.crop_height=4096", "--set", "profile.crop_width=4096",
        ], in: folder)
      #expect(output.code == 1, "\(output.err)")
      let failed = output.err.split(separator: "\n").filter { $0.hasPrefix("jml: failed: ") }
      #expect(!failed.isEmpty && failed.allSatisfy { $0.contains(": out of memory: ") }, "\(output.err)")
      let store = ResultStore(root: folder.appendingPathComponent("results/tiny"))
      for id in try store.runIDs() {
        guard case .failed(let reason) = try store.state(id) else { continue }
        #expect(reason.hasPrefix("out of memory: "), "\(reason)")
      }
    }
  }

  /// A limit on processes binds other users than root, and counts threads: with as many as there are, work is done on fewer
  /// threads or refused in one line, and nothing waits for a thread that never starts.
  @Test(.enabled(if: SystemLimitTests.mayBeOthers), arguments: [2, 3, 4, 8, 16])
  func fewProcesses(_ limit: Int) throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      for (number, arguments) in [
        ["data", "check", "--profile", "tiny", "--experiments", experiments.path],
        ["run", "--profile", "tiny", "--jobs", "2", "--threads", "1", "--experiments", experiments.path],
      ].enumerated() {
        let own = folder.appendingPathComponent("\(number)")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: false)
        // Nobody else's processes count.
        let output = try shell(
          "ulimit -u \(limit)", arguments, in: own, seconds: 40, user: 64_000 + 10 * limit + number)
        #expect([0, 1, 71].contains(output.code), "\(limit) \(arguments[0]): \(output.code) \(output.err)")
        if output.code != 0 {
          let said = output.err.split(separator: "\n").filter { $0.contains("ulimit -u") }
          #expect(!said.isEmpty && errors(output).count <= 1, "\(limit) \(arguments[0]): \(output.err)")
        }
      }
    }
  }

  /// The kernel ends whoever takes more than a container's memory, by a signal that leaves no word: the scheduler knows.
  @Test(.enabled(if: MemoryGroup.isAllowed)) func aRunThatTheKernelKillsIsReported() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let group = try MemoryGroup(megabytes: 320)
      defer { group.remove() }
      let output = try shell(
        "echo $$ > '\(group.processes.path)'",
        [
          "run", "--profile", "tiny", "--threads", "1", "--experiments", experiments.path,
          "--set", "profile.crop_height=4096", "--set", "profile.crop_width=4096",
        ], in: folder)
      #expect(output.code == 1, "\(output.code) \(output.err)")
      let failed = output.err.split(separator: "\n").filter { $0.hasPrefix("jml: failed: ") }
      #expect(
        !failed.isEmpty
          && failed.allSatisfy {
            $0.contains(": out of memory: its process was killed by the system (signal 9)")
          },
        "\(output.err)")
    }
  }
}
