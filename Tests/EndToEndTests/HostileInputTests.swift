import Foundation
import HDF5
import TestSupport
import Testing

/// What a stranger's file, a full disk or a slip of the hand may do: nothing is replaced, waited for or hidden.
@Suite(.serialized) struct HostileInputTests {
  /// A shell, for what a user's shell does to the program.
  private func shell(_ script: String, in folder: URL) throws -> CommandLineTool.Output {
    try CommandLineTool.Running(
      ["/bin/bash", "-c", script, CommandLineTool.executable.path], in: folder
    ).wait()
  }

  private func withInput(_ body: (URL) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      try TensorFileTests.write(
        ["logits": TensorFileTests.logits, "label": TensorFileTests.label, "soft": TensorFileTests.soft],
        to: folder.appendingPathComponent("in.h5"))
      try body(folder)
    }
  }

  /// A device of that name stays a device, and what a link points to stays as it is.
  @Test func outputsReplaceRegularFilesAlone() throws {
    try withInput { folder in
      let tool = CommandLineTool(folder: folder)
      func loss(_ output: String) throws -> CommandLineTool.Output {
        try tool("loss", "jml1", "--input", "in.h5", "--output", output, "--target", "label")
      }
      let pipe = folder.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      let kept = folder.appendingPathComponent("kept.txt")
      try Data("kept".utf8).write(to: kept)
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent("link.h5"), withDestinationURL: kept)
      for (name, kind) in [
        ("pipe", "a pipe"), ("link.h5", "a link"), ("/dev/null", "a device"), (".", "a folder"),
      ] {
        let output = try loss(name)
        #expect(output.code == 1 && output.err.contains("it is \(kind), not a regular file"), "\(output.err)")
        #expect(output.err.split(separator: "\n").count == 1)
      }
      #expect(try String(contentsOf: kept, encoding: .utf8) == "kept")
      var status = stat()
      #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
      #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
      #expect(try loss("out.h5").code == 0)
      #expect(try loss("out.h5").code == 0)
    }
  }

  /// Nobody writes into the pipe.
  @Test func pipesAreNotWaitedFor() throws {
    try withTemporaryDirectory { folder in
      #expect(mkfifo(folder.appendingPathComponent("pipe").path, 0o600) == 0)
      let tool = CommandLineTool(folder: folder)
      for arguments in [
        ["loss", "jml1", "--input", "pipe", "--output", "out.h5"], ["metrics", "--input", "pipe"],
        ["train", "--spec", "pipe", "--profile", "smoke"],
      ] {
        let output = try tool.start(arguments).wait()
        #expect(output.code == 65 && output.err.contains("not a regular file"), "\(arguments): \(output.err)")
      }
    }
  }

  /// Data that did not arrive is a failure; a reader that has seen enough is none.
  @Test func failedOutput() throws {
    try withTemporaryDirectory { folder in
      let full = try shell("\"$0\" plan --table 4 --profile smoke > /dev/full", in: folder)
      #expect(
        full.code == 1 && full.err.contains("stdout: cannot be written: No space left on device"),
        "\(full.err)")
      let head = try shell(
        "set -o pipefail; \"$0\" plan --all --profile smoke | head -1", in: folder)
      #expect(head.code == 0 && !head.err.contains("rror"), "\(head.code) \(head.err)")
      #expect(head.out.split(separator: "\n").count == 1)
    }
  }

  /// An ignored signal stays ignored.
  @Test func hangingUpUnderNohup() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let script = """
        trap '' HUP; "$0" run --profile tiny --experiments '\(experiments.path)' & child=$!
        sleep 0.7; kill -HUP $child; wait $child
        """
      let output = try shell(script, in: folder)
      #expect(output.code == 0 && !output.err.contains("stopping"), "\(output.err)")
    }
  }

  @Test func emptyNamesAndNumbersOutOfReach() throws {
    try withInput { folder in
      let tool = CommandLineTool(folder: folder)
      let empty = try tool("plan", "--results", "")
      #expect(empty.code == 64 && empty.err.contains("--results is empty"), "\(empty.err)")
      let gamma = try tool(
        "loss", "jml1", "--input", "in.h5", "--output", "o.h5", "--target", "label", "--gamma", "1e308")
      #expect(gamma.code == 64 && gamma.err.contains("1 to 1000"), "\(gamma.err)")
    }
  }

  /// What single precision explains is taken, the rest refused, and what is masked out is nobody's business.
  @Test(arguments: [
    (Float(-6e-8), 0, Int32(0)), (1.000_000_4, 0, 0), (-1e-3, 0, 65), (.nan, 0, 65), (.nan, 1, 0),
  ])
  func softLabels(_ value: Float, _ isMasked: Int, _ code: Int32) throws {
    var soft = TensorFileTests.soft
    // Channel 1 of pixel 5 of the second image.
    soft.floats?[(3 + 1) * 8 + 5] = value
    let keep = TensorFileTests.Dataset(
      shape: [2, 2, 4], bytes: (0..<16).map { isMasked == 1 && $0 == 13 ? 0 : 1 })
    let (output, _) = try TensorFileTests.run(
      ["loss", "jml1"] + TensorFileTests.loss, ["logits": TensorFileTests.logits, "soft": soft, "keep": keep])
    #expect(output.code == code, "\(output.err)")
    if code != 0 { #expect(output.err.contains("wanted a probability, 0...1"), "\(output.err)") }
  }

  /// Controls of a terminal that a file holds are shown and not obeyed.
  @Test func controlsInMessages() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      let file = experiments.appendingPathComponent("labels/hard.yaml")
      try "kind: \"\\e[31mred\\0\"\n".write(to: file, atomically: true, encoding: .utf8)
      let output = try CommandLineTool(folder: folder, experiments: experiments)("plan", "--profile", "tiny")
      #expect(
        output.code == 65 && !output.err.contains("\u{1B}") && !output.err.contains("\0"), "\(output.err)")
    }
  }

  /// Blanks, quotes, dollars, semicolons and letters of any language reach the program as they were typed.
  @Test(
    arguments: [
      "a b", #"x"`touch P`"#, "$(touch P)", "$$(touch P)", "$(shell touch P)", "it's; touch P", "größe$HOME",
    ]) func makeHandsTextOn(_ path: String) throws
  {
    try withTemporaryDirectory { folder in
      let makefile = CommandLineTool.package.appendingPathComponent("Makefile").path
      let output = try CommandLineTool.Running(
        [
          "/usr/bin/env", "make", "-s", "-f", makefile, "-C", folder.path, "status", "setup=", "build=true",
          "jml=printf '<%s>'", "DATA=\(path)", "RESULTS=\(path)", "-o", "setup",
        ], in: folder
      ).wait()
      #expect(output.code == 0, "\(output.err)")
      #expect(output.out.contains("<--data><\(path)><--results><\(path)>"), "\(output.out)")
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("P").path))
    }
  }
}
