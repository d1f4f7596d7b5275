import Datasets
import Experiments
import Foundation
import JSON

/// stdout is for data, stderr for talk.
enum Console {
  static let isLive = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// Data, as it is.
  static func out(_ text: String) { write(text, to: STDOUT_FILENO) }

  static func out(_ json: JSONValue) { out(json.pretty) }

  /// Talk, as it is.
  static func raw(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Unbuffered, whole text. A reader that has gone away is not an error of ours.
  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count < 0 {
        guard errno == EINTR else { return }
      } else {
        done += count
      }
    }
  }

  static func say(_ text: String) { raw("jml: \(text)\n") }

  /// One line, whatever the text.
  static func error(_ text: String) {
    say("error: " + text.split(whereSeparator: \.isNewline).joined(separator: " "))
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
