import Experiments
import Testing

@Suite(.serialized) struct OverrideTests {
  @Test func reachesEveryRunThatHasTheKey() throws {
    let files = try TemporaryRegistry()
    let plain = try files.plan()
    let rate = try files.plan("mini", ["recipe.optimizer.learning_rate=0.05"])
    #expect(rate.runs.allSatisfy { $0.spec.recipe.optimizer.learningRate == 0.05 })
    #expect(Set(rate.runs.map(\.id)).isDisjoint(with: plain.runs.map(\.id)))
    // Cross entropy alone has no smooth: its runs are shared with the plan without the override.
    let smooth = try files.plan("mini", ["loss.smooth=0.5"])
    let shared = Set(smooth.runs.map(\.id)).intersection(plain.runs.map(\.id))
    #expect(shared.count == 15)
    #expect(smooth.runs.allSatisfy { ($0.spec.loss.jaccard == nil) == shared.contains($0.id) })
    let iterations = try files.plan("mini", ["profile.iterations=20", "profile.iterations=30"])
    #expect(iterations.runs.allSatisfy { $0.spec.scale.iterations == 30 })
  }

  @Test(arguments: [
    (
      "recipe.optimizer.learning_rate=2e1", ["--set: recipe.optimizer.learning_rate", "'2e1'", "0 < x <= 10"]
    ),
    ("recipe.optimizer.learning_rate=fast", ["--set: recipe.optimizer.learning_rate", "'fast'", "a number"]),
    ("profile.batch=1", ["--set: profile.batch", "'1'", "2...1024"]),
    ("profile.batch=[4]", ["--set: profile.batch", "a list of 1", "an integer"]),
    ("loss.active_classes=some", ["--set: loss.active_classes", "'some'", "all, present"]),
    (
      "recipe.augmentation.random_scale.minimum=5",
      ["--set: recipe.augmentation.random_scale.minimum", "'5'", "larger than maximum 2"]
    ),
    (
      "recipe.optimizer.rate=1",
      ["--set: recipe.optimizer.rate", "unknown key", "recipe.optimizer.learning_rate", "label.epsilon"]
    ),
    ("loss.kind=cross_entropy", ["--set: loss.kind", "unknown key"]),
    ("profile.name=paper", ["--set: profile.name", "unknown key"]),
    ("seed=4", ["--set: seed", "unknown key"]),
    ("recipe.normalisation.mean=[1, 2", ["--set recipe.normalisation.mean", "not valid YAML"]),
    ("recipe.schedule.power", ["--set", "'recipe.schedule.power'", "key=value"]),
    ("=1", ["--set", "key=value"]),
    ("recipe.schedule.power=", ["--set", "key=value"]),
  ])
  func refused(_ argument: String, _ says: [String]) throws {
    let files = try TemporaryRegistry()
    let message = try #require(registryError { _ = try files.plan("mini", [argument]) })
    for part in says { #expect(message.contains(part), "'\(part)' is not in: \(message)") }
  }

  @Test(arguments: [
    "recipe.schedule.power=0.9", "model.decoder.rates=[6, 12]", "profile.working_short_side=null",
  ])
  func textReadsBack(_ argument: String) throws {
    let override = try Override(argument)
    #expect(override.description == argument)
    #expect(try Override(override.description) == override)
  }

  /// In any order, and in the end they have to fit.
  @Test func valuesThatFitTogetherAlone() throws {
    let files = try TemporaryRegistry()
    let pair = ["loss.dataset_weight=0", "loss.image_weight=1"]
    let plans = try [files.plan("mini", pair), files.plan("mini", pair.reversed())]
    #expect(plans[0].runs.map(\.id) == plans[1].runs.map(\.id))
    for run in plans[0].runs {
      guard let jaccard = run.spec.loss.jaccard else { continue }
      #expect(jaccard.datasetWeight == 0 && jaccard.imageWeight == 1)
    }
    let message = try #require(registryError { _ = try files.plan("mini", [pair[0]]) })
    #expect(message.contains("are all 0"), "\(message)")
  }

  /// What profile mini changes of a recipe.
  private let changes = "    recipe:\n      optimizer: {learning_rate: 0.02}\n"

  /// Files, then the profile's recipe, then the table, then the user.
  @Test func order() throws {
    let files = try TemporaryRegistry()
    try files.replace(
      "profiles/mini.yaml", changes,
      "    recipe:\n      optimizer: {learning_rate: 0.03}\n      schedule: {power: 1}\n")
    func rates(_ plan: Plan) -> Set<Double> {
      Set(plan.runs.filter { $0.spec.data.name == "cityscapes" }.map(\.spec.recipe.optimizer.learningRate))
    }
    #expect(rates(try files.plan()) == [0.03])
    #expect(rates(try files.plan("smoke")) == [0.01])
    try files.replace(
      "tables/table04.yaml", "    distillation: jml_kd",
      "    distillation: jml_kd\n    set: {recipe.optimizer.learning_rate: 0.04}")
    // Teacher and CE runs keep the profile's.
    #expect(rates(try files.plan()) == [0.03, 0.04])
    #expect(rates(try files.plan("mini", ["recipe.optimizer.learning_rate=0.05"])) == [0.05])
  }

  /// A profile changes any part of a recipe, nested as in the recipe, the stages of a list by their kind.
  @Test func partOfARecipe() throws {
    let files = try TemporaryRegistry()
    try files.replace(
      "profiles/mini.yaml", changes,
      """
          recipe:
            optimizer: {momentum: 0.8, beta1: 0.5}
            schedule: {power: 1}
            augmentation: {random_flip: {probability: 0}, random_scale: {minimum: 1, maximum: 1}}
            normalisation: {mean: [1, 2, 3]}
            inference: {stride_ratio: 0.5}

      """)
    let recipe = try #require(
      try files.plan().runs.first { $0.spec.data.name == "cityscapes" }?.spec.recipe)
    let file = try #require(try files.load().recipes["sgd_cityscapes"])
    // What only AdamW has does not concern an SGD run.
    #expect(recipe.optimizer.kind == .sgd(momentum: 0.8) && recipe.schedule.kind == .poly(power: 1))
    #expect(recipe.augmentation == [.randomScale(1...1), .randomFlip(probability: 0), .randomCrop])
    #expect(recipe.normalisation.mean == [1, 2, 3] && recipe.normalisation.std == file.normalisation.std)
    #expect(recipe.inference.strideRatio == 0.5 && recipe.inference.boundaryKernel == 3)
    #expect(recipe.optimizer.learningRate == file.optimizer.learningRate)
  }

