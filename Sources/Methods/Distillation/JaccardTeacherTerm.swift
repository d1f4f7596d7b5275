import Losses
import Schemas
import Training

/// nu_T JML(z, t): the region loss of the run against the teacher's probabilities on the main head, times
/// lambda_JML (equation (13) of the paper). Always part of the loss head.
public final class JaccardTeacherTerm: DistillationTerm {
  public static let schema = MethodSchema(
    kind: "jaccard",
    parameters: [
      ParameterSchema("active_classes", .choice(ActiveClasses.names)),
      ParameterSchema("threshold", .number(.from(0, below: 1))),
    ], roles: ["teacher"])

  private let weight: Double
  private let loss: JaccardMetricLoss

  public static let isShared = true
  public let splitting = TermSplitting.exact

  /// The loss against labels must be a Jaccard loss, whose form and smoothing this one shares.
  public init(_ parameters: Parameters, _ setup: TermSetup) {
    weight = setup.weight
    guard case .jaccard(var loss) = setup.loss.region?.loss else {
      preconditionFailure("JaccardTeacherTerm: the loss against labels has no Jaccard term")
    }
    guard
      let active = ActiveClasses(
        name: parameters.word("active_classes"), threshold: parameters.number("threshold"))
    else { preconditionFailure("JaccardTeacherTerm: the schema names modes that there are not") }
    loss.active = active
    self.loss = loss
  }

  public func fuse(into distillation: inout SegmentationLoss.Distillation) -> Bool {
    precondition(distillation.jaccard == nil, "JaccardTeacherTerm: a second one in one loss")
    distillation.jaccard = SegmentationLoss.Distillation.JaccardTerm(weight: weight, loss: loss)
    return true
  }

  public func evaluate(_ input: TermInput) throws -> TermOutput {
    preconditionFailure("JaccardTeacherTerm: always part of the loss head")
  }
}
