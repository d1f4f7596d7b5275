import Autograd
import Optimizers
import Schemas
import Tensors
import Training

/// Holistic distillation: the student's low-resolution logits shall not be told from the teacher's (Liu et al., CVPR
/// 2019; also part of the public code of IFVD, CD and CIRKD's reruns).
///
///     L = -weight * mean D(z_s)
///
/// After the student's update the discriminator D takes one step of Adam at a constant rate on the hinge loss
///
///     L_D = discriminator_weight * (mean max(0, 1 - D(z_t)) + mean max(0, 1 + D(z_s)))
///
/// on the logits of the same iteration. There is no gradient penalty. D needs score maps of 64 places a side, which the
/// paper's crops have: smaller ones are up-sampled to `minimum_side`. Below 64, its last kernel is smaller.
public final class AdversarialTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "adversarial",
    parameters: [
      ParameterSchema("discriminator_weight", .number(.above(0, upTo: 1e6))),
      ParameterSchema("learning_rate", .number(.above(0, upTo: 10))),
      ParameterSchema("beta1", .number(.from(0, below: 1))),
      ParameterSchema("beta2", .number(.from(0, below: 1))),
      ParameterSchema("minimum_side", .integer(16...1024)),
    ], roles: ["teacher"])

  private let weight: Double
  private let discriminatorWeight: Double
  private let rate: Double
  package let discriminator: Discriminator
  private let optimizer: AdamW

  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    discriminatorWeight = parameters.number("discriminator_weight")
    rate = parameters.number("learning_rate")
    discriminator = Discriminator(
      classes: setup.loss.classes, minimumSide: parameters.integer("minimum_side"), seed: setup.seed)
    // Without decay AdamW is Adam.
    optimizer = AdamW(
      discriminator.parameters, beta1: parameters.number("beta1"), beta2: parameters.number("beta2"),
      epsilon: 1e-8
    ) { _ in ParameterRule(rateMultiplier: 1, weightDecay: 0) }
  }

  public var parts: [StatePart] {
    [
      StatePart("discriminator", ParameterState(discriminator.parameters)),
      StatePart("statistics", BufferState(discriminator.buffers)),
      StatePart("optimizer", optimizer),
    ]
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    guard let (student, teacher) = try HeadLogits.main.of(input, term: Self.schema.kind) else {
      return .nothing
    }
    let scores = discriminator(student, input.pass.throughFrozen())
    let count = scores.shape.count
    let mean = scores.value.values.reduce(0.0) { $0 + Double($1) } / Double(count)
    return TermOutput(
      value: -weight * mean,
      gradients: [(scores, Tensor(repeating: Float(-weight / Double(count)), shape: scores.shape))]
    ) { [self] in train(real: teacher, fake: student.value, input.moment) }
  }

  private func train(real: Tensor, fake: Tensor, _ moment: StepMoment) {
    let pass = ForwardPass.training(seed: moment.seed, iteration: moment.iteration, stream: "discriminator")
    let result = AdversarialTerm.hinge(
      real: discriminator(Variable(constant: real), pass),
      fake: discriminator(Variable(constant: fake), pass), weight: discriminatorWeight)
    guard let gradients = pass.tape?.backward(result.seeds) else { return }
    optimizer.step(gradients, rate: rate)
  }

  /// - Parameters: `real`, `fake`: scores of the teacher's and of the student's logits, plain.
  package static func hinge(
    real: Variable, fake: Variable, weight: Double
  ) -> (value: Double, seeds: [(Variable, Tensor)]) {
    var value = 0.0
    var seeds: [(Variable, Tensor)] = []
    for (scores, sign) in [(real, -1.0), (fake, 1.0)] {
      let share = weight / Double(scores.shape.count)
      let margins = scores.value.values.map { 1 + sign * Double($0) }
      value += share * margins.reduce(0) { $0 + max($1, 0) }
      seeds.append(
        (scores, Tensor(margins.map { $0 > 0 ? Float(sign * share) : 0 }, shape: scores.shape)))
    }
    return (value, seeds)
  }
}