  @Test(arguments: [
    ("optimizer: {rate: 0.02}", ["datasets.cityscapes.recipe.optimizer.rate: unknown key", "learning_rate"]),
    ("power: 1", ["datasets.cityscapes.recipe.power: unknown key", "optimizer, schedule, augmentation"]),
    ("optimizer: sgd", ["datasets.cityscapes.recipe.optimizer: got 'sgd'", "a mapping"]),
    (
      "augmentation: {random_crop: {height: 3}}",
      ["recipe.augmentation.random_crop: unknown key", "random_scale, random_flip"]
    ),
    ("augmentation: [{kind: random_crop}]", ["recipe.augmentation: got a list of 1", "a mapping"]),
  ])
  func refusedPartOfARecipe(_ text: String, _ says: [String]) throws {
    let files = try TemporaryRegistry()
    try files.replace("profiles/mini.yaml", changes, "    recipe:\n      \(text)\n")
    let message = try #require(registryError { _ = try files.load() })
    for part in says { #expect(message.contains(part), "'\(part)' is not in: \(message)") }
  }

  @Test func elementsOfLists() throws {
    let files = try TemporaryRegistry()
    let plan = try files.plan(
      "mini",
      ["recipe.augmentation.random_scale.minimum=1", "recipe.augmentation.random_flip.probability=0.25"])
    let expected: [RecipeSpec.AugmentationStage] = [
      .randomScale(1...2), .randomFlip(probability: 0.25), .randomCrop,
    ]
    #expect(plan.runs.allSatisfy { $0.spec.recipe.augmentation == expected })
    for unknown in [
      "random_scale=1", "0.minimum=1", "random_crop.kind=random_flip", "random_flip.kind=random_crop",
    ] {
      let message = registryError { _ = try files.plan("mini", ["recipe.augmentation.\(unknown)"]) }
      #expect(message?.contains("unknown key") == true, "\(unknown): \(message ?? "no error")")
    }
  }

  @Test func tableOverrideWithoutSuchAKey() throws {
    let files = try TemporaryRegistry()
    try files.replace("tables/table04.yaml", "    loss: ce\n", "    loss: ce\n    set: {loss.smooth: 0.5}\n")
    let message = try #require(registryError { _ = try files.plan() })
    #expect(
      message.contains("tables/table04.yaml: rows[0] 'Cityscapes / DL3-R18' x 'CE': loss.smooth: unknown key")
    )
  }
}
