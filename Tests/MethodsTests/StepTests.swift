import Autograd
import Datasets
import JSON
import Losses
import Methods
import Models
import Optimizers
import Schemas
import Tensors
import TestSupport
import Testing
import ToyMethods
import Training

/// What every kind of step has to do: the one suite for all of them.
@Suite(.serialized) struct StepTests {
  enum Kind: String, CaseIterable, Sendable {
    case supervised, supervisedAdamW, withoutAuxiliaryHead, distilling, distillingToy, selfTraining,
      toyAverage
    case skd, ifvd, cd, cirkd, maskd, dist, maskTokens
    case labelledOnly, augSeg, jmlSSL, imas
    case uniMatch, u2pl
  }

  static func step(_ kind: Kind, seed: UInt64 = 1) -> any TrainingStep {
    let withoutHead: Set<Kind> = [.withoutAuxiliaryHead, .augSeg, .jmlSSL, .imas]
    let model = Small.model(seed: seed, auxiliary: withoutHead.contains(kind) ? nil : 16)
    switch kind {
    case .supervised, .withoutAuxiliaryHead:
      return SupervisedStep(
        model: model, optimizer: Small.sgd.optimizer(for: model), loss: SegmentationLoss(Small.loss()))
    case .supervisedAdamW:
      return SupervisedStep(
        model: model, optimizer: Small.adamW.optimizer(for: model), loss: SegmentationLoss(Small.loss()))
    case .distilling, .distillingToy:
      return distilling(model, terms: terms(kind == .distillingToy, model))
    case .skd, .ifvd, .cd, .cirkd, .maskd, .dist:
      return distilling(model, terms: rivals(kind.rawValue, model), labels: (1, 1))
    case .maskTokens:
      return MaskTokensStep(
        Parameters(
          kind: "mask_tokens",
          values: ["tokens": .int(4), "deviation": .number(0.01), "diversity_weight": .number(1)]),
        FirstStageSetup(teacher: teacher, optimizer: Small.sgd, loss: Small.loss(), seed: 3))
    case .selfTraining:
      return SelfTrainingStep(
        Parameters(
          kind: "self_training",
          values: ["decay": .number(0.9), "threshold": .number(0.22), "unlabelled_weight": .number(0.5)]),
        setup(model))
    case .labelledOnly:
      return LabelledOnlyStep(Parameters(kind: "labelled_only", values: [:]), setup(model))
    case .augSeg: return augSeg(model)
    case .jmlSSL: return jmlSSL(model)
    case .imas: return imas(model)
    case .uniMatch: return UniMatchTests.step(model, threshold: 0.22)
    case .u2pl: return U2PLTests.step(model)
    case .toyAverage:
      return ToyStep(Parameters(kind: "toy_average", values: ["decay": .number(0.75)]), setup(model))
    }
  }

  static func setup(_ model: SegmentationModel) -> SemiSupervisedSetup {
    SemiSupervisedSetup(student: model, optimizer: Small.sgd, loss: Small.loss(), seed: 3)
  }

  static let teacher = Small.model(seed: 9, channels: 48, dropout: 0)

  static func distilling(
    _ model: SegmentationModel, terms: [DistillationStep.NamedTerm], labels: (Double, Double) = (0.5, 0.5)
  ) -> DistillationStep {
    DistillationStep(
      model: model, teacher: NetworkTeacher(teacher), optimizer: Small.sgd, loss: Small.loss(),
      crossEntropyLabelWeight: labels.0, regionLabelWeight: labels.1, terms: terms)
  }

  static func termSetup(
    _ model: SegmentationModel, weight: Double, products: [String: StateDict] = [:]
  ) -> TermSetup {
    TermSetup(
      name: "term", student: model, teacher: teacher.architecture, weight: weight,
      ignoreIndex: LabelMap.ignore, seed: 3,
      loss: Small.loss(), products: products)
  }

