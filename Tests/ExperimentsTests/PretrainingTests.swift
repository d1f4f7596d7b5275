import Experiments
import Testing

/// One run a backbone, an input of every run that starts from it, shared by data sets, tables and methods.
@Suite struct PretrainingTests {
  @Test func everyRunOfASmallProfileStartsFromItsBackbonesRun() throws {
    let plan = try TemporaryRegistry(pretraining: true).plan("mini")
    let pretrained = plan.runs.filter { $0.spec.data.name == "pretraining_objects" }
    #expect(
      Set(pretrained.map(\.spec.model.backbone.rawValue)) == ["resnet18d", "resnet50d", "mobilenetv2_100"])
    #expect(pretrained.count == 3)
    for run in pretrained {
      #expect(run.spec.model.outputStride == (run.spec.model.backbone == .mobilenetv2_100 ? 8 : 16))
      #expect(run.spec.model.auxiliaryChannels == nil)
      #expect(run.spec.model.weights == .random)
      #expect(run.dependencies.isEmpty)
    }
    // A first stage has its teacher's weights.
    for run in plan.runs where run.spec.data.name != "pretraining_objects" && run.spec.firstStage == nil {
      let id = try #require(run.spec.inputs["backbone"])
      #expect(plan[id]?.spec.model.backbone == run.spec.model.backbone)
      #expect(run.dependencies.contains(id))
      #expect(run.spec.model.weights == .pretrained)
    }
    // Before everything that needs it.
    let last = plan.runs.lastIndex { $0.spec.data.name == "pretraining_objects" } ?? 0
    let firstStudent = plan.runs.firstIndex { $0.spec.distillation != nil } ?? 0
    #expect(last < firstStudent)
  }

  @Test func thePaperProfileTrainsNone() throws {
    let plan = try TemporaryRegistry(pretraining: true).plan("paper")
    #expect(plan.runs.allSatisfy { $0.spec.inputs["backbone"] == nil })
  }

  /// What a user says of all runs is said of the tables'; pretraining is shared, and stays as it is.
  @Test func overridesLeaveItAlone() throws {
    let files = try TemporaryRegistry(pretraining: true)
    func pretrained(_ plan: Plan) -> Set<RunID> {
      Set(plan.runs.filter { $0.spec.data.name == "pretraining_objects" }.map(\.id))
    }
    let plain = try files.plan("mini")
    #expect(pretrained(try files.plan("mini", ["profile.iterations=7"])) == pretrained(plain))
    #expect(pretrained(try files.plan("mini", ["model.weights=random"])) == [])
    #expect(
      try files.plan("mini", ["model.weights=random"]).runs.allSatisfy { $0.spec.inputs["backbone"] == nil })
  }

  /// Another pretraining is another input, so that no cell mixes the two.
  @Test func itsScaleIsInEveryId() throws {
    let files = try TemporaryRegistry(pretraining: true)
    var seen = Set(try files.plan("mini").runs.map(\.id))
    for (old, new) in [("batch: 16", "batch: 12"), ("  seed: 0\n", "  seed: 1\n")] {
      try files.replace("profiles/mini.yaml", old, new)
      let after = try files.plan("mini").runs.map(\.id)
      #expect(seen.isDisjoint(with: after), "\(new)")
      seen.formUnion(after)
    }
  }

  @Test(arguments: [
    ("loss: ce_single_head", "loss: none", "pretraining.loss"),
    ("recipe: adamw_pretraining", "recipe: none", "pretraining.resnet.recipe"),
    ("recipe: adamw_transformer_pretraining", "recipe: none", "pretraining.mix_transformer.recipe"),
    ("kind: segformer, channels: 128", "kind: unet, widths: [1, 2, 3, 4, 5]", "needs a map of stride 2"),
    ("output_stride: 32", "output_stride: 16", "32 for mit_b0"),
    ("dataset: pretraining_objects", "dataset: nowhere", "nowhere"),
  ]) func unknownNamesAreErrors(_ old: String, _ new: String, _ says: String) throws {
    let files = try TemporaryRegistry(pretraining: true)
    try files.replace("profiles/mini.yaml", old, new)
    #expect(registryError { _ = try files.plan("mini") }?.contains(says) == true)
  }
}
