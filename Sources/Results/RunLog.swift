import Foundation
import JSON

/// log.jsonl: one JSON object a line, each with an `iteration`, in order: of a step, or of an evaluation after
/// it (`LoggedEvaluation`). For people and plots; no table reads it.
public final class RunLog {
  public let url: URL
  private let descriptor: Int32

  /// Opens for appending.
  init(url: URL) throws {
    self.url = url
    descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystem.error(url, "opening") }
  }

  deinit { close(descriptor) }

  /// Appends a line. A line that does not fit on the disk is taken back. Throws `ResultsError`.
  public func append(iteration: Int, _ members: [String: JSONValue]) throws {
    var members = members
    members["iteration"] = .int(iteration)
    let line = try StoredJSON.encode(members, name: url.path) + Data("\n".utf8)
    let length = lseek(descriptor, 0, SEEK_END)
    guard length >= 0 else { throw FileSystem.error(url, "measuring") }
    do {
      try FileSystem.write(line, to: descriptor, of: url)
    } catch {
      ftruncate(descriptor, length)
      throw error
    }
  }

  /// The lines of a log, in order; none if there is no file. A last line without its end, which a killed
  /// writer leaves, is skipped; any other damaged line throws `ResultsError.unreadableJSON`.
  public static func entries(of url: URL) throws -> [JSONValue] {
    try lines(of: url).map { try StoredJSON.parse($0, name: url.path) }
  }

  /// Drops what a run that goes on from `iteration` will write again, its evaluation among them, and lines that
  /// a failing disk has damaged: a log that no table reads is no reason not to go on.
  /// - Returns: how many were damaged.
  static func truncate(_ url: URL, after iteration: Int) throws -> Int {
    guard FileSystem.exists(url) else { return 0 }
    let all = try lines(of: url)
    let read = all.map { line -> (line: String, at: Double?, isEvaluation: Bool) in
      let entry = try? StoredJSON.parse(line, name: url.path)
      return (line, entry?["iteration"]?.double, entry.map(LoggedEvaluation.isOne) ?? false)
    }
    let last = Double(iteration)
    let kept = read.filter { item in item.at.map { $0 < last || ($0 == last && !item.isEvaluation) } ?? false
    }
    try AtomicFile.write(Data(kept.map { $0.line + "\n" }.joined().utf8), to: url)
    return read.count { $0.at == nil }
  }

  private static func lines(of url: URL) throws -> [String] {
    guard let data = try FileSystem.read(url) else { return [] }
    let whole = data.lastIndex(of: UInt8(ascii: "\n")).map { data[...$0] } ?? Data()
    return whole.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }
}
