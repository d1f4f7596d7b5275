import Experiments
import Testing

/// What a model file may leave out, and what its runs' ids see of it.
@Suite(.serialized) struct ModelOptionTests {
  private static let file = "models/deeplabv3_resnet18d.yaml"

  /// The CE run of Table 4's DeepLabV3-R18 with its decoder replaced and lines put before it.
  private func run(_ decoder: String, _ lines: String = "") throws -> PlannedRun {
    let files = try TemporaryRegistry()
    try files.replace(
      Self.file, "decoder:\n  kind: deeplabv3\n",
      "\(lines)decoder:\n  kind: deeplabv3plus\n  shortcut_channels: 48\n\(decoder)")
    let plan = try files.plan("paper", ["recipe.backbone_weights=null"])
    return try #require(
      plan.runs.first { $0.spec.model.name == "deeplabv3_resnet18d" && $0.spec.distillation == nil })
  }

  @Test func separableConvolutionsAreWhatAFileThatDoesNotSayHas() throws {
    let silent = try run("")
    #expect(try run("  convolutions: separable\n").id == silent.id)
    #expect(!silent.spec.canonicalJSON.contains("convolutions"))
    #expect(!silent.spec.canonicalJSON.contains("multi_grid"))
  }

  @Test func plainConvolutionsAndMultiGridAreInTheId() throws {
    let ids = [
      try run(""), try run("  convolutions: plain\n"), try run("", "multi_grid: [1, 1]\n"),
      try run("", "multi_grid: [1, 2]\n"),
    ].map(\.id)
    #expect(Set(ids).count == 4)
  }

  @Test func aStoredRunKeepsBoth() throws {
    let run = try run("  convolutions: plain\n", "multi_grid: [1, 2]\n")
    let json = run.spec.canonicalJSON
    #expect(json.contains("\"multi_grid\":[1,2]") && json.contains("\"convolutions\":\"plain\""))
    let stored = try RunSpec(json: json, source: "stored")
    #expect(stored.id == run.id && stored.model == run.spec.model)
    #expect(stored.model.multiGrid == [1, 2])
  }
}
