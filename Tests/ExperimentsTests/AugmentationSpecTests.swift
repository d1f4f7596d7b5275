import Experiments
import Testing

/// Stages of the semi-supervised methods' recipes: the long side in pixels, and padding at the end.
@Suite(.serialized) struct AugmentationSpecTests {
  private static let file = "recipes/sgd_cityscapes.yaml"
  private static let scale = "- {kind: random_scale, minimum: 0.5, maximum: 2.0}"

  /// Table 4 with Cityscapes cropped otherwise.
  private func files(_ resizing: String, crop: String = "{kind: random_crop, padding: end}") throws
    -> TemporaryRegistry
  {
    let files = try TemporaryRegistry()
    try files.replace(Self.file, Self.scale, "- \(resizing)")
    try files.replace(Self.file, "{kind: random_crop}", crop)
    return files
  }

  private func runs(_ plan: Plan) -> [PlannedRun] { plan.runs.filter { $0.spec.data.name == "cityscapes" } }

  @Test func resolved() throws {
    let files = try files("{kind: random_long_side, minimum: 250, maximum: 1000}")
    let runs = runs(try files.plan())
    #expect(!runs.isEmpty)
    for run in runs {
      #expect(
        run.spec.recipe.augmentation == [
          .randomLongSide(250...1000), .randomFlip(probability: 0.5), .randomCrop(padding: .end),
        ])
      #expect(
        run.spec.canonicalJSON.contains(
          #""augmentation":[{"kind":"random_long_side","maximum":1000,"minimum":250},"#
            + #"{"kind":"random_flip","probability":0.5},{"kind":"random_crop","padding":"end"}]"#))
      #expect(try RunSpec(json: run.spec.canonicalJSON, source: "run.json") == run.spec)
    }
  }

  /// The centre said or left out is one recipe, with the ids from before there was a choice.
  @Test func centreIsLeftOut() throws {
    let files = try TemporaryRegistry()
    let plain = try files.plan()
    try files.replace(Self.file, "{kind: random_crop}", "{kind: random_crop, padding: centre}")
    let said = try files.plan()
    #expect(said.runs.map(\.id) == plain.runs.map(\.id))
    #expect(said.runs.allSatisfy { !$0.spec.canonicalJSON.contains("padding") })
    try files.replace(Self.file, "padding: centre", "padding: end")
    let changed = Set(runs(try files.plan()).map(\.id))
    #expect(!changed.isEmpty && changed.isDisjoint(with: plain.runs.map(\.id)))
  }

