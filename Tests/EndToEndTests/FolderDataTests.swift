import Datasets
import Experiments
import Foundation
import HDF5
import Images
import Runner
import TestSupport
import Tensors
import Testing

/// A data set of one pair.
private enum OnePair {
  static func make(in folder: URL) throws -> FolderDataset {
    for name in ["i", "l"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    try ImageFile.writePNG(noiseImage(height: 3, width: 5), to: folder.appendingPathComponent("i/1.png").path)
    try ImageFile.writeGreyPNG(
      LabelMap(height: 3, width: 5), to: folder.appendingPathComponent("l/1.png").path)
    return try FolderDataset(
      name: "one", root: folder.path, images: "i", labels: "l", classNames: ["no", "yes"],
      mapping: .values(classCount: 2, offset: 0, ignored: [255]))
  }
}

/// A data set of somebody's own: one YAML file, pairs in folders, colours as labels, folds.
@Suite(.serialized) struct FolderDataTests {
  private static let dataset = """
    layout: folders
    folder: mine
    classes: [field, wood, lake]
    images: tiles/*_sat.jpg
    labels: tiles/*_mask.png
    mapping: {kind: colours, colours: [[255, 255, 0], [0, 255, 0], [0, 0, 255]], ignore: [[0, 0, 0]], threshold: 128}
    split: {kind: folds, count: 3, size: 2}

    """
  private static let table = """
    number: 98
    title: A data set of one's own
    unit: mIoU %
    row_headers: [Model]
    defaults: {metric: miou, label: hard, seeds: [0], recipe: sgd_voc, model: deeplabv3_mobilenetv2_100}
    columns:
      - {title: CE, kind: run, loss: ce}
    rows:
      - {labels: [DL3-MB2], dataset: mine, folds: [0, 1, 2], paper: {CE: {mean: 1.0}}}
    differences: []
    exceptions: []
    notes: []

    """
  private static let colors: [[UInt8]] = [[255, 255, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]

  /// Seven tiles, the experiment files with one data set and one table more.
  private func withData(_ body: (CommandLineTool, URL) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let experiments = folder.appendingPathComponent("experiments")
      try FileManager.default.copyItem(
        at: CommandLineTool.package.appendingPathComponent("experiments"), to: experiments)
      try FolderDataTests.dataset.write(
        to: experiments.appendingPathComponent("datasets/mine.yaml"), atomically: true, encoding: .utf8)
      try FolderDataTests.table.write(
        to: experiments.appendingPathComponent("tables/own.yaml"), atomically: true, encoding: .utf8)
      let tiles = folder.appendingPathComponent("data/mine/tiles")
      try FileManager.default.createDirectory(at: tiles, withIntermediateDirectories: true)
      for number in 0..<7 {
        let (height, width) = (52 + number, 70)
        try ImageFile.writeJPEG(
          noiseImage(height: height, width: width, seed: UInt64(number)), quality: 90,
          to: tiles.appendingPathComponent("\(number)_sat.jpg").path)
        let pixels = (0..<height * width).flatMap { FolderDataTests.colors[($0 / 40 + number) % 4] }
        try ImageFile.writePNG(
          ImageBuffer(height: height, width: width, pixels: pixels),
          to: tiles.appendingPathComponent("\(number)_mask.png").path)
      }
      var tool = CommandLineTool(folder: folder)
      tool.experiments = experiments
      try body(tool, tiles)
    }
  }

