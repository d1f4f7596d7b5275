import Experiments
import Losses
import Methods
import Models
import Optimizers
import Ranks
import Results
import Schemas
import Tensors
import Training

/// The kinds of terms and steps that runs may be made of. Tests add toys of their own.
public struct MethodTypes {
  public var terms: [any DistillationTerm.Type]
  public var semiSupervised: [any SemiSupervisedStep.Type]
  public var firstStages: [any FirstStage.Type]

  public init(
    terms: [any DistillationTerm.Type], semiSupervised: [any SemiSupervisedStep.Type],
    firstStages: [any FirstStage.Type] = FirstStages.all
  ) {
    self.terms = terms
    self.semiSupervised = semiSupervised
    self.firstStages = firstStages
  }

  /// What the program ships with.
  public static var all: MethodTypes {
    MethodTypes(terms: DistillationTerms.all, semiSupervised: SemiSupervisedSteps.all)
  }

  /// For the registry.
  public var catalogue: MethodCatalogue {
    MethodCatalogue(
      distillation: terms.map { $0.schema }, semiSupervised: semiSupervised.map { $0.schema },
      firstStages: firstStages.map { $0.schema })
  }
}

extension Assembly {
  /// The training step of the run.
  ///
  /// - Parameters:
  ///   - model: the student, with its initial values.
  ///   - teacher: given if and only if the run distils; with the widths of its feature maps.
  /// - Throws: `RunnerError.unknownMethod` for a kind that this program does not know.
  public static func step(
    _ spec: RunSpec, model: SegmentationModel, teacher: TaughtBy?, methods: MethodTypes = .all
  ) throws -> any TrainingStep {
    try step(
      loss: spec.loss, label: spec.label, distillation: spec.distillation,
      semiSupervised: spec.semiSupervised,
      recipe: spec.recipe, classes: spec.data.classes, seed: UInt64(spec.seed), model: model,
      teacher: teacher,
      methods: methods)
  }

  /// The training step of a first stage.
  ///
  /// - Parameter teacher: with its trained weights.
  /// - Throws: `RunnerError.unknownMethod` for a kind that this program does not know.
  public static func firstStage(
    _ spec: RunSpec, _ stage: FirstStageSpec, teacher: SegmentationModel, methods: MethodTypes = .all
  ) throws -> any TrainingStep {
    guard let type = methods.firstStages.first(where: { $0.schema.kind == stage.kind }) else {
      throw RunnerError.unknownMethod(kind: stage.kind, known: methods.firstStages.map { $0.schema.kind })
    }
    return type.init(
      Parameters(kind: stage.kind, values: stage.parameters),
      FirstStageSetup(
        teacher: teacher, optimizer: optimizerConfiguration(spec.recipe),
        loss: lossConfiguration(spec.loss, label: spec.label, classes: spec.data.classes),
        seed: UInt64(spec.seed)))
  }

  /// The same from the parts of a run.
  public static func step(
    loss lossSpec: LossSpec, label: LabelSpec, distillation: DistillationSpec?,
    semiSupervised: SemiSupervisedSpec?,
    recipe: RecipeSpec, classes: Int, seed: UInt64, model: SegmentationModel, teacher: TaughtBy?,
    methods: MethodTypes = .all
  ) throws -> any TrainingStep {
    let optimizer = optimizerConfiguration(recipe)
    let loss = lossConfiguration(lossSpec, label: label, classes: classes)
    if let distillation {
      guard let teacher else {
        preconditionFailure("Assembly.step: \(distillation.name) distils, and there is no teacher")
      }
      let terms = try distillation.terms.map { term -> DistillationStep.NamedTerm in
        guard let type = methods.terms.first(where: { $0.schema.kind == term.kind }) else {
          throw RunnerError.unknownMethod(kind: term.kind, known: methods.terms.map { $0.schema.kind })
        }
        let setup = TermSetup(
          name: term.name, student: model, teacher: teacher.architecture, weight: term.weight,
          ignoreIndex: LabelMap.ignore,
          seed: seed, loss: loss, products: teacher.products)
        return DistillationStep.NamedTerm(
          term.name, type.init(Parameters(kind: term.kind, values: term.parameters), setup))
      }
      return DistillationStep(
        model: model, teacher: teacher.teacher, optimizer: optimizer, loss: loss,
        crossEntropyLabelWeight: distillation.crossEntropyLabelWeight,
        regionLabelWeight: distillation.regionLabelWeight, terms: terms)
    }
    if let semi = semiSupervised {
      return try semiSupervisedType(semi, methods).init(
        Parameters(kind: semi.kind, values: semi.parameters),
        SemiSupervisedSetup(student: model, optimizer: optimizer, loss: loss, seed: seed))
    }
    return SupervisedStep(
      model: model, optimizer: optimizer.optimizer(for: model), loss: SegmentationLoss(loss))
  }

  /// The unlabelled streams of a semi-supervised run.
  ///
  /// - Throws: `RunnerError.unknownMethod` for a kind that this program does not know.
  public static func streams(
    _ semi: SemiSupervisedSpec, methods: MethodTypes = .all
  ) throws -> [UnlabelledStream] {
    try semiSupervisedType(semi, methods).streams(Parameters(kind: semi.kind, values: semi.parameters))
  }

