import Autograd
import Schemas
import Tensors

/// One of the two heads of student and teacher, for terms on logits.
enum HeadLogits: String, CaseIterable {
  case main
  case auxiliary

  static let schema = ParameterSchema("head", .choice(allCases.map(\.rawValue)))

  init(_ parameters: Parameters) {
    guard let head = HeadLogits(rawValue: parameters.word("head")) else {
      preconditionFailure("HeadLogits: the schema allows '\(parameters.word("head"))'")
    }
    self = head
  }

  /// Plain [B, C, h, w] of both; nil where a network lacks the head, which has nothing to learn then.
  func of(_ input: TermInput) -> (student: Variable, teacher: Tensor)? {
    let student = self == .main ? input.student.main : input.student.auxiliary
    let teacher = self == .main ? input.teacher.logits.main : input.teacher.logits.auxiliary
    guard let student, let teacher else { return nil }
    return (student, teacher)
  }

  /// The same for a term that compares places one by one.
  ///
  /// - Throws: `MethodError.sizesDiffer`.
  func of(_ input: TermInput, term: String) throws(MethodError) -> (student: Variable, teacher: Tensor)? {
    guard let (student, teacher) = of(input) else { return nil }
    try HeadLogits.requireOneSize(self, student, teacher, term: term)
    return (student, teacher)
  }

  /// - Throws: `MethodError.sizesDiffer`.
  static func requireOneSize(
    _ head: HeadLogits, _ student: Variable, _ teacher: Tensor, term: String
  ) throws(MethodError) {
    try MethodError.require(
      student.shape, like: teacher.shape, axes: [0, 1, 2, 3], term: term, what: "\(head.rawValue) logits")
  }
}

extension TermOutput {
  /// Of a term that has nothing to say: a network without the head, a batch without a labelled pixel.
  static var nothing: TermOutput { TermOutput(value: 0, gradients: []) }
}
