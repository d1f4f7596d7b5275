import Tensors

/// What can be wrong with a combination of networks that experiment files ask for.
public enum MethodError: Error, Equatable, CustomStringConvertible {
  /// A term compares the two place by place.
  case sizesDiffer(term: String, what: String, student: String, teacher: String)

  public var description: String {
    switch self {
    case .sizesDiffer(let term, let what, let student, let teacher):
      "distillation term '\(term)': \(what) are \(student) of the student and \(teacher) of the teacher; "
        + "both networks need the same output stride at that place"
    }
  }

  /// - Parameter axes: that must agree.
  /// - Throws: `sizesDiffer`.
  static func require(
    _ student: Shape, like teacher: Shape, axes: [Int], term: String, what: String
  ) throws(MethodError) {
    guard axes.allSatisfy({ student[$0] == teacher[$0] }) else {
      throw .sizesDiffer(term: term, what: what, student: "\(student)", teacher: "\(teacher)")
    }
  }
}
