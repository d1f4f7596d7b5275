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
  ///
  /// - Throws: `MethodError.sizesDiffer`.
  func of(_ input: TermInput, term: String) throws(MethodError) -> (student: Variable, teacher: Tensor)? {
    let student = self == .main ? input.student.main : input.student.auxiliary
    let teacher = self == .main ? input.teacher.logits.main : input.teacher.logits.auxiliary
    guard let student, let teacher else { return nil }
    try MethodError.require(
      student.shape, like: teacher.shape, axes: [0, 1, 2, 3], term: term, what: "\(rawValue) logits")
    return (student, teacher)
  }
}

extension TermOutput {
  /// Of a term that has nothing to say: a network without the head, a batch without a labelled pixel.
  static var nothing: TermOutput { TermOutput(value: 0, gradients: []) }
}