  @Test func checkNamesStrayColours() throws {
    try withData { tool, tiles in
      let good = try tool("data", "check", "--data", "data", "--dataset", "mine")
      #expect(good.code == 0 && good.out.hasPrefix("mine: 7 images, fingerprint "), "\(good.out)\(good.err)")
      #expect(!good.out.contains("warning") && good.out.contains("wood"))
      // Blue and red make a colour of no class.
      let label = tiles.appendingPathComponent("3_mask.png").path
      var image = try ImageFile.readRGB(label)
      for index in 0..<10 { image.pixels.replaceSubrange(3 * index..<3 * index + 3, with: [200, 0, 129]) }
      try ImageFile.writePNG(image, to: label)
      let stray = try tool("data", "check", "--data", "data", "--dataset", "mine", "--json")
      #expect(stray.code == 0)
      #expect(
        stray.out.contains("mine: 10 pixels (0.037 %) in 1 of 7 labels") && stray.out.contains("in '3'"))
      #expect(stray.out.contains("\"unmatched_pixels\": 10"))
      let unknown = try tool("data", "check", "--data", "data", "--dataset", "ours")
      #expect(
        unknown.code == 64 && unknown.err.contains("'ours'")
          && unknown.err.contains("cityscapes, deepglobe_land, mine"))
      // Without real folders there is nothing to draw.
      let embedded = try tool("data", "check", "--dataset", "mine")
      #expect(embedded.code == 64 && embedded.err.contains("no embedded data for mine"), "\(embedded.err)")
    }
  }

  /// Two bytes before a marker, and an orientation: warnings where the pair fits, a hint where it does not.
  @Test func checkNamesOddPictures() throws {
    try withData { tool, tiles in
      func insert(_ bytes: [UInt8], into number: Int) throws {
        let file = tiles.appendingPathComponent("\(number)_sat.jpg")
        var content = [UInt8](try Data(contentsOf: file))
        content.insert(contentsOf: bytes, at: 2)
        try Data(content).write(to: file)
      }
      func exif(_ orientation: UInt8) -> [UInt8] {
        [0xFF, 0xE1, 0, 34] + Array("Exif\0\0MM\0".utf8) + [
          42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1,
        ]
          + [0, orientation, 0, 0, 0, 0, 0, 0]
      }
      try insert([0x12, 0x34], into: 1)
      try insert(exif(3), into: 2)
      let odd = try tool("data", "check", "--data", "data", "--dataset", "mine")
      #expect(odd.code == 0, "\(odd.err)")
      #expect(
        odd.out.contains(
          "warning: mine: 1 of 7 images are whole, and were written wrongly: '1' (Corrupt JPEG data: 2 ")
          && odd.out.contains("orientation 3 (shown turned by 180 degrees): 1, '2'"), "\(odd.out)")
      // The label is as high as a viewer shows the image wide.
      try insert(exif(8), into: 4)
      let pixels = (0..<70 * 56).flatMap { FolderDataTests.colors[$0 % 4] }
      try ImageFile.writePNG(
        ImageBuffer(height: 70, width: 56, pixels: pixels),
        to: tiles.appendingPathComponent("4_mask.png").path)
      let turned = try tool("data", "check", "--data", "data", "--dataset", "mine")
      #expect(
        turned.code == 65
          && turned.out.contains(
            "is 56x70 (height x width); the image's EXIF orientation is 8 (shown turned by 90"),
        "\(turned.out)")
    }
  }

  @Test func tooFewForTheFolds() throws {
    try withData { tool, tiles in
      for number in 5..<7 {
        try FileManager.default.removeItem(at: tiles.appendingPathComponent("\(number)_sat.jpg"))
        try FileManager.default.removeItem(at: tiles.appendingPathComponent("\(number)_mask.png"))
      }
      let output = try tool("plan", "--profile", "smoke", "--data", "data", "--table", "own")
      #expect(output.code == 65 && output.err.contains("mine: 3 folds of 2"), "\(output.err)")
      // A profile with less data has smaller folds.
      let profile = tool.folder.appendingPathComponent("experiments/profiles/smoke.yaml")
      let text = try String(contentsOf: profile, encoding: .utf8)
      try text.replacingOccurrences(of: "  default:\n", with: "  default:\n    fold_size: 1\n")
        .write(to: profile, atomically: true, encoding: .utf8)
      let smaller = try tool("plan", "--profile", "smoke", "--data", "data", "--table", "own")
      #expect(smaller.code == 0 && smaller.out.contains("-s0-f2-"), "\(smaller.err)")
    }
  }

  /// What the run of a fold trains and validates on: disjoint from other folds, all of the data together.
  @Test func foldsReachTheLoaders() throws {
    try withData { tool, _ in
      let workspace = try Workspace(
        Workspace.Options(
          experiments: tool.experiments?.path, profile: "smoke", tables: ["own"],
          data: tool.folder.appendingPathComponent("data").path,
          results: tool.folder.appendingPathComponent("results").path, overrides: [], threads: 1))
      let data = try workspace.prepare { _, _, _ in }
      let prepared = try #require(data["mine"])
      #expect(prepared.summary.description == "folder `data`, 7 images in 3 folds of 2")
      #expect(prepared.summary.trainImages == 5 && prepared.summary.validationImages == 2)
      let runs = try workspace.plan(data).runs.filter { $0.spec.data.name == "mine" }
      #expect(runs.map(\.spec.fold) == [0, 1, 2] && Set(runs.map(\.id)).count == 3)
      let all = Set((0..<7).map(String.init))
      var validated: Set<String> = []
      // Four of the five samples, in which one at least is no other fold's.
      var firstBatches: [[Float]] = []
      for run in runs {
        let assembly = Assembly(run.spec, data: prepared)
        let loader = try assembly.batches().loaders[0]
        let train = Set(loader.dataset.samples.map(\.id))
        let validation = Set(assembly.validationIndices.map { assembly.validation.samples[$0].id })
        #expect(train.count == 5 && validation.count == 2)
        #expect(train.isDisjoint(with: validation) && train.union(validation) == all)
        #expect(validated.isDisjoint(with: validation))
        validated.formUnion(validation)
        var seen: Set<String> = []
        for iteration in 0..<8 { seen.formUnion(try loader.batch(at: iteration).ids) }
        #expect(seen.isSubset(of: train))
        firstBatches.append(try (0..<2).flatMap { try loader.batch(at: $0).images.values })
      }
      #expect(validated == all.subtracting(["6"]))
      #expect(Set(firstBatches).count == 3)
      // Other meaning of the same files: nothing that has passed is taken for granted.
      let file = tool.folder.appendingPathComponent("experiments/datasets/mine.yaml")
      try FolderDataTests.dataset.replacingOccurrences(of: "[[0, 0, 0]]", with: "[]")
        .write(to: file, atomically: true, encoding: .utf8)
      let checked = try tool(
        "plan", "--profile", "smoke", "--data", "data", "--results", "results", "--table", "own")
      #expect(checked.code == 0)
      #expect(!runs.contains { checked.out.contains($0.id.text) })
    }
  }

  /// From the YAML file to numbers in a table, without a profile that names the data set.
  @Test func runs() throws {
    try withData { tool, _ in
      let output = try tool("run", "--profile", "smoke", "--data", "data", "--table", "own", "--json")
      #expect(output.code == 0, "\(output.err)")
      let table = try tool("table", "--profile", "smoke", "--data", "data", "--table", "own")
      #expect(table.code == 0 && table.out.contains("DL3-MB2"), "\(table.err)")
    }
  }

  // MARK: Preview

  /// A view of the batch stands between image and label, and in the file.
  @Test func previewOfViews() throws {
    try withTemporaryDirectory { folder in
      let (height, width) = (3, 5)
      let dataset = try OnePair.make(in: folder)
      let normalization = Normalization(mean: SIMD3(100, 110, 120), std: SIMD3(2, 4, 8))
      let preview = DataPreview(dataset: dataset, normalization: normalization) { iteration in
        Batch(
          images: Tensor(repeating: 1, shape: [2, 3, height, width]),
          labels: LabelBatch(
            count: 2, height: height, width: width,
            values: (0..<2 * height * width).map { $0 == 4 ? LabelMap.ignore : UInt8($0 % 2) }),
          ids: ["a/\(iteration)", "b/\(iteration)"],
          views: [("strong", Tensor(repeating: Float(iteration) - 2, shape: [2, 3, height, width]))])
      }
      let out = folder.appendingPathComponent("out")
      let files = try preview.write(3, to: out)
      #expect(files.map(\.lastPathComponent) == ["000_a_0.png", "001_b_0.png", "002_a_1.png", "samples.h5"])
      let picture = try ImageFile.readRGB(files[0].path)
      #expect((picture.height, picture.width) == (3, 3 * 5 + 2 * 4))
      func pixel(_ y: Int, _ x: Int) -> [UInt8] {
        Array(picture.pixels[(y * picture.width + x) * 3..<(y * picture.width + x + 1) * 3])
      }
      #expect(pixel(2, 4) == [102, 114, 128] && pixel(0, 6) == [255, 255, 255])
      #expect(pixel(1, 9) == [96, 102, 104] && pixel(2, 16) == [255, 255, 255])
      #expect(pixel(0, 18) == [0, 0, 0] && pixel(0, 19) == [128, 0, 0] && pixel(0, 22) == [224, 224, 192])
      let file = try HDF5File(reading: files[3].path)
      #expect(try file.shape("views/strong") == [3, 3, 3, 5])
      #expect(try file.floats("views/strong").map { $0 }.suffix(45).allSatisfy { $0 == -1 })
      #expect(try file.strings("ids") == ["a/0", "b/0", "a/1"])
      #expect(try file.shape("labels") == [3, 3, 5])
    }
  }

  @Test func preview() throws {
    try withData { tool, _ in
      let output = try tool(
        "data", "preview", "--profile", "smoke", "--data", "data", "--table", "own", "--count", "3",
        "--output", "out")
      #expect(output.code == 0, "\(output.err)")
      let folder = tool.folder.appendingPathComponent("out/mine")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(names.count == 4 && names.last == "samples.h5")
      #expect(output.out.split(separator: "\n").filter { $0.contains("out/mine") }.count == 4)
      let file = try HDF5File(reading: folder.appendingPathComponent("samples.h5").path)
      #expect(try file.shape("images") == [3, 3, 48, 48])
      #expect(try file.shape("labels") == [3, 48, 48])
      #expect(try file.strings("class_names") == ["field", "wood", "lake"])
      let (images, labels) = (try file.floats("images"), try file.bytes("labels"))
      let ids = try file.strings("ids")
      let (mean, std): ([Float], [Float]) = ([123.68, 116.28, 103.53], [58.40, 57.12, 57.38])
      for (index, id) in ids.enumerated() {
        #expect(names[index] == String(format: "%03d", index) + "_\(id).png")
        let picture = try ImageFile.readRGB(folder.appendingPathComponent(names[index]).path)
        #expect((picture.height, picture.width) == (48, 48 * 2 + 4))
        for y in [0, 17, 47] {
          for x in 0..<48 {
            let place = (index * 48 + y) * 48 + x
            let color = picture.pixels[(y * 100 + 52 + x) * 3..<(y * 100 + 53 + x) * 3]
            let value = labels[place]
            #expect(Array(color) == (value == 255 ? [224, 224, 192] : FolderDataTests.colors[Int(value)]))
            for channel in 0..<3 {
              let level = images[((index * 3 + channel) * 48 + y) * 48 + x] * std[channel] + mean[channel]
              #expect(abs(level - Float(picture.pixels[(y * 100 + x) * 3 + channel])) < 1)
            }
          }
        }
      }
      // They are what the first run trains on; another seed draws others.
      let text = try Data(contentsOf: folder.appendingPathComponent("samples.h5"))
      for (seed, isSame) in [("0", true), ("7", false)] {
        let again = try tool(
          "data", "preview", "--profile", "smoke", "--data", "data", "--table", "own", "--count", "3",
          "--output",
          "seed\(seed)", "--seed", seed, "--json")
        #expect(again.code == 0)
        #expect((try again.json()["mine"] as? [String: Any])?["run"] as? String != nil)
        let other = try Data(contentsOf: tool.folder.appendingPathComponent("seed\(seed)/mine/samples.h5"))
        #expect((other == text) == isSame)
      }
      let none = try tool("data", "preview", "--output", "out", "--count", "0")
      #expect(none.code == 64 && none.err.contains("--count 0"))
    }
  }
}