  /// The terms of `experiments/distillation/<name>.yaml`, with small queues.
  static func rivals(_ name: String, _ model: SegmentationModel) -> [DistillationStep.NamedTerm] {
    func term(
      _ type: any DistillationTerm.Type, _ weight: Double, _ values: [String: JSONValue] = [:],
      name: String? = nil
    ) -> DistillationStep.NamedTerm {
      let tokens = Tensor((0..<20).map { Float($0 % 7) * 0.2 - 0.5 }, shape: [4, Small.classes])
      return .init(
        name ?? type.schema.kind,
        type.init(
          Parameters(kind: type.schema.kind, values: values),
          termSetup(model, weight: weight, products: ["tokens": StateDict([("tokens", tokens)])])))
    }
    let shared = DistillationStep.NamedTerm(
      "pixel_wise", pixelWise(model, at: "logits", heads: ["main"], weight: 1, temperature: 1))
    let adversarial = term(
      AdversarialTerm.self, 0.001,
      [
        "discriminator_weight": .number(0.1), "learning_rate": .number(4e-4), "beta1": .number(0.9),
        "beta2": .number(0.99), "minimum_side": .int(16),
      ])
    func heads(_ type: any DistillationTerm.Type, _ values: [String: JSONValue]) -> [DistillationStep
      .NamedTerm]
    {
      [("main", 1.0, nil as String?), ("auxiliary", 0.4, "\(type.schema.kind)_auxiliary")].map {
        term(type, $0.1, values.merging(["head": .string($0.0)]) { mine, _ in mine }, name: $0.2)
      }
    }
    switch name {
    case "skd": return [shared, term(PairWiseTerm.self, 10, ["window": .int(2)]), adversarial]
    case "ifvd": return [shared, term(IntraClassVariationTerm.self, 20), adversarial]
    case "cd":
      return [
        shared,
        term(
          ChannelWiseTerm.self, 50, ["at": .string("features"), "temperature": .number(4)],
          name: "channel_wise_features"),
        term(
          ChannelWiseTerm.self, 3, ["at": .string("logits"), "temperature": .number(4)],
          name: "channel_wise_logits"), adversarial,
      ]
    case "cirkd":
      return [
        shared, term(CrossImageTerm.self, 1, ["temperature": .number(0.1)]),
        term(
          MemoryTerm.self, 0.1,
          [
            "temperature": .number(0.1), "pixel_capacity": .int(60), "region_capacity": .int(20),
            "contrast_pixels": .int(100), "contrast_regions": .int(30), "pixels_per_class": .int(16),
            "pixels": .string("class"),
          ]),
      ]
    case "maskd": return heads(MaskedTerm.self, [:])
    default: return heads(CorrelationTerm.self, ["inter_weight": .number(1), "intra_weight": .number(1)])
    }
  }

  static func pixelWise(
    _ model: SegmentationModel, at place: String = "labels", heads: [String] = ["main", "auxiliary"],
    weight: Double = 0.5, temperature: Double = 2
  ) -> PixelWiseTerm {
    PixelWiseTerm(
      Parameters(
        kind: "pixel_wise",
        values: [
          "temperature": .number(temperature), "at": .string(place),
          "heads": .array(heads.map { .string($0) }),
        ]), termSetup(model, weight: weight))
  }

  static func terms(_ toy: Bool, _ model: SegmentationModel) -> [DistillationStep.NamedTerm] {
    let jaccard = JaccardTeacherTerm(
      Parameters(kind: "jaccard", values: ["active_classes": .string("label"), "threshold": .number(0.01)]),
      termSetup(model, weight: 0.5))
    var terms = [
      DistillationStep.NamedTerm("pixel_wise", pixelWise(model)),
      DistillationStep.NamedTerm("jaccard", jaccard),
    ]
    if toy {
      terms.append(
        DistillationStep.NamedTerm(
          "toy",
          ToyTerm(
            Parameters(
              kind: "toy", values: ["margin": .number(0.5), "rounds": .int(2), "strict": .bool(true)]),
            termSetup(model, weight: 0.3))))
      terms.append(DistillationStep.NamedTerm("low", pixelWise(model, at: "logits", weight: 0.2)))
    }
    return terms
  }

  static func trainer(_ kind: Kind, iterations: Int = 4) -> Trainer {
    Trainer(
      step: step(kind),
      schedule: PolySchedule(
        baseRate: 0.01, iterations: iterations, warmUpRatio: 0.25, warmUpFloor: 1e-6, power: 0.9), seed: 7)
  }

  static func bits(_ trainer: Trainer) -> [String: [Float]] {
    var bits: [String: [Float]] = [:]
    for (name, state) in trainer.snapshot() {
      for entry in state.tensors { bits["\(name)/\(entry.path)"] = entry.tensor.values }
      for counter in state.counters { bits["\(name)/\(counter.path)"] = [Float(counter.value)] }
    }
    return bits
  }

