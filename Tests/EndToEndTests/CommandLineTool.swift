import Foundation
import TestSupport
import Testing

/// The `jml` that was built beside this test program, run as a user would in a folder of its own.
struct CommandLineTool {
  static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("jml")

  /// The source checkout.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The current folder of the commands.
  let folder: URL
  /// Given to every command that takes it; nil for the default.
  var experiments: URL?

  struct Output {
    let code: Int32
    let out: String
    let err: String

    func json() throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(out.utf8)) as? [String: Any], "\(out)\n\(err)")
    }
  }

  /// Runs to the end.
  func callAsFunction(_ arguments: String...) throws -> Output { try start(arguments).wait() }

  func start(_ arguments: [String]) throws -> Running { try Running(command(arguments), in: folder) }

  /// The command as one would type it, the program first.
  func command(_ arguments: [String]) -> [String] {
    [CommandLineTool.executable.path] + arguments + (experiments.map { ["--experiments", $0.path] } ?? [])
  }

  /// A process whose outputs go to files, so that it never waits for us.
  final class Running {
    let process = Process()
    private let files: (out: URL, err: URL)

    init(_ command: [String], in folder: URL) throws {
      let name = UUID().uuidString
      files = (folder.appendingPathComponent("\(name).out"), folder.appendingPathComponent("\(name).err"))
      for file in [files.out, files.err] { try Data().write(to: file) }
      process.executableURL = URL(fileURLWithPath: command[0])
      process.arguments = Array(command.dropFirst())
      process.currentDirectoryURL = folder
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: files.out)
      process.standardError = try FileHandle(forWritingTo: files.err)
      try process.run()
    }

    /// What it has said on stdout so far.
    var out: String { (try? String(contentsOf: files.out, encoding: .utf8)) ?? "" }
    var err: String { (try? String(contentsOf: files.err, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Looks every few milliseconds; false when the process ended, or a minute passed, before `condition` held.
    func wait(until condition: () throws -> Bool) rethrows -> Bool {
      for _ in 0..<12_000 {
        if try condition() { return true }
        if !process.isRunning { return try condition() }
        usleep(5_000)
      }
      return false
    }

    /// The code is the negated signal for a killed process.
    @discardableResult
    func wait() -> Output {
      process.waitUntilExit()
      let code = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
      return Output(code: code, out: out, err: err)
    }
  }
}

/// A copy of the experiment files with one small table of three runs: a teacher, a plain run and a student.
struct TinyExperiments {
  /// - Parameter figures: whether those of the paper are there, which are of data sets that the tiny profile has not: what
  ///   plans all tables and figures needs to be without.
  static func make(in folder: URL, figures: Bool = true) throws -> URL {
    let copy = folder.appendingPathComponent("experiments")
    let original = CommandLineTool.package.appendingPathComponent("experiments")
    try FileManager.default.copyItem(at: original, to: copy)
    let tables = copy.appendingPathComponent("tables")
    if !figures { try FileManager.default.removeItem(at: copy.appendingPathComponent("figures")) }
    try FileManager.default.removeItem(at: tables)
    try FileManager.default.createDirectory(at: tables, withIntermediateDirectories: true)
    try table.write(to: tables.appendingPathComponent("tiny.yaml"), atomically: true, encoding: .utf8)
    try profile.write(
      to: copy.appendingPathComponent("profiles/tiny.yaml"), atomically: true, encoding: .utf8)
    return copy
  }

  private static let table = """
    number: 99
    title: Three small runs
    unit: mIoU %
    row_headers: [Model]
    defaults:
      metric: miou
      label: hard
      seeds: [0]
      inputs:
        teacher: {model: deeplabv3_mobilenetv2_100, loss: ce_jml, label: boundary_smoothing, seed: 0}
    columns:
      - {title: CE, kind: run, loss: ce}
      - {title: JML-KD, kind: run, loss: ce_jml, distillation: jml_kd}
    rows:
      - labels: [DL3-MB2]
        dataset: cityscapes
        recipe: sgd_cityscapes
        model: deeplabv3_mobilenetv2_100
        paper: {CE: {mean: 1.0}, JML-KD: {mean: 2.0}}
    differences: []
    exceptions: []
    notes: []

    """

  private static let profile = """
    comparable_with_paper: false
    maximum_seeds: 1
    execution: {checkpoint_every: 2, threads: 1}
    datasets:
      cityscapes:
        crop_height: 32
        crop_width: 32
        batch: 2
        iterations: 12
        working_short_side: 32
        maximum_validation_images: 2
        evaluate_every: null
        embedded: {train_images: 4, validation_images: 2, height: 32, width: 64, seed: 1}

    """
}
