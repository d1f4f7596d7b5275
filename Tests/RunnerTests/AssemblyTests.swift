import Datasets
import Experiments
import Foundation
import Losses
import Methods
import Models
import Runner
import Tensors
import Testing
import Training

/// Every model, loss and kind of step that the registry has fits together, and takes a step.
@Suite(.serialized) struct AssemblyTests {
  static let experiments = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("experiments")
  static let registry = Result { try Registry(root: experiments, methods: Methods.catalogue) }
  static let models = ((try? registry.get().models.keys.sorted()) ?? [])
  private static let classes = 5

  private func batch(_ count: Int, _ seed: UInt64, views: [String] = []) -> Batch {
    var random = RandomSource(seed: seed, purpose: "assembly")
    let shape: Shape = [count, 3, 32, 64]
    return Batch(
      images: Tensor((0..<shape.count).map { _ in Float(random.uniform(-2, 2)) }, shape: shape),
      labels: LabelBatch(
        count: count, height: 32, width: 64,
        values: (0..<count * 32 * 64).map { _ in
          let value = random.below(6)
          return value == 5 ? LabelMap.ignore : UInt8(value)
        }), ids: (0..<count).map(String.init),
      views: views.map { name in
        (name, Tensor((0..<shape.count).map { _ in Float(random.uniform(-2, 2)) }, shape: shape))
      })
  }

  /// - Parameter streams: unlabelled ones.
  private func advance(
    _ step: any TrainingStep, _ streams: [UnlabelledStream], _ recipe: RecipeSpec, _ what: String
  ) throws {
    let batches = TrainingBatch(
      [(BatchLoader.labelledStream, batch(3, 1))]
        + streams.enumerated().map {
          ($1.name, batch(3, UInt64(2 + $0), views: $1.views.map(\.name)))
        })
    let trainer = Trainer(step: step, schedule: Assembly.schedule(recipe, iterations: 1000), seed: 1)
    let report = try trainer.advance(batches)
    #expect(report.loss.isFinite && !report.terms.isEmpty, "\(what): \(report.terms)")
  }

  @Test func registryHasAllModels() { #expect(Self.models.count == 16) }

  @Test(arguments: models) func everyLossAndKindOfStep(_ name: String) throws {
    let registry = try Self.registry.get()
    let spec = try #require(registry.models[name])
    let model = SegmentationModel(Assembly.architecture(spec), classes: Self.classes, seed: 1)
    let small = try #require(registry.models["deeplabv3_mobilenetv2_100"])
    let taught = SegmentationModel(Assembly.architecture(small), classes: Self.classes, seed: 2)
    let tokens = Tensor((0..<8 * Self.classes).map { Float($0 % 5) - 2 }, shape: [8, Self.classes])
    let teacher = Assembly.TaughtBy(
      NetworkTeacher(taught), architecture: taught.architecture,
      products: ["tokens": StateDict([("tokens", tokens)])])
    let recipe = try #require(
      registry.recipes[name.hasPrefix("segformer") ? "adamw_ade20k" : "sgd_cityscapes"])
    let hard = try #require(registry.labels["hard"])
    // Multi-grid changes no shape: what holds of the network without holds of these.
    let isVariant = spec.multiGrid != nil
    // One network shows every loss with every method; the others show every loss, and every method with and without a
    // Jaccard term.
    let showsAll = name == "deeplabv3_resnet18d"
    let shownWithMethods = ["ce", "ce_jml", "ce_single_head", "ce_jml_single_head"]
    // A run's loss on an auxiliary head needs one.
    let losses = registry.losses.values.filter {
      isVariant
        ? $0.name == "ce_single_head" : spec.auxiliaryChannels != nil || $0.forHardLabels.auxiliaryWeight == 0
    }
    var steps = 0
    for loss in losses.sorted(by: { $0.name < $1.name }) {
      for label in registry.labels.values.sorted(by: { $0.name < $1.name }) {
        // Lovász-Softmax needs hard labels; a kind of label changes no shape, so that one model stands for all.
        guard label == hard || (showsAll && loss.forHardLabels.lovasz == nil) else {
          continue
        }
        func step(_ distillation: DistillationSpec?, _ semi: SemiSupervisedSpec?) throws {
          let step = try Assembly.step(
            loss: loss.spec(for: label), label: label, distillation: distillation, semiSupervised: semi,
            recipe: recipe, classes: Self.classes, seed: 1, model: model, teacher: teacher)
          try advance(
            step, try semi.map { try Assembly.streams($0) } ?? [], recipe,
            "\(name) \(loss.name) \(label.name) \(distillation?.name ?? semi?.name ?? "")")
          steps += 1
        }
        try step(nil, nil)
        guard showsAll || shownWithMethods.contains(loss.name) else { continue }
        for distillation in registry.distillations.values.sorted(by: { $0.name < $1.name }) {
          // A Jaccard term against the teacher goes with one against the labels.
          if distillation.terms.contains(where: { $0.kind == "jaccard" }), loss.forHardLabels.jaccard == nil {
            continue
          }
          // What compares places with the teacher's needs its stride. Such terms do not depend on the loss.
          guard !["ce_kd", "jml_kd"].contains(distillation.name) else {
            try step(distillation, nil)
            continue
          }
          guard loss.name == "ce", label == hard else { continue }
          if name.hasPrefix("deeplabv3_") || name.hasPrefix("pspnet_") {
            try step(distillation, nil)
          } else {
            #expect(throws: MethodError.self, "\(name) \(distillation.name)") { try step(distillation, nil) }
          }
        }
        for semi in registry.semiSupervised.values.sorted(by: { $0.name < $1.name })
        // The methods of Table 11 are for networks without auxiliary head.
        where semi.kind == "self_training"
          || (spec.auxiliaryChannels == nil && loss.forHardLabels.auxiliaryWeight == 0)
        {
          try step(nil, semi)
        }
      }
    }
    #expect(steps >= losses.count + 2)
    MemoryPool.trim()
  }

  /// Files and the engine know the same active classes.
  @Test func activeClassesAgree() {
    #expect(ActiveClassRule.allCases.map(\.rawValue) == ActiveClasses.names)
    for rule in ActiveClassRule.allCases { _ = Assembly.activeClasses(rule, threshold: 0.01) }
    #expect(ActiveClasses(name: "none", threshold: 0) == nil)
  }

  /// Every stage of a recipe is the engine's of the same name and numbers.
  @Test func stagesOfAugmentation() throws {
    let registry = try Self.registry.get()
    for (name, stages): (String, [Datasets.AugmentationStage]) in [
      ("sgd_voc", [.randomScale(0.5...2), .randomFlip(probability: 0.5), .randomCrop(padding: .centre)]),
      (
        "sgd_semi_supervised",
        [.randomLongSide(250...1000), .randomFlip(probability: 0.5), .randomCrop(padding: .end)]
      ),
    ] {
      let recipe = try #require(registry.recipes[name])
      let augmentation = try Assembly.augmentation(recipe, cropHeight: 32, cropWidth: 64)
      #expect(augmentation.stages == stages)
      #expect((augmentation.cropHeight, augmentation.cropWidth) == (32, 64))
    }
  }
}
