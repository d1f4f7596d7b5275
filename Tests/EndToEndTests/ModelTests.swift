import Foundation
import HDF5
import TestSupport
import Testing

/// `jml model`, and runs that start from weight files.
@Suite(.serialized)
struct ModelTests {
  @Test func listHasEveryNetwork() throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder)("model", "list", "--json")
      let list = try #require(
        try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [[String: Any]], "\(output.err)")
      #expect(list.count == 16)
      let smallest = try #require(list.first { $0["name"] as? String == "deeplabv3_mobilenetv2_100" })
      #expect(smallest["parameters"] as? Int == 3_797_478 && smallest["macs"] as? Int == 31_686_828_288)
    }
  }

  /// The same bits through a file of either format, and a clear error for another network's file.
  @Test func exportImportForward() throws {
    try withTemporaryDirectory { folder in
      let jml = CommandLineTool(folder: folder)
      let writer = try HDF5Writer(name: "in.h5")
      let image: [Float] = (0..<12_288).map { (index: Int) -> Float in Float(index % 17) / 8 - 1 }
      try writer.write(floats: image, shape: [2, 3, 32, 64], at: "image")
      try writer.image().write(to: folder.appendingPathComponent("in.h5"))
      let name = "segformer_mit_b0"
      #expect(try jml("model", "export", name, "--seed", "5", "--output", "w.h5").code == 0)
      #expect(try jml("model", "import", name, "--weights", "w.h5", "--output", "w.safetensors").code == 0)
      var seen: [[Float]] = []
      for source in [["--seed", "5"], ["--weights", "w.h5"], ["--weights", "w.safetensors"]] {
        let output = try jml.start(
          ["model", "forward", name, "--input", "in.h5", "--output", "out.h5", "--threads", "1"] + source
        ).wait()
        #expect(output.code == 0, "\(output.err)")
        let file = try HDF5File(reading: folder.appendingPathComponent("out.h5").path)
        #expect(try file.shape("aux_logits") == [2, 19, 32, 64])
        seen.append(try file.floats("logits"))
      }
      #expect(seen[0].count == 2 * 19 * 32 * 64 && seen[0] == seen[1] && seen[1] == seen[2])
      let other = try jml("model", "import", "segformer_mit_b1", "--weights", "w.safetensors")
      #expect(other.code == 65 && other.err.contains("of another shape") && other.out.isEmpty)
      #expect(
        other.err.count < 1000 && other.err.prefix(300).contains("it fits segformer_mit_b0"), "\(other.err)")
      let unfit = try jml("model", "forward", "unet_resnet18d", "--input", "w.h5", "--output", "o.h5")
      #expect(unfit.code != 0 && unfit.err.contains("image"), "\(unfit.err)")
    }
  }

  /// A transformer trained by AdamW from a file: stopped and resumed, it ends with the same bits.
  @Test func adamWFromAFile() throws {
    try withTemporaryDirectory { folder in
      var jml = CommandLineTool(folder: folder)
      #expect(
        try jml("model", "export", "segformer_mit_b0", "--seed", "9", "--output", "start.safetensors").code
          == 0)
      let experiments = try TinyExperiments.make(in: folder)
      jml.experiments = experiments
      let table = experiments.appendingPathComponent("tables/tiny.yaml")
      let text = try String(contentsOf: table, encoding: .utf8)
        .replacingOccurrences(of: "model: deeplabv3_mobilenetv2_100\n", with: "model: segformer_mit_b0\n")
        .replacingOccurrences(of: "recipe: sgd_cityscapes", with: "recipe: adamw_ade20k")
        .replacingOccurrences(of: "model: deeplabv3_mobilenetv2_100,", with: "model: segformer_mit_b0,")
      try text.write(to: table, atomically: true, encoding: .utf8)
      let options = ["--profile", "tiny", "--set=recipe.backbone_weights=start.safetensors"]
      let whole = try jml.start(["run", "--results", "a"] + options).wait()
      #expect(whole.code == 0, "\(whole.err)")
      let running = try jml.start(["run", "--results", "b"] + options)
      let runs = folder.appendingPathComponent("b/tiny/runs")
      _ = running.wait {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: runs.path)) ?? []
        return names.contains { $0.contains("checkpoint") }
      }
      running.send(SIGINT)
      running.wait()
      let resumed = try jml.start(["run", "--results", "b"] + options).wait()
      #expect(resumed.code == 0, "\(resumed.err)")
      let names = try FileManager.default.subpathsOfDirectory(atPath: folder.appendingPathComponent("a").path)
        .filter { $0.hasSuffix("tensors.h5") }
      #expect(names.count == 3)
      for name in names {
        let files = ["a", "b"].map { folder.appendingPathComponent($0).appendingPathComponent(name) }
        #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]), "\(name)")
        let record = files[0].deletingLastPathComponent().appendingPathComponent("run.json")
        #expect(try String(contentsOf: record, encoding: .utf8).contains("start.safetensors"))
      }
    }
  }
}
