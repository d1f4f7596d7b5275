import Cluster
import Experiments
import Foundation
import TestSupport
import Testing

@Suite struct ScriptTests {
  static let places = BatchScript.Places(
    workingFolder: "/data/it's $HOME \"here\" `id`", program: "/opt/my programs/jml",
    specs: "/data/it's $HOME \"here\" `id`/results/smoke/specs",
    arguments: ["--profile", "smoke", "--results", "re sults", "--threads", "2"])

  private func plan() throws -> SubmissionPlan {
    SubmissionPlan(
      try [
        Samples.run("a", seconds: 100), Samples.run("b", seconds: 200), Samples.run("c", seconds: 500),
        Samples.run("d", "c"),
      ], queued: [:], limits: try Samples.limits())
  }

  @Test func script() throws {
    let array = try plan().arrays[0]
    let script = BatchScript(
      array, name: "jml-smoke-01234567-1", places: ScriptTests.places, anew: [try Samples.id("b")])
    try expectSnapshot(script.text, "script.sh")
  }

  @Test func command() throws {
    let folder = ClusterFolder(results: URL(fileURLWithPath: "/data/100% $x/smoke"))
    let settings = SbatchSettings(
      partition: "cpu", cpus: 32, throttle: 40, warningSeconds: 90, others: ["--constraint=avx512&ib"])
    let arrays = try plan().arrays
    let first = try SbatchCommand(arrays[0], name: "n-1", folder: folder, settings: settings)
    #expect(
      first.arguments { _ in 0 } == [
        "sbatch", "--parsable", "--job-name=n-1", "--comment=jml: 3 runs, first a-0123456789abcdef",
        "--array=1-2%40", "--nodes=1", "--ntasks=1", "--cpus-per-task=32", "--mem=1536M", "--time=00:15:00",
        "--signal=B:USR1@90", "--requeue", "--open-mode=append",
        "--output=/data/100%% $x/smoke/cluster/logs/%A_%a.log", "--partition=cpu", "--constraint=avx512&ib",
        "/data/100% $x/smoke/cluster/scripts/n-1.sh",
      ])
    let second = try SbatchCommand(arrays[1], name: "n-2", folder: folder, settings: settings)
    #expect(second.arguments { $0 == 0 ? 71 : -1 }.contains("--dependency=afterok:71_2"))
    let line = second.line(place: 1)
    #expect(line.hasPrefix("job1=$(sbatch --parsable --job-name=n-2 '--comment=jml: 1 runs"))
    #expect(line.contains(#""--dependency=afterok:${job0}_2" --partition=cpu '--constraint=avx512&ib'"#))
  }

  /// The script's own behaviour, with a program and a Slurm that write down what they hear.
  private func run(
    _ program: String, in folder: URL, restarts: Int = 0, signal: Int32? = nil
  ) throws -> (code: Int32, said: String, requeued: String) {
    let bin = folder.appendingPathComponent("b i'n")
    try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
    for (name, text) in [
      ("jml", program), ("scontrol", "echo \"$*\" > requeued"), ("squeue", "echo RUNNING"),
    ] {
      let file = bin.appendingPathComponent(name)
      try "#!/bin/bash\n\(text)\n".write(to: file, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
    let places = BatchScript.Places(
      workingFolder: folder.path, program: bin.appendingPathComponent("jml").path, specs: "sp ecs",
      arguments: ["--profile", "smoke"])
    let script = folder.appendingPathComponent("script.sh")
    try BatchScript(try plan().arrays[0], name: "n", places: places, anew: [try Samples.id("b")]).text
      .write(to: script, atomically: true, encoding: .utf8)
    let process = Process()
    // Threads of tests may have signals blocked, and what they start inherits that.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["--default-signal", "/bin/bash", script.path]
    process.environment = [
      "PATH": "\(bin.path):/usr/bin:/bin", "SLURM_ARRAY_JOB_ID": "71", "SLURM_ARRAY_TASK_ID": "1",
      "SLURM_RESTART_COUNT": "\(restarts)",
    ]
    let log = folder.appendingPathComponent("log")
    try Data().write(to: log)
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    try process.run()
    if let signal {
      let begun = folder.appendingPathComponent("begun").path
      for _ in 0..<400 where !FileManager.default.fileExists(atPath: begun) { usleep(10_000) }
      kill(process.processIdentifier, signal)
    }
    process.waitUntilExit()
    let requeued = try? String(contentsOf: folder.appendingPathComponent("requeued"), encoding: .utf8)
    return (process.terminationStatus, try String(contentsOf: log, encoding: .utf8), requeued ?? "")
  }

  @Test func runsOneAfterAnother() throws {
    try withTemporaryDirectory { folder in
      let end = try run("echo \"$*\"; case \"$3\" in *a-*) exit 1 ;; esac", in: folder)
      // One that fails does not keep the other one from being trained, and the task fails.
      #expect(end.code == 1 && end.requeued.isEmpty)
      #expect(end.said.contains("train --spec sp ecs/a-0123456789abcdef.json --profile smoke\n"))
      #expect(end.said.contains("train --spec sp ecs/b-0123456789abcdef.json --profile smoke --restart\n"))
      #expect(end.said.contains("task 71_1: failed: a-0123456789abcdef ended with code 1"))
    }
  }

  /// The warning, and a preemption, which leaves the job running.
  @Test(arguments: [SIGUSR1, SIGTERM]) func goesBackToTheQueue(_ signal: Int32) throws {
    try withTemporaryDirectory { folder in
      let program = "trap 'echo checkpoint; exit 130' USR1; touch begun; while :; do sleep 0.1; done"
      // A shell cannot trap what was ignored at its start: through another program.
      let end = try run(
        "exec env --default-signal=USR1 bash -c '\(program.replacing("'", with: #"'\''"#))'", in: folder,
        signal: signal)
      #expect(end.code == 130 && end.requeued == "requeue 71_1\n", "\(end)")
      #expect(end.said.contains("checkpoint") && !end.said.contains("trains b-"))
    }
  }

  @Test func killedRunsAreTriedAgainThreeTimes() throws {
    try withTemporaryDirectory { folder in
      let end = try run("kill -9 $$", in: folder)
      #expect(end.requeued == "requeue 71_1\n")
    }
    try withTemporaryDirectory { folder in
      let end = try run("kill -9 $$", in: folder, restarts: 3)
      #expect(end.code == 137 && end.requeued.isEmpty && !end.said.contains("--restart"))
    }
  }
}
