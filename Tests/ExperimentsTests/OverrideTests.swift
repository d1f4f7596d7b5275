import Experiments
import Testing

@Suite(.serialized) struct OverrideTests {
  @Test func reachesEveryRunThatHasTheKey() throws {
    let files = try TemporaryRegistry()
    let plain = try files.plan()
    let rate = try files.plan("mini", ["recipe.learning_rate=0.05"])
    #expect(rate.runs.allSatisfy { $0.spec.recipe.learningRate == 0.05 })
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
    ("recipe.learning_rate=2e1", ["--set: recipe.learning_rate", "'2e1'", "0 < x <= 10"]),
    ("recipe.learning_rate=fast", ["--set: recipe.learning_rate", "'fast'", "a number"]),
    ("profile.batch=1", ["--set: profile.batch", "'1'", "2...1024"]),
    ("profile.batch=[4]", ["--set: profile.batch", "a list of 1", "an integer"]),
    ("loss.active_classes=some", ["--set: loss.active_classes", "'some'", "all, present"]),
    ("recipe.scale_minimum=5", ["--set: recipe.scale_minimum", "'5'", "scale_maximum"]),
    ("recipe.rate=1", ["--set: recipe.rate", "unknown key", "recipe.learning_rate", "label.epsilon"]),
    ("loss.kind=cross_entropy", ["--set: loss.kind", "unknown key"]),
    ("profile.name=paper", ["--set: profile.name", "unknown key"]),
    ("seed=4", ["--set: seed", "unknown key"]),
    ("recipe.mean=[1, 2", ["--set recipe.mean", "not valid YAML"]),
    ("recipe.power", ["--set", "'recipe.power'", "key=value"]),
    ("=1", ["--set", "key=value"]),
    ("recipe.power=", ["--set", "key=value"]),
  ])
  func refused(_ argument: String, _ says: [String]) throws {
    let files = try TemporaryRegistry()
    let message = try #require(registryError { _ = try files.plan("mini", [argument]) })
    for part in says { #expect(message.contains(part), "'\(part)' is not in: \(message)") }
  }

  @Test(arguments: ["recipe.power=0.9", "model.decoder.rates=[6, 12]", "profile.working_short_side=null"])
  func textReadsBack(_ argument: String) throws {
    let override = try Override(argument)
    #expect(override.description == argument)
    #expect(try Override(override.description) == override)
  }

  /// Files, then the profile's recipe, then the table, then the user.
  @Test func order() throws {
    let files = try TemporaryRegistry()
    try files.replace(
      "profiles/mini.yaml", "      learning_rate: 0.02\n      head_multiplier: 1",
      "      learning_rate: 0.03\n      power: 1")
    func rates(_ plan: Plan) -> Set<Double> {
      Set(plan.runs.filter { $0.spec.data.name == "cityscapes" }.map(\.spec.recipe.learningRate))
    }
    #expect(rates(try files.plan()) == [0.03])
    #expect(rates(try files.plan("smoke")) == [0.01])
    try files.replace(
      "tables/table04.yaml", "    distillation: jml_kd",
      "    distillation: jml_kd\n    set: {recipe.learning_rate: 0.04}")
    // Teacher and CE runs keep the profile's.
    #expect(rates(try files.plan()) == [0.03, 0.04])
    #expect(rates(try files.plan("mini", ["recipe.learning_rate=0.05"])) == [0.05])
    try files.replace("profiles/mini.yaml", "learning_rate: 0.03", "rate: 0.03")
    #expect(
      registryError { _ = try files.load() }?.contains("datasets.cityscapes.recipe.rate: unknown key") == true
    )
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