  private static func semiSupervisedType(
    _ semi: SemiSupervisedSpec, _ methods: MethodTypes
  ) throws -> any SemiSupervisedStep.Type {
    guard let type = methods.semiSupervised.first(where: { $0.schema.kind == semi.kind }) else {
      throw RunnerError.unknownMethod(kind: semi.kind, known: methods.semiSupervised.map { $0.schema.kind })
    }
    return type
  }

  /// The teacher of a distilling run.
  public struct TaughtBy {
    public let teacher: any Teacher
    public let architecture: Architecture
    /// What first stages have learned, by the role of their run.
    public let products: [String: StateDict]

    public init(
      _ teacher: any Teacher, architecture: Architecture, products: [String: StateDict] = [:]
    ) {
      self.teacher = teacher
      self.architecture = architecture
      self.products = products
    }

    public init(_ model: SegmentationModel) {
      self.init(NetworkTeacher(model), architecture: model.architecture)
    }
  }

  /// Iterations, schedule and evaluation points around a step.
  public static func trainer(
    _ spec: RunSpec, step: any TrainingStep, ranks: RankGroup? = nil
  ) -> Trainer {
    Trainer(
      step: step, schedule: schedule(spec.recipe, iterations: spec.scale.iterations), seed: UInt64(spec.seed),
      evaluateEvery: spec.scale.evaluateEvery, ranks: ranks)
  }

  public static func schedule(_ recipe: RecipeSpec, iterations: Int) -> PolySchedule {
    let power =
      switch recipe.schedule.kind {
      case .poly(let power): power
      }
    return PolySchedule(
      baseRate: recipe.optimizer.learningRate, iterations: iterations,
      warmUpRatio: recipe.schedule.warmupRatio,
      warmUpFloor: recipe.schedule.warmupFloor, power: power)
  }

  public static func optimizerConfiguration(_ recipe: RecipeSpec) -> OptimizerConfiguration {
    let rule: OptimizerConfiguration.Rule =
      switch recipe.optimizer.kind {
      case .sgd(let momentum): .sgd(momentum: momentum)
      case .adamw(let beta1, let beta2, let epsilon): .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon)
      }
    return OptimizerConfiguration(
      rule: rule, weightDecay: recipe.optimizer.weightDecay, headMultiplier: recipe.optimizer.headMultiplier)
  }

  /// The loss against labels.
  public static func lossConfiguration(
    _ loss: LossSpec, label: LabelSpec, classes: Int
  ) -> SegmentationLoss.Configuration {
    let smoothing: BoundaryLabelSmoothing? =
      switch label.kind {
      case .hard: nil
      case .boundarySmoothing(let kernel, let epsilon):
        BoundaryLabelSmoothing(
          window: kernel.map { .pixels($0) } ?? .everywhere, epsilon: epsilon, classes: classes,
          ignoreIndex: LabelMap.ignore)
      }
    let region: SegmentationLoss.Region?
    if let jaccard = loss.jaccard {
      region = SegmentationLoss.Region(weight: jaccard.weight, loss: .jaccard(self.jaccard(jaccard)))
    } else if let lovasz = loss.lovasz {
      region = SegmentationLoss.Region(
        weight: lovasz.weight,
        loss: .lovasz(LovaszSoftmax(active: activeClasses(lovasz.activeClasses, threshold: lovasz.threshold)))
      )
    } else {
      region = nil
    }
    return SegmentationLoss.Configuration(
      classes: classes, ignoreIndex: LabelMap.ignore, crossEntropyWeight: loss.crossEntropyWeight,
      mainWeight: loss.mainWeight, auxiliaryWeight: loss.auxiliaryWeight, region: region,
      smoothing: smoothing,
      distillation: nil)
  }

  private static func jaccard(_ spec: JaccardSpec) -> JaccardMetricLoss {
    let form: JaccardMetricLoss.Form =
      switch spec.form {
      case .jml1: .jml1
      case .jml2: .jml2
      case .sjlL1: .sjlL1
      case .sjlL2: .sjlL2
      }
    return JaccardMetricLoss(
      form: form, alpha: spec.alpha, beta: spec.beta, smooth: spec.smooth,
      averaging: JaccardMetricLoss.Averaging(
        perDataset: spec.datasetWeight, perImage: spec.imageWeight, perClass: spec.classWeight),
      active: activeClasses(spec.activeClasses, threshold: spec.threshold), isLogarithmic: spec.isLogarithmic,
      gamma: spec.gamma, classWeights: spec.classFactors)
  }

  /// Both rooms know the same modes by the same names.
  public static func activeClasses(_ rule: ActiveClassRule, threshold: Double) -> ActiveClasses {
    guard let active = ActiveClasses(name: rule.rawValue, threshold: threshold) else {
      preconditionFailure("Assembly: Losses has no active classes '\(rule.rawValue)'")
    }
    return active
  }
}
