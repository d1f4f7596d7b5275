import Experiments
import Foundation
import TestSupport
import Testing

/// The methods of Table 11 by the command line, on a small network of theirs.
@Suite(.serialized) struct SemiSupervisedRunTests {
  /// Epochs of three iterations, so that averages lag and U2PL's queues fill.
  private static let table = """
    number: 97
    title: Semi-supervised methods
    row_headers: [Model]
    defaults:
      metric: miou
      label: hard
      loss: ce_single_head
      labelled: half
      seeds: [0]
      dataset: cityscapes
      recipe: sgd_semi_supervised
      set:
        recipe.augmentation.random_long_side.minimum: 60
        recipe.augmentation.random_long_side.maximum: 160
    columns:
      - {title: Supervise, kind: run, semi_supervised: supervised}
      - title: U2PL
        kind: run
        semi_supervised: u2pl
        set: {semi_supervised.unlabelled_batch: 2, semi_supervised.epochs: 4}
      - title: iMAS
        kind: run
        semi_supervised: imas
        set: {semi_supervised.unlabelled_batch: 2, semi_supervised.epochs: 4, semi_supervised.threshold: 0.1}
      - title: UniMatch
        kind: run
        semi_supervised: unimatch
        set: {semi_supervised.unlabelled_batch: 2, semi_supervised.threshold: 0.1}
      - title: AugSeg
        kind: run
        semi_supervised: augseg
        set: {semi_supervised.unlabelled_batch: 2, semi_supervised.epochs: 4, semi_supervised.threshold: 0.1}
    rows:
      - {labels: [DL3+-MB2], model: small}

    """
  private static let jaccard = """
      - title: JML-SSL
        kind: run
        semi_supervised: jml_ssl
        set: {semi_supervised.unlabelled_batch: 2, semi_supervised.epochs: 4, semi_supervised.threshold: 0.1}
    """
  private static let half = "images: 1\nof: 2\nseed: 0\n"
  private static let model = """
    backbone: mobilenetv2_100
    output_stride: 16
    decoder:
      kind: deeplabv3plus
      channels: 32
      rates: [2, 4]
      shortcut_channels: 16
      convolutions: plain
    auxiliary_channels: null
    dropout: 0.1
    weights: random

    """

  private static let files = ["models/small.yaml": model, "labelled/half.yaml": half]

  /// Averages, queues, second heads, both streams: kill -9 at three places, the same bits in the end.
  @Test func killsChangeNothing() throws {
    try KindsOfRuns.with(table: Self.table, files: Self.files) { kinds in
      #expect(try kinds.runs().count == 5)
      try kinds.trainFrozenRunsWithKills()
    }
  }

  /// The same of JML-SSL, with its loss and its smoothed labels.
  @Test func killsChangeNothingOfTheJaccardLoss() throws {
    let head = Self.table.components(separatedBy: "columns:\n")[0]
      .replacingOccurrences(of: "label: hard", with: "label: boundary_smoothing")
      .replacingOccurrences(of: "ce_single_head", with: "ce_jml_single_head")
    let rows = "rows:\n      - {labels: [DL3+-MB2], model: small}\n"
    let table =
      head + "columns:\n" + Self.jaccard + "\n" + rows.replacingOccurrences(of: "      -", with: "  -")
    try KindsOfRuns.with(table: table, files: Self.files) { kinds in
      #expect(try kinds.runs().map(\.method) == ["ce_jml_single_head-boundary_smoothing-jml_ssl"])
      try kinds.trainFrozenRunsWithKills()
    }
  }

  /// A method that trains the main head alone refuses a network with another one.
  @Test func auxiliaryHeadsAreNotLeftUntrained() throws {
    let table = Self.table.replacingOccurrences(of: "model: small", with: "model: deeplabv3_mobilenetv2_100")
      .replacingOccurrences(of: "loss: ce_single_head", with: "loss: ce")
    try KindsOfRuns.with(table: table, files: Self.files) { kinds in
      let output = try kinds.tool("plan", "--profile", "tiny")
      #expect(output.code == 65 && output.err.contains("trains no auxiliary head"), "\(output.err)")
      #expect(output.err.split(separator: "\n").count == 1)
    }
  }

  /// With real folders labelled images are those of a list, whose hash the experiment file knows.
  @Test func listsOfLabelledImages() throws {
    let one =
      Self.table.components(separatedBy: "  - title: U2PL")[0] + "rows:\n"
      + "  - {labels: [DL3+-MB2], model: small}\n"
    try KindsOfRuns.with(table: one, files: Self.files) { kinds in
      let (tool, folder) = (kinds.tool, kinds.folder)
      #expect(try tool("data", "make", "--profile", "tiny", "--output", "real").code == 0)
      let data = folder.appendingPathComponent("real/cityscapes")
      let images = data.appendingPathComponent("leftImg8bit/train")
      let suffix = "_leftImg8bit.png"
      let ids = try FileManager.default.subpathsOfDirectory(atPath: images.path).filter {
        $0.hasSuffix(suffix)
      }
      .map { String(URL(fileURLWithPath: $0).lastPathComponent.dropLast(suffix.count)) }.sorted()
      let labelled = Array(ids.prefix(ids.count / 2))
      let digits = SHA1.hexDigest(of: labelled.joined(separator: "\n") + "\n").prefix(12)
      let split = folder.appendingPathComponent("experiments/labelled/half.yaml")
      try (Self.half + "list: half.txt\nsha1: \"\(digits)\"\n").write(
        to: split, atomically: true, encoding: .utf8)
      func run(_ lines: [String]?) throws -> CommandLineTool.Output {
        let list = data.appendingPathComponent("half.txt")
        try? FileManager.default.removeItem(at: list)
        try lines?.joined(separator: "\n").write(to: list, atomically: true, encoding: .utf8)
        return try tool("run", "--profile", "tiny", "--data", "real")
      }
      let missing = try run(nil)
      #expect(missing.code == 65 && missing.err.contains("half.txt"), "\(missing.code) \(missing.err)")
      let other = try run(Array(labelled.dropLast()))
      #expect(other.code == 65 && other.err.contains("wanted \(digits)"), "\(other.code) \(other.err)")
      let unknown = try run(labelled + ["nowhere_000000_000000"])
      #expect(unknown.code == 65 && unknown.err.contains("nowhere_000000_000000"), "\(unknown.err)")
      // As the lists of public codes are written, in any order.
      let right = try run(labelled.reversed().map { "leftImg8bit/train/\($0).png gtFine/train/\($0).png" })
      #expect(right.code == 0, "\(right.err)")
    }
  }
}
