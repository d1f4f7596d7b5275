import Autograd
import Datasets
import Kernels
import Losses
import Models
import Optimizers
import Ranks
import Tensors
import Training

/// A student that learns from labels and from a frozen teacher by a list of terms (Section 4.3 of the paper, and the
/// methods of its Table 4).
///
/// Terms of the loss head's own form are computed in its passes; every other term adds its gradients to the same walk
/// back.
public final class DistillationStep: TrainingStep {
  /// A term under the name that logs and stored parts give it.
  public struct NamedTerm {
    public let name: String
    public let term: any DistillationTerm

    public init(_ name: String, _ term: any DistillationTerm) {
      self.name = name
      self.term = term
    }
  }

  private let model: SegmentationModel
  private let teacher: any Teacher
  private let optimizer: any Optimizer
  private let loss: SegmentationLoss
  private let all: [NamedTerm]
  private let separate: [NamedTerm]
  private let taps: Set<FeatureTap>

  /// - Parameters:
  ///   - loss: against labels, without distillation.
  ///   - crossEntropyLabelWeight, regionLabelWeight: mu_L and nu_L of the paper.
  ///   - terms: names are unique.
  public init(
    model: SegmentationModel, teacher: any Teacher, optimizer: OptimizerConfiguration,
    loss: SegmentationLoss.Configuration, crossEntropyLabelWeight: Double, regionLabelWeight: Double,
    terms: [NamedTerm]
  ) {
    precondition(loss.distillation == nil, "DistillationStep: the terms are a list of their own")
    precondition(
      Set(terms.map(\.name)).count == terms.count,
      "DistillationStep: two terms of one name: \(terms.map(\.name))")
    self.model = model
    self.teacher = teacher
    self.optimizer = optimizer.optimizer(for: model, with: terms.flatMap(\.term.parameters))
    var fused = SegmentationLoss.Distillation(
      crossEntropyLabelWeight: crossEntropyLabelWeight, crossEntropyTeacherWeight: 0,
      regionLabelWeight: regionLabelWeight, temperature: 1, jaccard: nil)
    let separate = terms.filter { !$0.term.fuse(into: &fused) }
    var loss = loss
    if separate.count < terms.count {
      loss.distillation = fused
    } else {
      // No term needs the head's second target: the label weights alone are left.
      loss.crossEntropyWeight *= crossEntropyLabelWeight
      loss.region?.weight *= regionLabelWeight
    }
    self.loss = SegmentationLoss(loss)
    self.separate = separate
    all = terms
    taps = separate.reduce(into: []) { $0.formUnion($1.term.taps) }
  }

  public var networks: [NamedNetwork] { [NamedNetwork("student", model)] }

  public var parts: [StatePart] {
    [StatePart("student", model), StatePart("optimizer.student", optimizer)]
      + all.flatMap { named in named.term.parts.map { StatePart("\(named.name).\($0.name)", $0.content) } }
      + all.filter { !$0.term.parameters.isEmpty }.map {
        StatePart("\($0.name).parameters", ParameterState($0.term.parameters))
      }
  }

  public func compute(_ batch: TrainingBatch, at moment: StepMoment) throws -> ComputedStep {
    let (images, labels) = (batch.labelled.images, batch.labelled.labels)
    let taught = try teacher.outputs(of: images, iteration: moment.iteration, taps: taps)
    let pass = ForwardPass.training(
      seed: moment.seed, iteration: moment.iteration, ranks: moment.ranks)
    let outputs = model(Variable(constant: images), pass, taps: taps)
    let result = try Profiler.measure("loss head") {
      try loss(
        main: outputs.main.value, auxiliary: outputs.auxiliary?.value, labels: labels,
        teacher: loss.configuration.distillation == nil ? nil : taught.logits, ranks: moment.ranks)
    }
    var terms = result.terms(of: loss)
    var seeds = result.seeds(outputs)
    var updates: [() -> Void] = []
    let input = TermInput(student: outputs, teacher: taught, labels: labels, pass: pass, moment: moment)
    for named in separate {
      let output = try named.term.evaluate(input).ofWholeBatch(named, moment.ranks)
      terms.append(LossTerm(named.name, output.value))
      seeds += output.gradients
      updates.append(output.apply)
    }
    return ComputedStep(terms: terms) { [optimizer] in
      guard let gradients = pass.tape?.backward(seeds, ranks: moment.ranks), moment.isWhole else { return }
      Profiler.measure("optimizer") { optimizer.step(gradients, rate: moment.rate) }
      for update in updates { update() }
    }
  }
}

extension TermOutput {
  /// From the output of a term for this rank's images, what it adds to the loss of the whole batch: the value of the whole, and
  /// gradients that sum to it over ranks.
  fileprivate func ofWholeBatch(_ named: DistillationStep.NamedTerm, _ ranks: RankGroup?) -> TermOutput {
    guard let ranks, ranks.size > 1 else { return self }
    switch named.term.splitting {
    case .exact: return self
    case .meanOverImages:
      let share = Double(ranks.slots.count) / Double(ranks.batch)
      return TermOutput(
        value: ranks.communicator.sum([share * value])[0],
        gradients: gradients.map { ($0.0, $0.1.times(Float(share))) }, apply: apply)
    case .refused: preconditionFailure("DistillationStep: term \(named.name) cannot be shared by ranks")
    }
  }
}

extension Tensor {
  fileprivate func times(_ factor: Float) -> Tensor {
    let product = Tensor(uninitialized: shape, layout: layout)
    withExtendedLifetime((self, product)) {
      for index in 0..<elementCount { product.pointer[index] = factor * pointer[index] }
    }
    return product
  }
}
