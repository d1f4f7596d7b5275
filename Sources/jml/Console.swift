import Datasets
import Experiments
import Foundation
import JSON
import Platform
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
    failure.withLock { $0 = $0 ?? strerror(code).map { String(cString: $0) } ?? "error \(code)" }
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
    raw("\r\u{1B}[K" + (done < count ? "checking \(dataset): \(done)/\(count)" : ""))
  }

  /// Columns padded to their widest entry, two spaces apart.
  static func columns(_ rows: [[String]]) -> String {
    var widths: [Int] = []
    for row in rows {
      for (column, text) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], text.count)
      }
    }
    return rows.map { row in
      row.enumerated().map { column, text in
        column + 1 == row.count ? text : text.padding(toLength: widths[column], withPad: " ", startingAt: 0)
      }.joined(separator: "  ") + "\n"
    }.joined()
  }
}

/// Data that did not pass its check, after its errors have been printed.
struct DataFailure: Error, CustomStringConvertible {
  let errors: Int
  var description: String { "the data check found \(errors) error\(errors == 1 ? "" : "s")" }
}
