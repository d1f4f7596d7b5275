import Foundation
import JSON

/// One run of a subset: a line of the history.
public struct Night: Codable, Equatable, Sendable {
  public static let schemaVersion = 1

  public private(set) var schema = Night.schemaVersion
  /// Of the subset.
  public let name: String
  public let tier: String
  public let profile: String
  /// YYYY-MM-DD, UTC: the file that it stands in.
  public let date: String
  /// When it ended, ISO 8601, UTC.
  public let ended: String
  /// Wall clock.
  public let seconds: Int
  public let commit: String
  public let dirty: Bool
  /// Version of the engine's arithmetic.
  public let numerics: Int
  public let machine: MachineClass
  /// Of every value that was given on the command line.
  public let overrides: [String]
  /// Fingerprints by data set.
  public let data: [String: String]
  public let cells: [CellResult]
  /// What was judged of it then.
  public internal(set) var verdict: RegressionReport.Verdict?
  public internal(set) var lines: [String] = []

  public init(
    name: String, tier: String, profile: String, date: String, ended: String, seconds: Int, commit: String,
    dirty: Bool, numerics: Int, machine: MachineClass, overrides: [String], data: [String: String],
    cells: [CellResult]
  ) {
    self.name = name
    self.tier = tier
    self.profile = profile
    self.date = date
    self.ended = ended
    self.seconds = seconds
    self.commit = commit
    self.dirty = dirty
    self.numerics = numerics
    self.machine = machine
    self.overrides = overrides
    self.data = data
    self.cells = cells
  }

  /// With what was found.
  public func judged(_ report: RegressionReport) -> Night {
    var night = self
    night.verdict = report.verdict
    night.lines = report.lines
    return night
  }

  /// Whether a text is a date that can name a file.
  public static func isDate(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ $0.allSatisfy { "0"..."9" ~= $0 } }),
      let month = Int(parts[1]), let day = Int(parts[2])
    else { return false }
    return (1...12).contains(month) && (1...31).contains(day)
  }
}
