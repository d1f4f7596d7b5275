import Experiments
import Foundation
import Tables

/// Numbers and names as pages print them.
enum Words {
  /// Two decimals with a typographer's minus.
  static func fixed(_ value: Double) -> String { minus(NumberText.fixed(value)) }

  /// Signs that records spell in ASCII, as they are printed.
  static func typeset(_ text: String) -> String {
    [(" +- ", " ± "), (" <= ", " ≤ "), (" >= ", " ≥ ")].reduce(text) {
      $0.replacingOccurrences(of: $1.0, with: $1.1)
    }
  }

  /// Three digits or more: times that are compared with each other.
  static func seconds(_ seconds: Double) -> String {
    (9.95..<99.95).contains(seconds) ? String(format: "%.1f s", seconds) : duration(seconds)
  }

  static func signed(_ value: Double) -> String { minus(NumberText.signed(value)) }

  /// With a typographer's minus.
  static func minus(_ text: String) -> String { text.replacingOccurrences(of: "-", with: "\u{2212}") }

  /// Two significant digits, as p values are printed.
  static func probability(_ value: Double?) -> String {
    value.map { minus(String(format: "%.2g", $0)) } ?? "–"
  }

  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<0.0995: String(format: "%.1f ms", 1000 * seconds)
    case ..<9.95: String(format: "%.2f s", seconds)
    case ..<119.5: String(format: "%.0f s", seconds)
    case ..<7170: String(format: "%.0f min", seconds / 60)
    default: String(format: "%.1f h", seconds / 3600)
    }
  }

  static func bytes(_ count: Int) -> String {
    count < 10_000_000_000
      ? String(format: "%.0f MB", Double(count) / 1e6) : String(format: "%.1f GB", Double(count) / 1e9)
  }

  static func count(_ number: Int, _ noun: String) -> String { NumberText.count(number, noun) }

  /// Title of a metric, or its name where nobody knows it.
  static func metric(_ name: String) -> String { Metric(name)?.title ?? name }

  static func unit(_ name: String) -> String { Metric(name)?.unit.rawValue ?? "" }

  /// A mean with its deviation; that of one value is not shown.
  static func value(_ mean: Double, _ std: Double?, n: Int) -> String {
    fixed(mean) + (n == 1 ? "" : std.map { " ± \(fixed($0))" } ?? "")
  }

  /// A verdict's colour.
  static func tone(_ verdict: String) -> String {
    switch verdict {
    case "holds", "passed", "same", "done", "complete": "good"
    case "fails", "regressed", "failed": "bad"
    default: "open"
    }
  }
}

/// A number of a table that can be sorted: as it is printed, and to sort by.
struct SortableNumber {
  let printed: String
  let exact: String

  init(_ value: Double?, _ text: (Double) -> String) {
    printed = value.map(text) ?? "–"
    exact = value.map { "\($0)" } ?? ""
  }
}

/// A line of a list of facts. A fact with links has no text.
struct Fact {
  let name: String
  let text: String
  let links: [Href]

  init(_ name: String, _ text: String) {
    (self.name, self.text, links) = (name, text, [])
  }

  init(_ name: String, links: [Href]) {
    (self.name, text, self.links) = (name, "", links)
  }
}

/// A link; a place without a page is a text.
struct Href {
  let label: String
  let href: String
  let isLink: Bool

  init(_ label: String, _ href: String?) {
    (self.label, self.href, isLink) = (label, href ?? "", href != nil)
  }
}

/// A verdict in its colour.
struct Badge {
  let verdict: String
  let tone: String

  init(_ verdict: String, of word: String? = nil) {
    self.verdict = verdict
    tone = Words.tone(word ?? verdict)
  }
}
