import Datasets
import Experiments
import Foundation
import JSON
import Platform
import Runner
import Synchronization

/// stdout is for data, stderr for talk.
enum Console {
  static let isLive = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// Why data could not be written; nil so far.
  private static let failure = Mutex<String?>(nil)

  /// What became of everything that was written to stdout: the system's reason, or nil. A reader that has gone away, as
  /// `head` does, has what it wanted.
  static var outputFailure: String? { failure.withLock { $0 } }

  /// Data, as it is.
  static func out(_ text: String) {
    guard let code = write(text, to: STDOUT_FILENO), code != EPIPE else { return }
    failure.withLock { $0 = $0 ?? FileFailure.reason(code) }
  }

  static func out(_ json: JSONValue) { out(json.pretty) }

  /// Talk, as it is.
  static func raw(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Unbuffered, whole text.
  /// - Returns: errno, where it could not be written.
  private static func write(_ text: String, to descriptor: Int32) -> Int32? {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count < 0 {
        guard errno == EINTR else { return errno }
      } else {
        done += count
      }
    }
    return nil
  }

  static func say(_ text: String) { raw("jml: \(text)\n") }

  /// One line, whatever the text.
  static func error(_ text: String) {
    say("error: " + TerminalText.line(text.split(whereSeparator: \.isNewline).joined(separator: " ")))
  }

  /// Progress of reading data: a line in place, or nothing where there is no terminal.
  static func reading(_ dataset: String, _ done: Int, _ count: Int) {
    guard isLive else { return }
    let line = done < count ? TerminalText.line("checking \(dataset): \(done)/\(count)") : ""
    raw("\r\u{1B}[K" + TerminalText.prefix(line, columns: Terminal.columns(of: STDERR_FILENO) - 1))
  }

  /// What there is to say against data that is used all the same.
  static func sayWarnings(_ data: [String: PreparedData]) {
    for name in data.keys.sorted() {
      for warning in data[name]?.summary.warnings ?? [] { say("warning: " + TerminalText.line(warning)) }
    }
  }

  /// Columns padded to their widest entry, two spaces apart. Nothing is cut, however narrow the terminal.
  static func columns(_ rows: [[String]]) -> String {
    var widths: [Int] = []
    for row in rows {
      for (column, text) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], TerminalText.columns(of: text))
      }
    }
    return rows.map { row in
      row.enumerated().map { column, text in
        column + 1 == row.count ? text : TerminalText.padded(text, to: widths[column])
      }.joined(separator: "  ") + "\n"
    }.joined()
  }
}

/// Data that did not pass its check, after its errors have been printed.
struct DataFailure: ExitCoding, CustomStringConvertible {
  let errors: Int
  /// Those that count as errors.
  let warnings: Int

  var exitCode: Int32 { ExitCodes.badInput }
  var description: String {
    let found = "the data check found \(errors) error\(errors == 1 ? "" : "s")"
    guard warnings > 0 else { return found }
    return found + " and \(warnings) warning\(warnings == 1 ? "" : "s"), which --strict makes errors"
  }
}
