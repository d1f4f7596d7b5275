import Foundation
import JSON
import Results

/// What a subset is compared with, and what it was compared with before: `<folder>/<name>.json`.
public struct Reference: Codable, Equatable, Sendable {
  public static let schemaVersion = 1

  public private(set) var schema = Reference.schemaVersion
  public let name: String
  public let current: Accepted
  /// What was moved away from, the latest last.
  public let history: [Accepted]

  /// Numbers that somebody has taken for right.
  public struct Accepted: Codable, Equatable, Sendable {
    public let tier: String
    public let profile: String
    /// Why.
    public let reason: String
    /// When, YYYY-MM-DD, UTC.
    public let date: String
    /// Where the numbers are from: `night of 2026-11-29`, `published`.
    public let source: String
    /// Of the program that made them; several where runs were published by several.
    public let commit: String
    public let numerics: Int
    public let machine: MachineClass
    /// Fingerprints by data set.
    public let data: [String: String]
    public let cells: [CellResult]

    public init(
      tier: String, profile: String, reason: String, date: String, source: String, commit: String,
      numerics: Int, machine: MachineClass, data: [String: String], cells: [CellResult]
    ) {
      self.tier = tier
      self.profile = profile
      self.reason = reason
      self.date = date
      self.source = source
      self.commit = commit
      self.numerics = numerics
      self.machine = machine
      self.data = data
      self.cells = cells
    }

    /// A night as it is.
    public init(_ night: Night, reason: String, date: String) {
      self.init(
        tier: night.tier, profile: night.profile, reason: reason, date: date,
        source: "night of \(night.date)", commit: night.commit, numerics: night.numerics,
        machine: night.machine, data: night.data, cells: night.cells)
    }
  }

  /// The first reference of a subset.
  public init(name: String, _ current: Accepted) { self.init(name: name, current, history: []) }

  private init(name: String, _ current: Accepted, history: [Accepted]) {
    self.name = name
    self.current = current
    self.history = history
  }

  /// Moved to other numbers; the former ones are kept.
  public func moved(to accepted: Accepted) -> Reference {
    Reference(name: name, accepted, history: history + [current])
  }

  public static func file(_ name: String, in folder: URL) -> URL {
    folder.appendingPathComponent("\(name).json")
  }

  /// nil without the file.
  /// - Throws: `RegressionError.damaged`, `ResultsError`.
  public static func read(_ name: String, in folder: URL) throws -> Reference? {
    let url = file(name, in: folder)
    guard let text = try AtomicFile.read(url) else { return nil }
    let found: Reference
    do {
      found = try JSONDecoder().decode(Reference.self, from: text)
    } catch {
      throw RegressionError.damaged(path: url.path, reason: JSONError(error).reason)
    }
    guard found.schema == schemaVersion else {
      throw RegressionError.damaged(
        path: url.path, reason: "schema \(found.schema), this program reads \(schemaVersion)")
    }
    guard found.name == name else {
      throw RegressionError.damaged(path: url.path, reason: "it is the reference of '\(found.name)'")
    }
    for cell in found.current.cells { try cell.check(path: url.path) }
    return found
  }

  /// Replaces the file as a whole. Equal references give equal bytes.
  /// - Throws: `ResultsError`.
  @discardableResult
  public func write(to folder: URL) throws -> URL {
    let url = Reference.file(name, in: folder)
    let text: Data
    do {
      text = try JSONValue.encode(self, pretty: true) + Data("\n".utf8)
    } catch {
      throw ResultsError.unwritableJSON(path: url.path, reason: JSONError(error).reason)
    }
    try AtomicFile.make(folder: folder)
    try AtomicFile.write(text, to: url)
    return url
  }
}
