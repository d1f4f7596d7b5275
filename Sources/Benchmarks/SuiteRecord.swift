import Foundation
import JSON
import Results

/// Hours as `jml bench suite --json` writes them: what a comparison reads of them.
public struct SuiteRecord: Decodable, Equatable, Sendable {
  public struct Profile: Decodable, Equatable, Sendable {
    /// Of all runs, each once.
    public let hours: Double
    /// By name, of each table by itself; nil in a file of before they were written.
    public let tables: [String: Table]?
  }

  public struct Table: Decodable, Equatable, Sendable {
    public let hours: Double
  }

  /// By name.
  public let profiles: [String: Profile]
  public let cpu: String
  public let threads: Int

  /// - Throws: `ResultsError.unreadableJSON` for a file that is not there or says something else.
  public init(reading url: URL) throws {
    do {
      self = try JSONDecoder().decode(SuiteRecord.self, from: try Data(contentsOf: url))
    } catch {
      throw ResultsError.unreadableJSON(path: url.path, reason: "\(error)")
    }
  }

  /// Of an output that was not written to a file.
  /// - Throws: `DecodingError` for one that says something else.
  public init(_ output: JSONValue) throws {
    self = try JSONDecoder().decode(SuiteRecord.self, from: Data(output.canonical.utf8))
  }
}
