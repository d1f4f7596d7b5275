import Foundation

/// The claims as `jml claims` writes them: `<results>/<profile>/claims.json`.
public struct ClaimsRecord: Decodable, Sendable {
  let claims: [Claim]

  struct Claim: Decodable, Sendable {
    let id: String
    let section: String
    let text: String
    let quantifier: String
    let paper: Side
    let ours: Side
    let p: Double?
    let holm: Double?

    enum CodingKeys: String, CodingKey {
      case id, section, text, quantifier, paper, ours, p
      case holm = "p_holm"
    }
  }

  struct Side: Decodable, Sendable {
    let verdict: String
    let holds: Int
    let of: Int
    let reason: String?
    let towards: Double?
    let effect: Double?
    let tests: [String]
    let comparisons: [Comparison]
  }

  struct Comparison: Decodable, Sendable {
    let check: String
    let contrast: Bool
    let place: String
    let left: Number
    let right: Number
    let difference: Double
    let holds: Bool
    let test: Test?
  }

  struct Number: Decodable, Sendable {
    let name: String
    let mean: Double
    let std: Double?
    let n: Int
  }

  struct Test: Decodable, Sendable {
    let kind: String
    let p: Double
  }

  /// In the order of verdicts on pages.
  static let verdicts = ["holds", "fails", "not decidable"]

  func count(_ verdict: String, _ side: KeyPath<Claim, Side>) -> Int {
    claims.count { $0[keyPath: side].verdict == verdict }
  }
}
