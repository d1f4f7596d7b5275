import Autograd
import Losses
import Models
import Schemas
import Tensors
import Training

/// What a distillation term is made for.
public struct TermSetup {
  /// The term's in the step: what its parameters' names begin with, since two terms may be of one kind.
  public let name: String
  public let student: SegmentationModel
  /// The teacher's, for the widths of adapters.
  public let teacher: Architecture
  /// Factor on the term's value and gradients.
  public let weight: Double
  /// Label of pixels that are left out.
  public let ignoreIndex: UInt8
  /// Of the run: seeds initial values.
  public let seed: UInt64
  /// The loss against labels, whose weights some terms share.
  public let loss: SegmentationLoss.Configuration
  /// What first stages have learned, by the role of their run.
  public let products: [String: StateDict]

  public init(
    name: String, student: SegmentationModel, teacher: Architecture, weight: Double, ignoreIndex: UInt8,
    seed: UInt64,
    loss: SegmentationLoss.Configuration, products: [String: StateDict] = [:]
  ) {
    self.name = name
    self.student = student
    self.teacher = teacher
    self.weight = weight
    self.ignoreIndex = ignoreIndex
    self.seed = seed
    self.loss = loss
    self.products = products
  }
}

/// What a term sees of one iteration.
public struct TermInput {
  /// Recorded on the pass's tape.
  public let student: SegmentationModel.Outputs
  public let teacher: TeacherOutputs
  /// [B, H, W].
  public let labels: LabelBatch
  /// The student's pass: adapters record here.
  public let pass: ForwardPass
  public let moment: StepMoment

  /// The decoder's features of both, for a term that compares them place by place; widths may differ.
  ///
  /// - Throws: `MethodError.sizesDiffer`.
  func features(term: String) throws(MethodError) -> (student: Variable, teacher: Tensor) {
    let (student, teacher) = (student[.decoder], teacher[.decoder])
    try MethodError.require(
      student.shape, like: teacher.shape, axes: [0, 2, 3], term: term, what: "features")
    return (student, teacher)
  }
}

/// What a term says of one iteration.
public struct TermOutput {
  /// Weight included.
  public let value: Double
  /// Where the walk back begins: variables of the pass and dL / d variable, weight included.
  public let gradients: [(Variable, Tensor)]
  /// What the term changes of its own state besides parameters that are trained with the student, for instance a
  /// queue or a discriminator; called after the student's update.
  public let apply: () -> Void

  public init(value: Double, gradients: [(Variable, Tensor)], apply: @escaping () -> Void = {}) {
    self.value = value
    self.gradients = gradients
    self.apply = apply
  }
}

/// What becomes of a term where ranks share the batch.
public enum TermSplitting: Sendable {
  /// It is no sum over images: runs with it are trained by one process.
  case refused
  /// A mean over the images of the batch of something that each image has by itself.
  case meanOverImages
  /// It takes `StepMoment.ranks` into account: its value is that of the whole batch, its gradients add up to it.
  case exact
}

/// One term of a distillation loss. A new one is a file that says what the experiment file may hold (`schema`), what it
/// looks at (`taps`) and what it computes, and a line in `DistillationTerms.all`.
public protocol DistillationTerm: AnyObject {
  /// Its kind, keys and roles; `kind` is also its name in logs.
  static var schema: MethodSchema { get }

  /// Whether terms of this kind may be part of a run whose batches ranks share; `splitting` says how then.
  static var isShared: Bool { get }

  init(_ parameters: Parameters, _ setup: TermSetup)

  var splitting: TermSplitting { get }

  /// Feature maps of student and teacher that it looks at.
  var taps: Set<FeatureTap> { get }

  /// What is trained with the student's optimizer, for instance an adapter.
  var parameters: [Parameter] { get }

  /// What has to survive a kill besides the student, under names of its own.
  var parts: [StatePart] { get }

  /// Takes part in the loss head's own passes in place of `evaluate`, when it has the form of one of the head's terms.
  ///
  /// - Returns: whether it does.
  func fuse(into loss: inout SegmentationLoss.Distillation) -> Bool

  /// Called for terms that are not fused.
  func evaluate(_ input: TermInput) throws -> TermOutput
}

extension DistillationTerm {
  public static var isShared: Bool { false }
  public var splitting: TermSplitting { .refused }
  public var taps: Set<FeatureTap> { [] }
  public var parameters: [Parameter] { [] }
  public var parts: [StatePart] { [] }
  public func fuse(into loss: inout SegmentationLoss.Distillation) -> Bool { false }
}

/// The kinds of terms that experiment files may name.
public enum DistillationTerms {
  public static var all: [any DistillationTerm.Type] {
    [
      PixelWiseTerm.self, JaccardTeacherTerm.self, PairWiseTerm.self, AdversarialTerm.self,
      IntraClassVariationTerm.self, ChannelWiseTerm.self, CrossImageTerm.self, MemoryTerm.self,
      MaskedTerm.self,
      CorrelationTerm.self,
    ]
  }
}
