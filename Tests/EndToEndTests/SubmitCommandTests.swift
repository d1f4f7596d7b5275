import Foundation
import TestSupport
import Testing

/// `jml submit` where there is no Slurm.
@Suite struct SubmitCommandTests {
  private func withTiny(_ body: (CommandLineTool) throws -> Void) throws {
    try withTemporaryDirectory { root in
      let folder = root.appendingPathComponent("it's $HOME 100% \"here\"")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      var tool = CommandLineTool(folder: folder)
      tool.experiments = try TinyExperiments.make(in: folder, figures: false)
      try body(tool)
    }
  }

  /// Nothing is found in this PATH.
  private func withoutSlurm(_ tool: CommandLineTool, _ arguments: String...) throws -> CommandLineTool.Output
  {
    try CommandLineTool.Running(["/usr/bin/env", "PATH=/nowhere"] + tool.command(arguments), in: tool.folder)
      .wait()
  }

  @Test func dryRun() throws {
    try withTiny { tool in
      let output = try withoutSlurm(
        tool, "submit", "--profile", "tiny", "--cpus", "3", "--memory", "2G", "--partition", "cpu",
        "--array-throttle", "2", "--sbatch", "--constraint=a&b", "--dry-run")
      #expect(output.code == 0, "\(output.err)")
      #expect(output.err.contains("squeue") && output.err.contains("would be submitted"))
      // A shell reads it: the student after its teacher.
      #expect(output.out.contains("job0=$(sbatch --parsable") && output.out.contains("--mem=2048M"))
      #expect(
        output.out.contains("--dependency=afterok:${job0}_") && output.out.contains("'--constraint=a&b'"))
      #expect(output.out.contains(#"it'\''s $HOME 100%% "here"/results/tiny/cluster/logs/%A_%a.log"#))
      let file = tool.folder.appendingPathComponent("out.sh")
      try output.out.write(to: file, atomically: true, encoding: .utf8)
      #expect(try CommandLineTool.Running(["/bin/bash", "-n", file.path], in: tool.folder).wait().code == 0)
      // It has done nothing.
      let results = tool.folder.appendingPathComponent("results")
      #expect(!FileManager.default.fileExists(atPath: results.appendingPathComponent("tiny/cluster").path))

      let json = try withoutSlurm(
        tool, "submit", "--profile", "tiny", "--cpus", "3", "--memory", "2G", "--pack", "0", "--dry-run",
        "--json"
      ).json()
      let arrays = try #require(json["arrays"] as? [[String: Any]])
      let runs = arrays.flatMap { $0["tasks"] as? [[String: Any]] ?? [] }.flatMap {
        $0["runs"] as? [String] ?? []
      }
      #expect(Set(runs).count == 3 && json["submitted"] as? Int == 3)
      for array in arrays {
        let script = try #require(array["script"] as? String)
        try script.write(to: file, atomically: true, encoding: .utf8)
        #expect(
          try CommandLineTool.Running(["/bin/bash", "-n", file.path], in: tool.folder).wait().code == 0)
      }
    }
  }

  @Test func errors() throws {
    try withTiny { tool in
      let none = try withoutSlurm(tool, "submit", "--profile", "tiny", "--cpus", "1", "--memory", "1G")
      #expect(none.code == 69 && none.err.contains("error: squeue: "), "\(none.err)")
      let cancel = try withoutSlurm(tool, "cancel", "--profile", "tiny")
      #expect(cancel.code == 69 && cancel.err.contains("error: squeue: "))
      // Nothing was measured here.
      let memory = try withoutSlurm(tool, "submit", "--profile", "tiny", "--cpus", "1", "--dry-run")
      #expect(memory.code == 64 && memory.err.contains("--memory"), "\(memory.err)")
      for (option, value) in [
        ("--time", "soon"), ("--memory", "24"), ("--cpus", "0"), ("--warning", "90000"), ("--tables", "1,,2"),
        ("--array-throttle", "0"),
      ] {
        let output = try withoutSlurm(tool, "submit", "--cpus", "1", "--dry-run", option, value)
        #expect(output.code == 64 && output.err.split(separator: "\n").count == 1, "\(option): \(output.err)")
      }
      // Statuses of runs that were never submitted ask nobody.
      let status = try withoutSlurm(tool, "status", "--profile", "tiny")
      #expect(status.code == 0 && !status.err.contains("Slurm"))
    }
  }

  /// In a job a run is held by a claim file besides the kernel's lock, and stopped by a signal that may come again and again.
  @Test func trainingInAJob() throws {
    try withTiny { tool in
      let long = ["--profile", "tiny", "--set", "profile.iterations=4000"]
      #expect(try tool.start(["plan", "--freeze", "frozen"] + long).wait().code == 0)
      let plan = try tool.start(["plan", "--json"] + long).wait().json()
      let runs = try #require(plan["runs"] as? [[String: Any]])
      let id = try #require(runs.first?["id"] as? String)
      // Threads of tests may have signals blocked, and what they start inherits that.
      let job = [
        "/usr/bin/env", "--default-signal", "SLURM_ARRAY_JOB_ID=12", "SLURM_ARRAY_TASK_ID=3",
        "SLURM_JOB_ID=14",
      ]
      let command =
        job
        + tool.command([
          "train", "--spec", "frozen/\(id).json", "--profile", "tiny", "--threads", "1", "--json",
        ])
      let running = try CommandLineTool.Running(command, in: tool.folder)
      #expect(running.wait { running.out.contains("\"step\":{\"iteration\":3,") }, "\(running.err)")
      let claim = tool.folder.appendingPathComponent("results/tiny/locks/\(id).claim")
      #expect(try String(contentsOf: claim, encoding: .utf8).contains("\"job\":\"12_3\""))
      let second = try CommandLineTool.Running(command, in: tool.folder).wait()
      #expect(second.code == 75 && second.out.contains("job 12_3"), "\(second)")
      for _ in 0..<5 {
        running.send(SIGUSR1)
        usleep(2_000)
      }
      #expect(running.wait().code == 130 && running.out.contains("interrupted"))
      #expect(!FileManager.default.fileExists(atPath: claim.path))
      let status = try tool.start(["status", "--json"] + long).wait().json()
      let states = try #require(status["runs"] as? [[String: Any]])
      #expect(states.first { $0["id"] as? String == id }?["state"] as? String == "interrupted")
    }
  }

  /// What Table 4 takes at the paper's scale, from the measured steps that are published.
  @Test func resources() throws {
    try withTemporaryDirectory { folder in
      let root = CommandLineTool.package
      let tool = CommandLineTool(folder: folder, experiments: root.appendingPathComponent("experiments"))
      let asked = [
        "plan", "--table", "4", "--profile", "paper", "--resources", "--threads", "32", "--results",
        root.appendingPathComponent("results").path,
      ]
      let output = try tool.start(asked + ["--json"]).wait()
      let resources = try #require(try output.json()["resources"] as? [String: Any])
      let kinds = try #require(resources["kinds"] as? [[String: Any]])
      #expect(kinds.reduce(0) { $0 + ($1["runs"] as? Int ?? 0) } == 124)
      #expect(
        kinds.allSatisfy { ($0["memory_bytes"] as? Int ?? 0) > 1 << 30 && $0["seconds"] as? Double != nil })
      #expect(resources["threads"] as? Int == 32 && (resources["core_hours"] as? Double ?? 0) > 1000)
      let text = try tool.start(asked).wait()
      #expect(text.code == 0 && text.out.contains("memory GiB") && text.err.contains("core-hours"))
    }
  }
}
