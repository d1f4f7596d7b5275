import Foundation
import HDF5
import TestSupport
import Testing

/// `jml loss` and `jml metrics` on files as a person would make them.
@Suite(.serialized)
struct TensorFileTests {
  struct Dataset {
    var shape: [Int]
    var floats: [Float]?
    var bytes: [UInt8]?
    var int64s: [Int64]?
  }

  /// Two images of 3 classes, 2 x 4 pixels.
  static let logits = Dataset(shape: [2, 3, 2, 4], floats: (0..<48).map { Float($0 % 7) / 3 - 1 })
  static let label = Dataset(shape: [2, 2, 4], bytes: [0, 1, 2, 0, 1, 2, 255, 3, 0, 0, 1, 1, 2, 2, 0, 1])
  static let soft = Dataset(shape: [2, 3, 2, 4], floats: (0..<48).map { [0.2, 0.3, 0.5][$0 / 8 % 3] })
  static let keep = Dataset(shape: [2, 2, 4], bytes: (0..<16).map { $0 % 5 == 0 ? 0 : 1 })

  static func write(_ datasets: [String: Dataset], to url: URL) throws {
    let writer = try HDF5Writer(name: "input")
    for (name, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
      if let floats = dataset.floats { try writer.write(floats: floats, shape: dataset.shape, at: name) }
      if let bytes = dataset.bytes { try writer.write(bytes: bytes, shape: dataset.shape, at: name) }
      if let int64s = dataset.int64s { try writer.write(int64s: int64s, shape: dataset.shape, at: name) }
    }
    try writer.image().write(to: url)
  }

  static func run(_ arguments: [String], _ datasets: [String: Dataset]) throws -> (
    CommandLineTool.Output, HDF5File?
  ) {
    try withTemporaryDirectory { folder in
      try write(datasets, to: folder.appendingPathComponent("in.h5"))
      let output = try CommandLineTool(folder: folder).start(arguments).wait()
      let result = folder.appendingPathComponent("out.h5")
      let file =
        FileManager.default.fileExists(atPath: result.path)
        ? try HDF5File(image: try Data(contentsOf: result), name: "out.h5") : nil
      return (output, file)
    }
  }

  static let loss = ["--input", "in.h5", "--output", "out.h5"]

