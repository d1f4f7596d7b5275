import Foundation
import Images
import TestSupport
import Tensors
import Testing

/// The check of data in the formats of ADE20K and DeepGlobe Land Cover.
@Suite(.serialized) struct PlaceDataTests {
  /// Draws both data sets of profile smoke, and hands on a copy of them as somebody's own.
  private func withCopy(_ body: (CommandLineTool, URL) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder)
      let drawn = try tool(
        "data", "check", "--profile", "smoke", "--dataset", "ade20k", "--dataset", "deepglobe_land")
      #expect(drawn.code == 0, "\(drawn.err)")
      #expect(
        drawn.out.contains("ade20k/train: 16 images") && drawn.out.contains("deepglobe_land: 16 images"))
      #expect(drawn.err.contains("16 images in 5 folds of 3"))
      let copy = folder.appendingPathComponent("copy")
      try FileManager.default.copyItem(at: folder.appendingPathComponent("data/embedded/smoke"), to: copy)
      try body(tool, copy)
    }
  }

  private func check(_ tool: CommandLineTool, _ dataset: String) throws -> CommandLineTool.Output {
    try tool("data", "check", "--profile", "smoke", "--data", "copy", "--dataset", dataset, "--json")
  }

  /// The errors of the check, which then ends with 65.
  private func errors(_ tool: CommandLineTool, _ dataset: String) throws -> [String] {
    let output = try check(tool, dataset)
    let reports = try #require(
      try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [[String: Any]], "\(output.err)")
    let errors = reports.flatMap { $0["errors"] as? [String] ?? [] }
    #expect(output.code == (errors.isEmpty ? 0 : 65), "\(output.err)")
    return errors
  }

  @Test func damagedPlaces() throws {
    try withCopy { tool, copy in
      #expect(try errors(tool, "ade20k").isEmpty)
      let labels = copy.appendingPathComponent("ADEChallengeData2016/annotations")
      let (value, size, missing) = (
        labels.appendingPathComponent("training/ADE_train_00000002.png"),
        labels.appendingPathComponent("training/ADE_train_00000004.png"),
        labels.appendingPathComponent("validation/ADE_val_00000003.png")
      )
      var label = try ImageFile.readLabel(value.path)
      label[5, 7] = 200
      try ImageFile.writeGreyPNG(label, to: value.path)
      let other = try ImageFile.readLabel(size.path)
      try ImageFile.writeGreyPNG(
        LabelMap(height: other.height + 1, width: other.width, repeating: 1), to: size.path)
      try FileManager.default.removeItem(at: missing)
      let errors = try errors(tool, "ade20k")
      #expect(errors.count == 3)
      #expect(
        errors.first?.hasSuffix(
          "training/ADE_train_00000002.png: label value 200 at x 7, y 5; allowed: 1...150 and 0") == true,
        "\(errors)")
      #expect(
        errors.contains {
          $0.contains(
            "training/ADE_train_00000004.png: label is \(other.height + 1)x\(other.width), but its image")
            && $0.contains("ADE_train_00000004.jpg is \(other.height)x\(other.width)")
        }, "\(errors)")
      #expect(
        errors.contains { $0.contains("validation/ADE_val_00000003.png: label is missing for image") },
        "\(errors)")
    }
  }

  @Test func damagedLand() throws {
    try withCopy { tool, copy in
      #expect(try errors(tool, "deepglobe_land").isEmpty)
      let folder = copy.appendingPathComponent("deepglobe_land/train")
      let masks = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix("_mask.png") }.sorted()
      #expect(masks.count == 16)
      // A colour of no class is ignored, and said with number, share and file: channels count as 255 from 128 on, so
      // that the first colour is urban's, and the second nobody's.
      let stray = folder.appendingPathComponent(masks[1]).path
      var mask = try ImageFile.readRGB(stray)
      for index in 0..<30 {
        mask.pixels.replaceSubrange(
          3 * index..<3 * index + 3, with: index < 20 ? [90, 200, 130] : [255, 9, 30])
      }
      try ImageFile.writePNG(mask, to: stray)
      let output = try check(tool, "deepglobe_land")
      let id = String(masks[1].dropLast("_mask.png".count))
      #expect(output.code == 0 && output.out.contains("\"unmatched_pixels\": 10"), "\(output.err)")
      #expect(
        output.out.contains("10 pixels (0.015 %) in 1 of 16 labels") && output.out.contains("in '\(id)'"),
        "\(output.out)")
      let size = folder.appendingPathComponent(masks[2])
      try ImageFile.writePNG(
        ImageBuffer(height: 64, width: 63, pixels: [UInt8](repeating: 255, count: 64 * 63 * 3)), to: size.path
      )
      try FileManager.default.removeItem(at: folder.appendingPathComponent(masks[3]))
      let broken = folder.appendingPathComponent(masks[4])
      try Data(contentsOf: broken).prefix(60).write(to: broken)
      let errors = try errors(tool, "deepglobe_land")
      #expect(errors.count == 3, "\(errors)")
      #expect(errors.contains { $0.contains("\(masks[2]): label is 64x63, but its image") }, "\(errors)")
      #expect(errors.contains { $0.contains("\(masks[3]): label is missing for image") }, "\(errors)")
      #expect(errors.contains { $0.contains(masks[4]) }, "\(errors)")
      // Too few for the folds is no matter of one file.
      for name in masks.prefix(3) {
        try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        try FileManager.default.removeItem(
          at: folder.appendingPathComponent(name.replacingOccurrences(of: "_mask.png", with: "_sat.jpg")))
      }
      let few = try check(tool, "deepglobe_land")
      #expect(
        few.code == 65 && few.err.contains("5 folds of 3") && few.err.contains("fold_size"), "\(few.err)")
    }
  }

  /// Pictures that runs know by their seed must be as they were drawn.
  @Test func alteredDrawingsAreRefused() throws {
    try withCopy { tool, _ in
      let file = tool.folder.appendingPathComponent(
        "data/embedded/smoke/ADEChallengeData2016/annotations/training/ADE_train_00000001.png")
      try ImageFile.writeGreyPNG(LabelMap(height: 64, width: 80, repeating: 1), to: file.path)
      let output = try tool("data", "check", "--profile", "smoke", "--dataset", "ade20k")
      #expect(
        output.code != 0 && output.err.contains("annotations/training/ADE_train_00000001.png"),
        "\(output.err)")
    }
  }
}
