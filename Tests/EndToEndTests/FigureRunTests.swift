import Foundation
import Images
import TestSupport
import Testing

/// Figures that are drawn from finished runs.
@Suite(.serialized) struct FigureRunTests {
  private static let pictures = """
    kind: qualitative
    number: 77
    title: Pictures of two networks
    defaults: {dataset: cityscapes, recipe: sgd_cityscapes, model: deeplabv3_mobilenetv2_100, label: hard, seeds: [0]}
    columns:
      - {title: CE, loss: ce}
      - {title: JML, loss: ce_jml}
    images: {of: JML, minus: CE, quantiles: [1, 0]}

    """

  private static let curve = """
    number: 78
    title: A curve of two points
    metrics: [miou, ece]
    defaults: {dataset: cityscapes, recipe: sgd_cityscapes, loss: ce_jml, label: boundary_smoothing, seeds: [0]}
    sweep: {label.epsilon: [0.5]}
    series: [{title: DL3-MB2, model: deeplabv3_mobilenetv2_100}]
    extra: [{at: {label.epsilon: 0}, label: hard}]
    paper: [{series: DL3-MB2, at: {label.epsilon: 0.5}, miou: 75.0}]

    """

  @Test func drawsFromFinishedRuns() throws {
    try withTemporaryDirectory { folder in
      let experiments = try TinyExperiments.make(in: folder)
      for (name, text) in [("figure77", Self.pictures), ("figure78", Self.curve)] {
        let file = experiments.appendingPathComponent("figures/\(name).yaml")
        try text.write(to: file, atomically: true, encoding: .utf8)
      }
      let tool = CommandLineTool(folder: folder, experiments: experiments)
      func draw(_ number: String) throws -> CommandLineTool.Output {
        try tool("figure", number, "--profile", "tiny", "--output", "out")
      }
      func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent("out/\(name)"))
      }
      // Before any run: pictures cannot be drawn, and curves have no points.
      let early = try draw("77")
      #expect(early.code == 1 && early.err.contains("2 runs are not finished"), "\(early.err)")
      #expect(early.err.contains("jml run --figure 77 --profile tiny"))
      let empty = try draw("78")
      #expect(empty.code == 0 && empty.err.contains("DL3-MB2 at epsilon 0.5"), "\(empty.err)")

      let run = try tool("run", "--figure", "77", "--figure", "78", "--profile", "tiny", "--threads", "1")
      #expect(run.code == 0, "\(run.err)")
      for number in ["77", "78"] {
        let output = try draw(number)
        #expect(output.code == 0, "\(output.err)")
        let first = try (bytes("figure\(number).png"), bytes("figure\(number).json"))
        #expect(try draw(number).code == 0)
        #expect(try (bytes("figure\(number).png"), bytes("figure\(number).json")) == first)
      }
      let picture = try ImageFile.readRGB(folder.appendingPathComponent("out/figure77.png").path)
      #expect(picture.width >= 1200)
      let data = try #require(
        try JSONSerialization.jsonObject(with: bytes("figure77.json")) as? [String: Any])
      let images = try #require(data["images"] as? [[String: Any]])
      let differences = try images.map { try #require($0["difference"] as? Double) }
      #expect(images.count == 2 && differences[0] >= differences[1])
      #expect((data["columns"] as? [[String: Any]])?.count == 2)
      let svg = String(decoding: try bytes("figure78.svg"), as: UTF8.self)
      #expect(svg.contains("not comparable") && !svg.contains("Left out"))

      // Other figures and the claims are of data sets that the tiny profile has not.
      let figures = experiments.appendingPathComponent("figures")
      for name in try FileManager.default.contentsOfDirectory(atPath: figures.path)
      where !["figure77.yaml", "figure78.yaml"].contains(name) {
        try FileManager.default.removeItem(at: figures.appendingPathComponent(name))
      }
      try FileManager.default.removeItem(at: experiments.appendingPathComponent("claims"))
      try sitePredicts(tool)
    }
  }

  /// What the network predicts for its page is what was counted when it was evaluated.
  private func sitePredicts(_ tool: CommandLineTool) throws {
    let made = try tool("site", "--profile", "tiny", "--output", "site", "--predict")
    #expect(made.code == 0, "\(made.err)")
    let runs = tool.folder.appendingPathComponent("site/runs")
    let names = try FileManager.default.contentsOfDirectory(atPath: runs.path).sorted()
    let name = try #require(names.first { $0.hasPrefix("cityscapes-") })
    let page = try String(contentsOf: runs.appendingPathComponent("\(name)/index.html"), encoding: .utf8)
    #expect(page.contains("Confusion matrix") && page.contains("IoU of each class"))
    #expect(page.contains("Training loss against iterations"))
    #expect(try ImageFile.readRGB(runs.appendingPathComponent("\(name)/picture1.png").path).width >= 1200)
    let data = try Data(contentsOf: runs.appendingPathComponent("\(name)/page.json"))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let detail = try #require(json["detail"] as? [String: Any])
    let matrix = try #require(detail["confusion"] as? [[Int]])
    let hits = try #require(detail["true_positives"] as? [Int])
    let misses = try #require(detail["false_negatives"] as? [Int])
    let alarms = try #require(detail["false_positives"] as? [Int])
    #expect(matrix.indices.map { matrix[$0][$0] } == hits)
    #expect(matrix.indices.map { matrix[$0].reduce(0, +) - matrix[$0][$0] } == misses)
    #expect(
      matrix.indices.map { column in matrix.reduce(0) { $0 + $1[column] } - matrix[column][column] } == alarms
    )
  }
}