  @Test(arguments: ["jml1", "jml2", "sjl-l1", "sjl-l2", "lovasz", "dice", "tversky", "ce", "kl"])
  func everyKind(_ kind: String) throws {
    let (output, file) = try Self.run(
      ["loss", kind, "--json"] + Self.loss, ["logits": Self.logits, "label": Self.label])
    #expect(output.code == 0, "\(output.err)")
    let result = try #require(file)
    #expect(try result.shape("value").isEmpty)
    #expect(try result.shape("grad") == [2, 3, 2, 4])
    let value = try #require(try output.json()["value"] as? Double)
    expectClose(actual: try result.doubles("value"), expected: [value], tolerance: 1e-14)
    #expect(try output.json()["kept_pixels"] as? Int == 14)
    let gradient = try result.floats("grad")
    #expect(gradient.contains { $0 != 0 })
    // The pixels labelled 255 and 3, the number of classes.
    for place in [6, 7, 14, 15, 22, 23] { #expect(gradient[place] == 0) }
  }

  @Test func softLabelsAndMasks() throws {
    let arguments = ["loss", "jml1", "--active", "label", "--threshold", "0.25"] + Self.loss
    let (output, file) = try Self.run(
      arguments, ["logits": Self.logits, "soft": Self.soft, "keep": Self.keep])
    #expect(output.code == 0 && output.out.contains("over 12 pixels"), "\(output.err)")
    let gradient = try #require(file).floats("grad")
    for image in 0..<2 {
      for pixel in 0..<8 where (image * 8 + pixel) % 5 == 0 {
        for c in 0..<3 { #expect(gradient[(image * 3 + c) * 8 + pixel] == 0) }
      }
    }
    let both: [String: Dataset] = ["logits": Self.logits, "soft": Self.soft, "label": Self.label]
    let (refused, _) = try Self.run(["loss", "jml1"] + Self.loss, both)
    #expect(refused.code == 65 && refused.err.contains("--target"))
    let (chosen, _) = try Self.run(["loss", "jml1", "--target", "soft"] + Self.loss, both)
    #expect(chosen.code == 0)
  }

  struct Bad: Sendable, CustomTestStringConvertible {
    let name: String
    let arguments: [String]
    let change: @Sendable (inout [String: Dataset]) -> Void
    let says: [String]
    var testDescription: String { name }
  }

  static let bad: [Bad] = [
    Bad(
      name: "no logits", arguments: ["loss", "ce"], change: { $0["logits"] = nil },
      says: ["in.h5", "'/logits'"]),
    Bad(
      name: "no label", arguments: ["loss", "ce"], change: { $0["label"] = nil },
      says: ["'/label'", "'/soft'"]),
    Bad(
      name: "integers for logits", arguments: ["loss", "ce"],
      change: { $0["logits"] = Dataset(shape: [2, 3, 2, 4], int64s: [Int64](repeating: 0, count: 48)) },
      says: ["'logits' holds 64-bit integers", "floats"]),
    Bad(
      name: "64-bit labels", arguments: ["loss", "ce"],
      change: { $0["label"] = Dataset(shape: [2, 2, 4], int64s: [Int64](repeating: 0, count: 16)) },
      says: ["'label' holds 64-bit integers", "unsigned bytes"]),
    Bad(
      name: "rank", arguments: ["loss", "ce"], change: { $0["logits"]?.shape = [6, 2, 4] },
      says: ["'/logits' has shape [6, 2, 4]", "[B, C, H, W]"]),
    Bad(
      name: "shape", arguments: ["loss", "ce"], change: { $0["label"]?.shape = [2, 4, 2] },
      says: ["'/label' has shape [2, 4, 2]", "[2, 2, 4]"]),
    Bad(
      name: "empty", arguments: ["loss", "ce"],
      change: { $0["logits"] = Dataset(shape: [0, 3, 2, 4], floats: []) }, says: ["[0, 3, 2, 4]"]),
    Bad(
      name: "label out of range", arguments: ["loss", "ce"], change: { $0["label"]?.bytes?[9] = 7 },
      says: ["'/label' is 7 at [1, 0, 1]", "0...2"]),
    Bad(
      name: "ignore index given", arguments: ["loss", "ce", "--ignore-index", "255"], change: { _ in },
      says: ["'/label' is 3 at [0, 1, 3]", "ignore index 255"]),
    Bad(
      name: "not a number", arguments: ["loss", "ce"], change: { $0["logits"]?.floats?[30] = .nan },
      says: ["'/logits' is nan at [1, 0, 1, 2]", "finite"]),
    Bad(
      name: "keep", arguments: ["loss", "ce"],
      change: { $0["keep"] = Dataset(shape: [2, 2, 4], bytes: [UInt8](repeating: 2, count: 16)) },
      says: ["'/keep' is 2 at [0, 0, 0]", "0 or 1"]),
    Bad(
      name: "soft", arguments: ["loss", "jml2"],
      change: {
        $0["label"] = nil
        $0["soft"] = soft
        $0["soft"]?.floats?[1] = 1.5
      }, says: ["'/soft' is 1.5 at [0, 0, 0, 1]", "0...1"]),
    Bad(
      name: "lovasz on soft labels", arguments: ["loss", "lovasz"],
      change: {
        $0["label"] = nil
        $0["soft"] = soft
      }, says: ["hard labels"]),
    Bad(
      name: "class weights", arguments: ["loss", "jml1", "--class-weights", "1,2"], change: { _ in },
      says: ["2 numbers for 3 classes"]),
    Bad(
      name: "no scores", arguments: ["metrics"], change: { $0["logits"] = nil },
      says: ["'/prob'", "'/logits'"]),
    Bad(
      name: "no probabilities", arguments: ["metrics"],
      change: { $0["prob"] = Dataset(shape: [2, 3, 2, 4], floats: [Float](repeating: 2, count: 48)) },
      says: ["'/prob' is 2.0 at [0, 0, 0, 0]"]),
    Bad(
      name: "metrics label", arguments: ["metrics"], change: { $0["label"]?.bytes?[15] = 4 },
      says: ["'/label' is 4 at [1, 1, 3]"]),
  ]

  @Test(arguments: bad) func badInput(_ bad: Bad) throws {
    var datasets = ["logits": Self.logits, "label": Self.label]
    bad.change(&datasets)
    let files = bad.arguments[0] == "loss" ? Self.loss : ["--input", "in.h5"]
    let (output, file) = try Self.run(bad.arguments + files, datasets)
    #expect(output.code == 65, "\(output.err)")
    #expect(output.out.isEmpty && file == nil)
    #expect(output.err.split(separator: "\n").count == 1, "\(output.err)")
    for text in bad.says { #expect(output.err.contains(text), "\(text) in \(output.err)") }
  }

  @Test func notAnHDF5File() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      for arguments in [["loss", "ce"] + Self.loss, ["metrics", "--input", "in.h5"]] {
        let missing = try tool.start(arguments).wait()
        #expect(missing.code == 65 && missing.err.contains("in.h5: cannot be read"), "\(missing.err)")
      }
      try Data("not HDF5".utf8).write(to: folder.appendingPathComponent("in.h5"))
      let text = try tool("metrics", "--input", "in.h5")
      #expect(text.code == 65 && text.err.contains("not a readable HDF5 file"), "\(text.err)")
    }
  }

  @Test func metrics() throws {
    let datasets = ["logits": Self.logits, "label": Self.label]
    let (output, _) = try Self.run(["metrics", "--input", "in.h5", "--json"], datasets)
    #expect(output.code == 0, "\(output.err)")
    let report = try output.json()
    for name in ["Acc", "mIoUD", "mDiceI5", "mAccCQ", "ECED", "BECEI", "SCED", "SCED_textbook", "BSCEI"] {
      #expect(report[name] is Double, "\(name)")
    }
    #expect(report["ignored_pixels"] as? Int == 2)
    #expect((report["reliability"] as? [String: [Any]])?["all"]?.count == 10)
    let (text, _) = try Self.run(["metrics", "--input", "in.h5"], datasets)
    #expect(text.code == 0 && text.out.contains("mIoUD") && text.out.contains("per mille"))
  }

  @Test(arguments: ["1", "2", "3"]) func figures(_ number: String) throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder)("figure", number, "--output", "a/b")
      #expect(output.code == 0, "\(output.err)")
      for kind in ["svg", "png", "json"] {
        let file = folder.appendingPathComponent("a/b/figure\(number).\(kind)")
        #expect(FileManager.default.fileExists(atPath: file.path))
      }
    }
  }

  /// A step with every loss that a run can be trained with.
  @Test(arguments: ["ce_jml2", "ce_sjl_l1", "ce_sjl_l2", "ce_lovasz"]) func trains(_ loss: String) throws {
    try withTemporaryDirectory { folder in
      let output = try CommandLineTool(folder: folder)(
        "bench", "step", "--model", "deeplabv3_mobilenetv2_100", "--loss", loss, "--batch", "2", "--crop",
        "32x48",
        "--steps", "1", "--warm-up", "0", "--json")
      #expect(output.code == 0, "\(output.err)")
    }
  }
}