  @Test(arguments: Kind.allCases) func trains(_ kind: Kind) throws {
    let trainer = Self.trainer(kind)
    let before = trainer.step.networks[0].model.weights
    var names: [[String]] = []
    while !trainer.isFinished {
      let report = try trainer.advance(Small.batches(trainer.iteration))
      names.append(report.terms.map(\.name))
      #expect(report.loss.isFinite && report.loss == report.terms.reduce(0) { $0 + $1.value })
    }
    let expected: [String] =
      switch kind {
      case .supervised, .supervisedAdamW, .withoutAuxiliaryHead, .toyAverage, .labelledOnly:
        ["cross_entropy", "jaccard"]
      case .skd: ["cross_entropy", "jaccard", "pixel_wise", "pair_wise", "adversarial"]
      case .ifvd: ["cross_entropy", "jaccard", "pixel_wise", "intra_class_variation", "adversarial"]
      case .cd:
        [
          "cross_entropy", "jaccard", "pixel_wise", "channel_wise_features", "channel_wise_logits",
          "adversarial",
        ]
      case .cirkd: ["cross_entropy", "jaccard", "pixel_wise", "cross_image", "memory"]
      case .maskd: ["cross_entropy", "jaccard", "masked", "masked_auxiliary"]
      case .dist: ["cross_entropy", "jaccard", "correlation", "correlation_auxiliary"]
      case .maskTokens: ["cross_entropy", "diversity"]
      case .uniMatch: UniMatchTests.terms
      case .u2pl:
        ["cross_entropy", "jaccard", "unlabelled_cross_entropy", "unlabelled_jaccard", "contrast"]
      case .distilling: ["cross_entropy", "pixel_wise", "jaccard", "jaccard_teacher"]
      case .distillingToy: ["cross_entropy", "pixel_wise", "jaccard", "jaccard_teacher", "toy", "low"]
      case .augSeg: ["cross_entropy", "unlabelled_cross_entropy"]
      case .imas: ["cross_entropy", "jaccard", "strong_cross_entropy", "cutmix_cross_entropy"]
      case .selfTraining, .jmlSSL:
        ["cross_entropy", "jaccard", "unlabelled_cross_entropy", "unlabelled_jaccard"]
      }
    #expect(names == [[String]](repeating: expected, count: 4))
    guard kind != .maskTokens else {
      #expect(trainer.step.networks[0].model === Self.teacher)
      return
    }
    let after = trainer.step.networks[0].model.weights
    let changed = zip(before.tensors, after.tensors).count { $0.tensor.values != $1.tensor.values }
    #expect(
      changed > before.tensors.count / 2, "\(kind): \(changed) of \(before.tensors.count) tensors changed")
  }

  /// Stopped after each of four iterations and continued by another process's trainer: the same bits.
  @Test(arguments: Kind.allCases) func resumesToTheSameBits(_ kind: Kind) throws {
    let whole = Self.trainer(kind)
    var saved: [[Trainer.NamedState]] = []
    while !whole.isFinished {
      saved.append(whole.snapshot())
      _ = try whole.advance(Small.batches(whole.iteration))
    }
    let expected = Self.bits(whole)
    for (iteration, state) in saved.enumerated() {
      let second = Self.trainer(kind)
      try second.restore(state, iteration: iteration)
      while !second.isFinished { _ = try second.advance(Small.batches(second.iteration)) }
      let found = Self.bits(second)
      #expect(Set(expected.keys) == Set(found.keys))
      for (name, values) in expected {
        #expect(found[name] == values, "\(kind) from iteration \(iteration): \(name)")
      }
    }
  }

  /// A step that is computed and not applied leaves everything but running statistics as it was.
  @Test(arguments: Kind.allCases) func computingChangesNothing(_ kind: Kind) throws {
    let trainer = Self.trainer(kind)
    _ = try trainer.advance(Small.batches(0))
    let before = Self.bits(trainer)
    _ = try trainer.step.compute(
      Small.batches(1), at: StepMoment(iteration: 1, iterations: 4, rate: 0.01, seed: 7))
    let after = Self.bits(trainer)
    #expect(Set(before.keys) == Set(after.keys))
    // Buffers of batch norm and of spectral norm (adversarial terms), which forward passes move.
    let statistics = ["running_mean", "running_var", "weight_u"]
    for (name, values) in before where !statistics.contains(where: { name.hasSuffix($0) }) {
      #expect(after[name] == values, "\(kind): \(name)")
    }
  }

  /// Everything that a step keeps is in its parts: equal parts and batches give equal steps.
  @Test(arguments: Kind.allCases) func partsHaveNamesOfTheirOwn(_ kind: Kind) {
    let names = Self.step(kind).parts.map(\.name)
    guard kind != .maskTokens else {
      #expect(names == ["tokens", "optimizer.tokens"])
      return
    }
    #expect(
      Set(names).count == names.count && names.contains("student") && names.contains("optimizer.student"))
    switch kind {
    case .distillingToy: #expect(names.suffix(2) == ["toy.steps", "toy.parameters"])
    case .selfTraining, .toyAverage, .augSeg, .jmlSSL, .imas:
      #expect(names.contains("average"))
    case .skd, .ifvd:
      #expect(
        names.dropFirst(2) == [
          "adversarial.discriminator", "adversarial.statistics", "adversarial.optimizer",
        ])
    case .cd: #expect(names.last == "channel_wise_features.parameters")
    case .cirkd:
      #expect(
        names.dropFirst(2) == ["memory.pixels", "memory.regions", "memory.statistics", "memory.parameters"])
    case .u2pl:
      #expect(names.dropFirst(2) == ["average", "representation", "average.representation", "queues"])
    default: #expect(names.count == 2)
    }
  }

  @Test func stateThatDoesNotFitIsRefusedByName() throws {
    let trainer = Self.trainer(.distillingToy)
    func message(_ parts: [Trainer.NamedState]) -> String {
      do {
        try trainer.restore(parts, iteration: 1)
        return ""
      } catch {
        return "\(error)"
      }
    }
    let good = trainer.snapshot()
    #expect(message(good).isEmpty)
    #expect(message(good.filter { $0.name != "toy.steps" }).contains("toy.steps: the state lacks count"))
    #expect(message(good + [("queue", StateDict())]).contains("it holds queue"))
    let student = try #require(good.first { $0.name == "student" }).state
    let cut = StateDict(student.tensors.dropLast().map { ($0.path, $0.tensor) })
    #expect(
      message([("student", cut)] + good.filter { $0.name != "student" }).contains("student: the state lacks"))
  }
}
