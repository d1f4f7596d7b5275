import Figures
import Foundation
import JSON
import Regression
import Results

/// Everything that the site shows, read from a folder of results.
public struct SiteRecords: Sendable {
  public var title: String
  public let profile: String
  /// In the order of their numbers.
  public let tables: [TableRecord]
  let claims: ClaimsRecord?
  /// The same as it was read.
  let claimsJSON: JSONValue?
  /// Sorted by id.
  public var runs: [RunEntry]
  let nights: [NightRecord]
  /// Lines of the history that are no night.
  let unreadableNights: Int
  /// Means of the accepted references, by subset and place.
  private let references: [String: [[String]: Double]]
  let speed: SpeedRecord?
  let speedJSON: JSONValue?
  let figures: [FigureRecord]
  /// As `tables`.
  let tableJSON: [JSONValue]

  public static let defaultTitle = "Jaccard Metric Losses, regenerated"

  /// - Parameters:
  ///   - results: the folder above the profiles'.
  ///   - tables: the paper's, by name; `json` renders one that does not lie in the folder.
  ///   - runs: what is known of runs.
  /// - Throws: `ResultsError`, which names file and key; `RegressionError.damaged` for a reference, `ImageError`
  ///   for a figure's picture.
  public init(
    reading results: URL, profile: String, title: String = SiteRecords.defaultTitle,
    tables: [(name: String, hasRuns: Bool, json: () throws -> String)], runs: [RunEntry]
  ) throws {
    self.title = title
    self.profile = profile
    let folder = results.appendingPathComponent(profile)
    var found: [(record: TableRecord, json: JSONValue)] = []
    for table in tables {
      let place = table.hasRuns ? folder : results.appendingPathComponent("costs")
      let file = place.appendingPathComponent("\(table.name).json")
      if let record = try PublishedFile.decode(TableRecord.self, from: file),
        let json = try PublishedFile.json(file)
      {
        found.append((record, json))
      } else {
        let json = try table.json()
        found.append(
          (
            try JSONDecoder().decode(TableRecord.self, from: Data(json.utf8)), try JSONValue(parsing: json)
          ))
      }
    }
    found.sort { ($0.record.number, $0.record.table) < ($1.record.number, $1.record.table) }
    self.tables = found.map(\.record)
    tableJSON = found.map(\.json)
    let claimsFile = folder.appendingPathComponent("claims.json")
    claims = try PublishedFile.decode(ClaimsRecord.self, from: claimsFile)
    claimsJSON = try PublishedFile.json(claimsFile)
    let speedFile = results.appendingPathComponent("bench/bench.json")
    speed = try PublishedFile.decode(SpeedRecord.self, from: speedFile)
    speedJSON = try PublishedFile.json(speedFile)
    figures = try FigureRecord.all(in: results.appendingPathComponent("figures"))
    let regression = results.appendingPathComponent("regression")
    let history = regression.appendingPathComponent("history")
    let lines = try PublishedFile.names(in: history, ending: ".jsonl").flatMap {
      try PublishedFile.lines(history.appendingPathComponent($0))
    }
    nights = lines.compactMap { $0.flatMap(NightRecord.init) }
    unreadableNights = lines.count - nights.count
    references = try SiteRecords.references(of: Set(nights.map(\.name)), in: regression)
    self.runs = runs.sorted { $0.id < $1.id }
    try SiteRecords.check(found.map(\.record.table), folder.path, "tables")
    try SiteRecords.check(claims?.claims.map(\.id) ?? [], claimsFile.path, "claims")
    for run in self.runs where RunName(run.id) == nil { throw ResultsError.badRunID(run.id) }
    try SiteRecords.check(self.runs.map(\.id), folder.path, "runs")
  }

  /// What a cell of a subset is compared with; nil where nothing has been accepted.
  func accepted(_ subset: String, _ place: [String]) -> Double? { references[subset]?[place] }

  private static func references(
    of subsets: Set<String>, in folder: URL
  ) throws -> [String: [[String]: Double]] {
    var found: [String: [[String]: Double]] = [:]
    // Only names that lie in the folder: a line of a history is text.
    for file in try PublishedFile.names(in: folder, ending: ".json") {
      let name = String(file.dropLast(5))
      guard subsets.contains(name), let reference = try Reference.read(name, in: folder) else { continue }
      for cell in reference.current.cells {
        guard let mean = cell.mean else { continue }
        found[name, default: [:]][[cell.place.table] + cell.place.row + [cell.place.column]] = mean
      }
    }
    return found
  }

  /// Names become folders of the site: each once, and of letters, digits, `-` and `_`.
  private static func check(_ names: [String], _ path: String, _ what: String) throws {
    var seen: Set<String> = []
    for name in names {
      let isName =
        !name.isEmpty
        && name.utf8.allSatisfy {
          (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
        }
      guard isName else {
        throw ResultsError.damaged(
          path: path, reason: "'\(name)' among the \(what) names no page: letters, digits, '-' and '_' do")
      }
      guard seen.insert(name).inserted else {
        throw ResultsError.damaged(path: path, reason: "'\(name)' stands twice among the \(what)")
      }
    }
  }
}

/// A figure of the paper as `jml figure` wrote it: figure<n>.json beside a drawing or a picture.
struct FigureRecord: Sendable {
  let number: Int
  let title: String
  let file: String
  let data: Data
  /// Pixels or points; nil where the file does not say.
  let size: (width: Int, height: Int)?
  /// What pages show of a picture that is too heavy for them.
  let preview: Preview.Picture?

  /// Bytes of a picture that a page may show.
  static let largestShown = 250_000

  /// By number: the drawing where there is one, else the picture.
  static func all(in folder: URL) throws -> [FigureRecord] {
    try PublishedFile.names(in: folder, ending: ".json").compactMap { name -> FigureRecord? in
      guard let number = Int(name.dropFirst(6).dropLast(5)), name == "figure\(number).json",
        let json = try PublishedFile.json(folder.appendingPathComponent(name))
      else { return nil }
      let title = json["title"]?.text ?? ""
      for ending in ["svg", "png"] {
        let file = "figure\(number).\(ending)"
        guard let data = try PublishedFile.bytes(folder.appendingPathComponent(file)) else { continue }
        var preview: Preview.Picture?
        if ending == "png", data.count > largestShown {
          let path = folder.appendingPathComponent(file).path
          preview = try Preview.of(data, name: path, atMost: largestShown)
        }
        return FigureRecord(
          number: number, title: title, file: file, data: data, size: size(data), preview: preview)
      }
      return nil
    }.sorted { $0.number < $1.number }
  }

  /// Of a PNG's header, or of the first element of a drawing.
  private static func size(_ data: Data) -> (width: Int, height: Int)? {
    let bytes = [UInt8](data.prefix(200))
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), bytes.count >= 24 {
      func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
      return (number(16), number(20))
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let match = text.firstMatch(of: #/width="([0-9]+)[0-9.]*" height="([0-9]+)/#),
      let width = Int(match.1), let height = Int(match.2)
    else { return nil }
    return (width, height)
  }
}
