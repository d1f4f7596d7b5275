import Foundation
import JSON
import Results

/// The nights that were, one file a date: `<folder>/YYYY-MM-DD.jsonl`, one line a subset. Files only grow.
public struct NightHistory: Sendable {
  public let folder: URL

  public init(folder: URL) { self.folder = folder }

  /// Appends a night to its date's file, and syncs it.
  /// - Throws: `ResultsError`.
  @discardableResult
  public func append(_ night: Night) throws -> URL {
    precondition(Night.isDate(night.date), "NightHistory: '\(night.date)' names no file")
    let file = folder.appendingPathComponent("\(night.date).jsonl")
    let line: Data
    do {
      line = try JSONValue.encode(night, pretty: false)
    } catch {
      throw ResultsError.unwritableJSON(path: file.path, reason: JSONError(error).reason)
    }
    try AppendedLines.append(line, to: file)
    return file
  }

  /// Every night in the order of dates and lines, and one notice for each line that is none: what a killed process leaves is
  /// passed over, not lost without a word.
  /// - Throws: `ResultsError.fileSystem`, `.wrongKind`.
  public func read() throws -> (nights: [Night], notices: [String]) {
    var nights: [Night] = []
    var notices: [String] = []
    for file in try AppendedLines.files(in: folder) {
      for line in try AppendedLines.read(file) {
        let place = "\(file.path):\(line.number)"
        guard line.isWhole else {
          notices.append("\(place): ignored: the line is cut after \(line.text.count) bytes")
          continue
        }
        do {
          let night = try JSONDecoder().decode(Night.self, from: line.text)
          guard night.schema == Night.schemaVersion else {
            throw JSONError(reason: "schema \(night.schema), this program reads \(Night.schemaVersion)")
          }
          nights.append(night)
        } catch {
          notices.append("\(place): ignored: no line of a night: \(JSONError(error).reason)")
        }
      }
    }
    return (nights, notices)
  }
}
