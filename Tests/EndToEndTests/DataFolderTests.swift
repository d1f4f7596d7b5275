import Foundation
import HDF5
import Images
import TestSupport
import Tensors
import Testing

/// Data folders of strangers by the command line: what is wrong is named, counted, and ends with 65 before anything is
/// trained.
@Suite(.serialized) struct DataFolderTests {
  private static let table = """
    number: 98
    title: One data set
    unit: mIoU %
    row_headers: [Model]
    defaults: {metric: miou, label: hard, seeds: [0], recipe: sgd_voc, model: deeplabv3_mobilenetv2_100}
    columns:
      - {title: CE, kind: run, loss: ce}
    rows:
      - {labels: [DL3-MB2], dataset: pascal_voc, paper: {CE: {mean: 1.0}}}
    differences: []
    exceptions: []
    notes: []

    """

  /// Six images of PASCAL VOC's layout, four of them in the training list, one in the other.
  private func withData(_ body: (CommandLineTool, URL) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let experiments = folder.appendingPathComponent("experiments")
      try FileManager.default.copyItem(
        at: CommandLineTool.package.appendingPathComponent("experiments"), to: experiments)
      try Self.table.write(
        to: experiments.appendingPathComponent("tables/one.yaml"), atomically: true, encoding: .utf8)
      let voc = folder.appendingPathComponent("data/VOCdevkit/VOC2012")
      for name in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
        try FileManager.default.createDirectory(
          at: voc.appendingPathComponent(name), withIntermediateDirectories: true)
      }
      for id in ["1", "2", "3", "4 a", "5"] {
        try ImageFile.writeJPEG(
          noiseImage(height: 8, width: 11, seed: UInt64(id.utf8.first ?? 0)), quality: 90,
          to: voc.appendingPathComponent("JPEGImages/\(id).jpg").path)
        try ImageFile.writeGreyPNG(
          LabelMap(height: 8, width: 11, values: (0..<88).map { UInt8($0 % 21) }),
          to: voc.appendingPathComponent("SegmentationClass/\(id).png").path)
      }
      try list(voc, "trainaug", "1\n2\n3\n4 a\n")
      try list(voc, "val", "5\n")
      var tool = CommandLineTool(folder: folder)
      tool.experiments = experiments
      try body(tool, voc)
    }
  }

  private func list(_ voc: URL, _ split: String, _ text: String) throws {
    try Data(text.utf8).write(to: voc.appendingPathComponent("ImageSets/Segmentation/\(split).txt"))
  }

  private func check(_ tool: CommandLineTool, _ more: String...) throws -> CommandLineTool.Output {
    try tool.start(
      ["data", "check", "--profile", "smoke", "--data", "data", "--dataset", "pascal_voc"] + more
    ).wait()
  }

  private func run(_ tool: CommandLineTool, _ more: String...) throws -> CommandLineTool.Output {
    try tool.start(["run", "--profile", "smoke", "--data", "data", "--table", "one"] + more).wait()
  }

  /// The file of a run on a data set that has passed its check.
  private func frozenSpec(
    _ tool: CommandLineTool, _ dataset: String, _ arguments: [String]
  ) throws -> String {
    let plan = try tool.start(["plan", "--freeze", "frozen"] + arguments).wait()
    #expect(plan.code == 0, "\(plan.err)")
    let folder = tool.folder.appendingPathComponent("frozen")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      .map { folder.appendingPathComponent($0) }
    // One without a teacher.
    let file = try files.first {
      let text = try String(contentsOf: $0, encoding: .utf8)
      return text.contains("\"name\": \"\(dataset)\"") && !text.contains("\"teacher\":")
    }
    return try #require(file).path
  }

  /// Nothing was begun.
  private func expectNoRuns(_ tool: CommandLineTool) {
    let runs = tool.folder.appendingPathComponent("results-data/smoke/runs")
    #expect(!FileManager.default.fileExists(atPath: runs.path))
  }

  enum Fault: String, CaseIterable {
    case emptyList, noList, noSplit, noImages, noDataFolder, fileForFolder, emptyFolder, otherText

    /// What is said.
    var words: [String] {
      switch self {
      case .emptyList: ["voc/trainaug: the split has no images", "trainaug.txt"]
      case .noList: ["list of split 'trainaug' not found", "trainaug.txt"]
      case .noSplit: ["folder ImageSets/Segmentation not found", "data/VOCdevkit/VOC2012"]
      case .noImages: ["folder of images not found", "JPEGImages"]
      case .noDataFolder, .fileForFolder: ["/data: no such data folder", "--data"]
      case .emptyFolder: ["folder ImageSets/Segmentation not found"]
      case .otherText: ["trainaug.txt:1: ", "not UTF-8"]
      }
    }
  }

  @Test(arguments: Fault.allCases)
  func exitCodes(_ fault: Fault) throws {
    try withData { tool, voc in
      let files = FileManager.default
      let data = tool.folder.appendingPathComponent("data")
      let lists = voc.appendingPathComponent("ImageSets/Segmentation")
      switch fault {
      case .emptyList: try list(voc, "trainaug", "\u{FEFF}\r\n \r\n")
      case .noList: try files.removeItem(at: lists.appendingPathComponent("trainaug.txt"))
      case .noSplit: try files.removeItem(at: lists)
      case .noImages: try files.removeItem(at: voc.appendingPathComponent("JPEGImages"))
      case .noDataFolder: try files.removeItem(at: data)
      case .fileForFolder:
        try files.removeItem(at: data)
        try Data().write(to: data)
      case .emptyFolder:
        try files.removeItem(at: data)
        try files.createDirectory(at: data, withIntermediateDirectories: true)
      case .otherText: try Data([0xE9, 0x0A]).write(to: lists.appendingPathComponent("trainaug.txt"))
      }
      let train = try tool("train", "feed", "--profile", "smoke", "--data", "data", "--table", "one")
      for output in [try check(tool), try run(tool), train] {
        #expect(output.code == 65 && output.out.isEmpty, "\(output.code) \(output.out)\(output.err)")
        #expect(output.err.split(separator: "\n").count == 1, "\(output.err)")
        for word in fault.words { #expect(output.err.contains(word), "\(word) in \(output.err)") }
      }
      expectNoRuns(tool)
    }
  }

  /// Warnings are errors if somebody wants them to be, also where the files have passed before.
  @Test func strict() throws {
    try withData { tool, voc in
      for flags in [[], ["--strict"]] as [[String]] {
        let good = try tool.start(
          ["data", "check", "--profile", "smoke", "--data", "data", "--dataset", "pascal_voc"] + flags
        ).wait()
        #expect(good.code == 0 && !good.out.contains("warning"), "\(good.out)\(good.err)")
        #expect(good.out.contains("voc/trainaug: 4 images") && good.out.contains("voc/val: 1 images"))
      }
      let frozen = try frozenSpec(
        tool, "pascal_voc", ["--profile", "smoke", "--data", "data", "--table", "one"])
      try ImageFile.writeJPEG(
        noiseImage(height: 8, width: 11, seed: 99), quality: 90,
        to: voc.appendingPathComponent("JPEGImages/6.jpg").path)
      let said =
        "voc/trainaug: 1 file is not used: images that no list of the data set names: 'JPEGImages/6.jpg'"
      let loose = try check(tool)
      #expect(loose.code == 0 && loose.out.contains("  warning: \(said)\n"), "\(loose.out)\(loose.err)")
      let strict = try check(tool, "--strict")
      #expect(strict.code == 65 && strict.out == loose.out)
      #expect(strict.err.contains("0 errors and 1 warning, which --strict makes errors"), "\(strict.err)")
      let refused = try run(tool, "--strict")
      #expect(
        refused.code == 65 && refused.err.contains("--strict") && refused.err.contains(said), "\(refused.err)"
      )
      let train = try tool("train", "--spec", frozen, "--profile", "smoke", "--data", "data", "--strict")
      #expect(train.code == 65 && train.err.contains(said), "\(train.err)")
      let preview = try tool(
        "data", "preview", "--profile", "smoke", "--data", "data", "--table", "one", "--output", "o",
        "--strict")
      #expect(preview.code == 65 && preview.err.contains(said), "\(preview.err)")
      expectNoRuns(tool)
    }
  }

  /// Twice in a list, and in both: what passed before does no longer, although the samples are the same.
  @Test func usedTwice() throws {
    try withData { tool, voc in
      #expect(try check(tool).code == 0)
      try list(voc, "trainaug", "1\r\n2\r\n3\r\n4 a\r\n2\r\n")
      let twice = try run(tool)
      #expect(twice.code == 65 && twice.err.contains("trainaug.txt:5: '2' stands twice"), "\(twice.err)")
      try list(voc, "val", "5\nJPEGImages/4 a.jpg SegmentationClass/4 a.png\n")
      let output = try check(tool, "--json")
      #expect(output.code == 65, "\(output.err)")
      let reports = try #require(
        try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [[String: Any]])
      #expect(reports.map { $0["images"] as? Int } == [4, 2])
      let errors = reports.map { $0["errors"] as? [String] ?? [] }
      #expect(errors.map(\.count) == [1, 1] && reports.allSatisfy { $0["fingerprint"] is NSNull })
      #expect(errors[0].first?.hasSuffix("trainaug.txt:5: '2' stands twice; allowed: once") == true)
      #expect(
        errors[1].first?.contains("the image of '4 a' is in voc/trainaug and in voc/val") == true, "\(errors)"
      )
      let both = try run(tool)
      #expect(both.code == 65 && both.err.contains("pascal_voc: 2 errors: "), "\(both.err)")
      expectNoRuns(tool)
    }
  }

  /// Two cities with a file of one name: each evaluated image has a name of its own.
  @Test func idsOfCities() throws {
    try withTemporaryDirectory { folder in
      let tool = CommandLineTool(folder: folder, experiments: try TinyExperiments.make(in: folder))
      #expect(try tool("data", "make", "--profile", "tiny", "--output", "real").code == 0)
      for kind in ["leftImg8bit", "gtFine"] {
        let city = folder.appendingPathComponent("real/cityscapes/\(kind)/val/cresta")
        let other = folder.appendingPathComponent("real/cityscapes/\(kind)/val/delta")
        try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
        let suffix = kind == "gtFine" ? "_gtFine_labelIds.png" : "_leftImg8bit.PNG"
        let names = try FileManager.default.contentsOfDirectory(atPath: city.path).sorted()
        for (name, place) in zip(names, [city, other]) {
          try FileManager.default.moveItem(
            at: city.appendingPathComponent(name), to: place.appendingPathComponent("street\(suffix)"))
        }
      }
      let checked = try tool("data", "check", "--profile", "tiny", "--data", "real")
      #expect(
        checked.code == 0 && checked.out.contains("cityscapes/val: 2 images"), "\(checked.out)\(checked.err)")
      let places = ["--profile", "tiny", "--data", "real"]
      let frozen = try frozenSpec(tool, "cityscapes", places + ["--set", "profile.iterations=2"])
      let trained = try tool.start(["train", "--spec", frozen] + places).wait()
      #expect(trained.code == 0, "\(trained.err)")
      let run = URL(fileURLWithPath: frozen).deletingPathExtension().lastPathComponent
      let file = try HDF5File(
        reading: folder.appendingPathComponent("results-real/tiny/runs/\(run)/tensors.h5").path)
      #expect(try file.strings("eval/ids") == ["cresta/street", "delta/street"])
    }
  }
}
