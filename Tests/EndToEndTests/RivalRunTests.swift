import Foundation
import TestSupport
import Testing

/// The rivals of Table 4 by the command line: what they remember is in their checkpoints.
@Suite(.serialized) struct RivalRunTests {
  private static let table = """
    number: 97
    title: Rivals
    row_headers: [Model]
    defaults:
      metric: miou
      label: hard
      loss: ce
      seeds: [0]
      dataset: cityscapes
      recipe: sgd_cityscapes
      inputs:
        teacher: {model: deeplabv3_mobilenetv2_100, loss: ce, label: hard, seed: 1}
        tokens: {first_stage: tokens, loss: ce, label: hard, seed: 0}
    columns:
      - {title: SKD, kind: run, distillation: skd}
      - {title: IFVD, kind: run, distillation: ifvd}
      - {title: CD, kind: run, distillation: cd}
      - {title: CIRKD, kind: run, distillation: cirkd}
      - {title: MasKD, kind: run, distillation: maskd}
      - {title: DIST, kind: run, distillation: dist}
    rows:
      - {labels: [DL3-MB2], model: deeplabv3_mobilenetv2_100}

    """

  private static func method(_ terms: String...) -> String {
    "label_weights: {cross_entropy: 1, region: 1}\nterms:\n" + terms.map { "  - \($0)\n" }.joined()
  }

  private static let pixels = "{kind: pixel_wise, weight: 1, temperature: 1, at: logits, heads: [main]}"
  private static let adversarial =
    "{kind: adversarial, weight: 0.001, discriminator_weight: 0.1, learning_rate: 4e-4, beta1: 0.9, beta2: 0.99, minimum_side: 16}"
  private static let memory =
    "{kind: memory, weight: 0.1, temperature: 0.1, pixel_capacity: 40, region_capacity: 9, contrast_pixels: 200, contrast_regions: 100, pixels_per_class: 16, pixels: class}"

  private static let files = [
    "first_stages/tokens.yaml": "kind: mask_tokens\ntokens: 4\ndeviation: 0.01\ndiversity_weight: 1\n",
    "distillation/skd.yaml": method(pixels, "{kind: pair_wise, weight: 10, window: 2}", adversarial),
    "distillation/ifvd.yaml": method(pixels, "{kind: intra_class_variation, weight: 20}", adversarial),
    // Two terms of one kind with parameters.
    "distillation/cd.yaml": method(
      "{kind: channel_wise, name: warm, weight: 50, at: features, temperature: 4}",
      "{kind: channel_wise, name: cool, weight: 5, at: features, temperature: 1}",
      "{kind: channel_wise, weight: 3, at: logits, temperature: 4}", adversarial),
    "distillation/cirkd.yaml": method(pixels, "{kind: cross_image, weight: 1, temperature: 0.1}", memory),
    "distillation/maskd.yaml": method(
      "{kind: masked, weight: 1, head: main}", "{kind: masked, name: second, weight: 0.4, head: auxiliary}"),
    "distillation/dist.yaml": method(
      "{kind: correlation, weight: 1, head: main, inter_weight: 1, intra_weight: 1}",
      "{kind: correlation, name: second, weight: 0.4, head: auxiliary, inter_weight: 1, intra_weight: 1}"),
  ]

  /// Queues, discriminators with their optimizers, adapters, tokens: kill -9 at three places, the same bits in the end.
  @Test func killsChangeNothing() throws {
    try KindsOfRuns.with(table: Self.table, files: Self.files) { kinds in
      let runs = try kinds.runs()
      let teacher = try #require(runs.first { $0.inputs.isEmpty })
      let tokens = try #require(runs.first { $0.method == "ce-tokens" })
      #expect(runs.count == 8 && tokens.inputs == ["teacher": teacher.id])
      let masked = try #require(runs.first { $0.method == "ce-maskd" })
      #expect(masked.inputs == ["teacher": teacher.id, "tokens": tokens.id])
      try kinds.trainFrozenRunsWithKills()
    }
  }

  /// What a method needs and does not get, or gets of another teacher, is told before anything is trained.
  @Test func inputsThatDoNotFit() throws {
    func message(_ old: String, _ new: String) throws -> String {
      var text = ""
      let table = Self.table.replacingOccurrences(of: old, with: new)
      #expect(table != Self.table)
      try KindsOfRuns.with(table: table, files: Self.files) { kinds in
        let output = try kinds.tool("plan", "--profile", "tiny")
        #expect(output.code == 65 && output.err.split(separator: "\n").count == 1)
        text = output.err
      }
      return text
    }
    #expect(try message("first_stage: tokens, ", "").contains("the method needs a first stage there"))
    #expect(
      try message(
        "label: hard, seed: 0}",
        "label: hard, seed: 0, inputs: {teacher: {model: deeplabv3_mobilenetv2_100, loss: ce, label: hard, seed: 2}}}"
      ).contains("it has another teacher than the run"))
    #expect(try message("    tokens: {first_stage", "    tutor: {first_stage").contains("'tutor'"))
  }
}
