import JSON

/// Knowledge distillation from a frozen teacher (paper eqs. (12), (13)): each distilled term becomes
///
///     label_weight * term(prediction, label) + teacher_weight * term(prediction, teacher)
///
/// The teacher's main head teaches the main head and its auxiliary head the auxiliary one.
/// `distillation/<name>.yaml`.
public struct DistillationSpec: Equatable, Sendable {
  public let name: String
  /// mu_L of the paper.
  public let crossEntropyLabelWeight: Double
  /// mu_T of the paper.
  public let crossEntropyTeacherWeight: Double
  /// Softens both distributions in the Kullback-Leibler term.
  public let temperature: Double
  /// nil: only the cross entropy is distilled, a Jaccard term sees the labels alone at full weight.
  public let jaccard: JaccardTerm?

  public struct JaccardTerm: Equatable, Sendable {
    /// nu_L of the paper.
    public let labelWeight: Double
    /// nu_T of the paper.
    public let teacherWeight: Double
    /// For the term against the teacher; LABEL is the paper's choice (Table 7).
    public let activeClasses: ActiveClassRule
  }

  private enum Kind: String, CaseIterable {
    case crossEntropy = "cross_entropy"
    case crossEntropyAndJaccard = "cross_entropy_and_jaccard"
  }

  private static let commonKeys = [
    "kind", "cross_entropy_label_weight", "cross_entropy_teacher_weight", "temperature",
  ]
  private static let jaccardKeys = ["jaccard_label_weight", "jaccard_teacher_weight", "active_classes"]

  /// - Parameter extraKeys: keys that the caller reads itself.
  init(_ reader: StrictReader, name: String?, extraKeys: [String] = []) throws {
    let kind = try reader.required("kind").choice(Kind.self)
    let own = DistillationSpec.commonKeys + (kind == .crossEntropy ? [] : DistillationSpec.jaccardKeys)
    self.name = try reader.name(or: name, keys: own + extraKeys)
    crossEntropyLabelWeight = try reader.required("cross_entropy_label_weight").number(.closed(0, 100))
    crossEntropyTeacherWeight = try reader.required("cross_entropy_teacher_weight").number(.closed(0, 100))
    temperature = try reader.required("temperature").number(.above(0, upTo: 100))
    switch kind {
    case .crossEntropy: jaccard = nil
    case .crossEntropyAndJaccard:
      jaccard = JaccardTerm(
        labelWeight: try reader.required("jaccard_label_weight").number(.closed(0, 100)),
        teacherWeight: try reader.required("jaccard_teacher_weight").number(.closed(0, 100)),
        activeClasses: try reader.required("active_classes").choice(ActiveClassRule.self))
    }
  }

  var members: [String: JSONValue] {
    var members: [String: JSONValue] = [
      "name": .string(name), "cross_entropy_label_weight": .number(crossEntropyLabelWeight),
      "cross_entropy_teacher_weight": .number(crossEntropyTeacherWeight), "temperature": .number(temperature),
      "kind": .string((jaccard == nil ? Kind.crossEntropy : Kind.crossEntropyAndJaccard).rawValue),
    ]
    if let jaccard {
      members["jaccard_label_weight"] = .number(jaccard.labelWeight)
      members["jaccard_teacher_weight"] = .number(jaccard.teacherWeight)
      members["active_classes"] = .string(jaccard.activeClasses.rawValue)
    }
    return members
  }
}

/// The distillation of one run: the spec and the run that is the teacher.
public struct RunDistillation: Equatable, Sendable {
  public let spec: DistillationSpec
  public let teacher: RunID

  init(spec: DistillationSpec, teacher: RunID) {
    self.spec = spec
    self.teacher = teacher
  }

  init(_ reader: StrictReader) throws {
    spec = try DistillationSpec(reader, name: nil, extraKeys: ["teacher"])
    let teacherReader = try reader.required("teacher")
    guard let teacher = RunID(try teacherReader.string()) else { throw teacherReader.outOfRange("a run id") }
    self.teacher = teacher
  }

  var json: JSONValue { .object(spec.members.merging(["teacher": .string(teacher.text)]) { $1 }) }
}
