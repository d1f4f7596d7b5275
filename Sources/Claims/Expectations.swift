import Experiments
import JSON

/// Verdicts that are expected: by claim and side. Recorded to a file, and compared with later.
public struct Expectations: Equatable, Sendable {
  private let verdicts: [String: [Side: Judgement.Verdict]]

  public init(_ report: ClaimReport) {
    verdicts = Dictionary(
      uniqueKeysWithValues: report.rows.map { ($0.id, [.paper: $0.paper.verdict, .ours: $0.ours.verdict]) })
  }

  /// - Parameters:
  ///   - text: JSON, `{"<id>": {"paper": "holds", "ours": "not decidable"}}`.
  ///   - file: for errors.
  ///   - report: whose claims must all be there.
  ///   - known: ids of every claim.
  /// - Throws: `RegistryError` that names file, id and what is allowed.
  public init(_ text: String, file: String, of report: ClaimReport, known: [String]) throws {
    let value: JSONValue
    do {
      value = try JSONValue(parsing: text)
    } catch let error as JSONError {
      throw RegistryError.unreadable(file: file, reason: "not valid JSON: \(error.reason)")
    }
    guard case .object(let claims) = value else {
      throw RegistryError.wrongType(
        file: file, path: "(top level)", value: value.canonical, allowed: "an object of verdicts by claim")
    }
    var verdicts: [String: [Side: Judgement.Verdict]] = [:]
    for id in claims.keys.sorted() {
      guard known.contains(id) else {
        throw RegistryError.brokenReference(file: file, path: "claim", value: id, allowed: known)
      }
      guard case .object(let sides)? = claims[id] else {
        throw RegistryError.wrongType(
          file: file, path: id, value: claims[id]?.canonical ?? "", allowed: "an object with paper and ours")
      }
      for key in sides.keys.sorted() where Side(rawValue: key) == nil {
        throw RegistryError.unknownKey(
          file: file, path: "\(id).\(key)", allowed: Side.allCases.map(\.rawValue))
      }
      for side in Side.allCases {
        let path = "\(id).\(side.rawValue)"
        guard let value = sides[side.rawValue] else { throw RegistryError.missingKey(file: file, path: path) }
        guard case .string(let name) = value, let verdict = Judgement.Verdict(rawValue: name) else {
          throw RegistryError.outOfRange(
            file: file, path: path, value: value.canonical,
            allowed: "one of " + Judgement.Verdict.allCases.map(\.rawValue).joined(separator: ", "))
        }
        verdicts[id, default: [:]][side] = verdict
      }
    }
    for row in report.rows where verdicts[row.id] == nil {
      throw RegistryError.missingKey(file: file, path: row.id)
    }
    self.verdicts = verdicts
  }

  public var json: JSONValue {
    .object(
      verdicts.mapValues { sides in
        .object(
          Dictionary(uniqueKeysWithValues: sides.map { ($0.rawValue, .string($1.rawValue)) }))
      })
  }

  /// One line for each verdict of the report that is another one, in the report's order.
  public func flips(in report: ClaimReport) -> [String] {
    report.rows.flatMap { row in
      [row.paper, row.ours].compactMap { judgement in
        guard let wanted = verdicts[row.id]?[judgement.side], wanted != judgement.verdict else { return nil }
        return
          "\(row.id): \(judgement.side.rawValue): expected '\(wanted.rawValue)', got '\(judgement.verdict.rawValue)' "
          + "(\(judgement.count.holds) of \(judgement.count.of)\(judgement.reason.map { "; \($0)" } ?? ""))"
      }
    }
  }
}