  @Test func overridable() throws {
    let files = try files("{kind: random_long_side, minimum: 250, maximum: 1000}")
    let changed = runs(
      try files.plan(
        "mini",
        [
          "recipe.augmentation.random_long_side.minimum=40",
          "recipe.augmentation.random_long_side.maximum=60", "recipe.augmentation.random_crop.padding=centre",
        ]))
    #expect(
      changed.allSatisfy {
        $0.spec.recipe.augmentation == [
          .randomLongSide(40...60), .randomFlip(probability: 0.5), .randomCrop,
        ]
      })
    // Of a profile as well, nested as in the recipe.
    try files.replace(
      "profiles/mini.yaml", "    recipe:\n      optimizer: {learning_rate: 0.02}\n",
      "    recipe:\n      augmentation: {random_long_side: {minimum: 31, maximum: 32}}\n")
    #expect(
      runs(try files.plan()).allSatisfy { $0.spec.recipe.augmentation.first == .randomLongSide(31...32) })
    for (argument, says) in [
      ("random_long_side.minimum=2000", "larger than maximum 32"),
      ("random_long_side.maximum=10.5", "an integer, 1...16384"),
      ("random_crop.padding=start", "one of centre, end"),
    ] {
      let message = registryError { _ = try files.plan("mini", ["recipe.augmentation.\(argument)"]) }
      #expect(message?.contains(says) == true, "\(argument): \(message ?? "no error")")
    }
  }

  /// What is no value of a recipe cannot be set.
  @Test func paddingThatIsNotThere() throws {
    let message = registryError {
      _ = try TemporaryRegistry().plan("mini", ["recipe.augmentation.random_crop.padding=end"])
    }
    #expect(message?.contains("recipe.augmentation.random_crop.padding: unknown key") == true)
  }

  @Test(arguments: [
    (
      "{kind: random_long_side, minimum: 0, maximum: 9}", "{kind: random_crop}",
      ["augmentation.random_long_side.minimum", "'0'", "an integer, 1...16384"]
    ),
    (
      "{kind: random_long_side, minimum: 250.5, maximum: 900}", "{kind: random_crop}",
      ["augmentation.random_long_side.minimum", "'250.5'", "an integer"]
    ),
    (
      "{kind: random_long_side, minimum: 250, maximum: 20000}", "{kind: random_crop}",
      ["augmentation.random_long_side.maximum", "'20000'", "1...16384"]
    ),
    (
      "{kind: random_long_side, minimum: 901, maximum: 900}", "{kind: random_crop}",
      ["augmentation.random_long_side.minimum", "'901'", "larger than maximum 900"]
    ),
    (
      "{kind: random_long_side, minimum: 250}", "{kind: random_crop}",
      ["augmentation.random_long_side.maximum", "missing"]
    ),
    (
      "{kind: random_long_side, minimum: 2, maximum: 3, padding: end}", "{kind: random_crop}",
      ["augmentation.random_long_side.padding", "unknown key", "kind, minimum, maximum"]
    ),
    (
      "{kind: random_scale, minimum: 1, maximum: 2}\n  - {kind: random_long_side, minimum: 2, maximum: 3}",
      "{kind: random_crop}",
      ["augmentation", "may stand once", "random_long_side may stand in the place of random_scale"]
    ),
    (
      "{kind: random_long_side, minimum: 2, maximum: 3}\n  - {kind: random_scale, minimum: 1, maximum: 2}",
      "{kind: random_crop}", ["augmentation", "may stand once"]
    ),
    (
      "{kind: random_long_side, minimum: 2, maximum: 3}", "{kind: random_crop, padding: right}",
      ["augmentation.random_crop.padding", "'right'", "one of centre, end"]
    ),
    (
      "{kind: random_long_side, minimum: 2, maximum: 3}", "{kind: random_crop, pad: end}",
      ["augmentation.random_crop.pad", "unknown key", "kind, padding"]
    ),
    (
      "{kind: random_long_side, minimum: 2, maximum: 3}", "{kind: random_crop, padding: null}",
      ["augmentation.random_crop.padding", "one of centre, end"]
    ),
  ])
  func refused(_ resizing: String, _ crop: String, _ says: [String]) throws {
    let files = try files(resizing, crop: crop)
    let message = try #require(registryError { _ = try files.load() })
    for part in ["recipes/sgd_cityscapes.yaml"] + says {
      #expect(message.contains(part), "'\(part)' is not in: \(message)")
    }
  }

  /// The recipe of the semi-supervised methods says what their public codes do.
  @Test func semiSupervisedRecipe() throws {
    let recipe = try #require(try TemporaryRegistry().load().recipes["sgd_semi_supervised"])
    #expect(
      recipe.augmentation == [
        .randomLongSide(250...1000), .randomFlip(probability: 0.5), .randomCrop(padding: .end),
      ])
    #expect(recipe.optimizer.kind == .sgd(momentum: 0.9) && recipe.optimizer.learningRate == 1e-3)
    #expect(recipe.optimizer.headMultiplier == 10 && recipe.optimizer.weightDecay == 1e-4)
    #expect(recipe.schedule.kind == .poly(power: 0.9) && recipe.schedule.warmupRatio == 0)
    for (channel, (mean, std)) in zip([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]).enumerated() {
      #expect(abs(recipe.normalisation.mean[channel] - 255 * mean) < 1e-9)
      #expect(abs(recipe.normalisation.std[channel] - 255 * std) < 1e-9)
    }
  }
}
