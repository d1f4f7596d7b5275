import Experiments
import Foundation
import HDF5
import JSON
import Results
import TestSupport
import Testing

/// A registry with one table of small runs, for kinds of runs beside Table 4's.
struct KindsOfRuns {
  let tool: CommandLineTool
  let folder: URL

  struct Run: Decodable {
    let id: String
    let method: String
    let inputs: [String: String]
  }

  /// Networks are evaluated every five of twelve iterations.
  /// - Parameters:
  ///   - table: YAML; its rows may name the model `pretrained`, DL3-MB2 that starts from a run.
  ///   - files: further files of the registry.
  static func with(
    table: String, files: [String: String], _ body: (KindsOfRuns) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      func change(_ file: String, _ text: String) throws {
        let url = experiments.appendingPathComponent(file)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
      }
      func read(_ file: String) throws -> String {
        try String(contentsOf: experiments.appendingPathComponent(file), encoding: .utf8)
      }
      try FileManager.default.removeItem(at: experiments.appendingPathComponent("tables/tiny.yaml"))
      try change("tables/kinds.yaml", table)
      for (file, text) in files { try change(file, text) }
      let model = try read("models/deeplabv3_mobilenetv2_100.yaml")
      try change(
        "models/pretrained.yaml",
        model.replacingOccurrences(of: "weights: random", with: "weights: pretrained"))
      let profile = try read("profiles/tiny.yaml")
      let often = profile.replacingOccurrences(of: "evaluate_every: null", with: "evaluate_every: 5")
      #expect(often != profile)
      try change("profiles/tiny.yaml", often)
      try body(KindsOfRuns(tool: CommandLineTool(folder: folder, experiments: experiments), folder: folder))
    }
  }

  func runs() throws -> [Run] {
    struct Answer: Decodable { let runs: [Run] }
    let output = try tool("plan", "--profile", "tiny", "--json")
    #expect(output.code == 0, "\(output.err)")
    return try JSONDecoder().decode(Answer.self, from: Data(output.out.utf8)).runs
  }

  /// Everything of a finished run that its spec decides.
  func outcome(_ store: ResultStore, _ id: String) throws -> [String: [Float]] {
    let tensors = try store.tensors(id)
    var values: [String: [Float]] = [:]
    for (name, model) in [("", tensors.model)] + tensors.networks.map({ ($0.name, $0.model) }) {
      for entry in model.weights + model.buffers { values["\(name)/\(entry.name)"] = entry.tensor.values }
    }
    for point in tensors.evaluations {
      values["eval/\(point.point)"] = point.evaluation.evaluation.confusion.truePositives.map(Float.init)
      values["eval/\(point.point)/iteration"] = [Float(point.iteration)]
    }
    values["loss"] = tensors.curves.loss.map { Float($0) }
    return values
  }

  /// Trains every run undisturbed, and by its frozen file alone with kill -9 at three places: the same bits.
  func trainFrozenRunsWithKills() throws {
    let runs = try runs()
    #expect(try tool("run", "--profile", "tiny", "--results", "undisturbed").code == 0)
    let frozen = try tool("plan", "--profile", "tiny", "--freeze", "frozen")
    #expect(frozen.code == 0, "\(frozen.err)")
    // Neither tables nor another data set is looked at.
    try FileManager.default.removeItem(at: folder.appendingPathComponent("experiments/tables"))
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("experiments/tables"), withIntermediateDirectories: false)
    let (whole, killed) = (
      ResultStore(root: folder.appendingPathComponent("undisturbed/tiny")),
      ResultStore(root: folder.appendingPathComponent("killed/tiny"))
    )
    for run in runs {
      let arguments = [
        "train", "--spec", "frozen/\(run.id).json", "--profile", "tiny", "--results", "killed", "--json",
      ]
      for line in [3, 7, 11] {
        let running = try tool.start(arguments)
        _ = running.wait { running.out.contains("\"step\":{\"iteration\":\(line),") }
        running.send(SIGKILL)
        running.wait()
      }
      let last = try tool.start(arguments).wait()
      #expect(last.code == 0, "\(last.err)")
      #expect(last.out.contains("\"terms\":{") || last.out.contains("\"done\""))
      let (expected, found) = (try outcome(whole, run.id), try outcome(killed, run.id))
      #expect(Set(expected.keys) == Set(found.keys))
      for (name, values) in expected { #expect(found[name] == values, "\(run.method): \(name)") }
    }
  }
}
