import ArgumentParser
import Foundation
import JSON
import Regression

struct RegressHistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Lists the nights that were.",
    discussion: """
      One line a night and subset, in the order of dates, with what regressed. A line of the files that a killed process left
      incomplete is passed over and named.

      Example: jml regress history mini --json
      """)

  @Argument(help: "Subsets. Default: all.")
  var names: [String] = []

  @OptionGroup var places: ReferenceOptions

  @Flag(help: "Print JSON: the nights as they are stored.")
  var json = false

  func run() throws {
    let (all, notices) = try places.history.read()
    for notice in notices { Console.say(notice) }
    let nights = all.filter { names.isEmpty || names.contains($0.name) }
    if json {
      Console.out(String(decoding: try JSONValue.encode(nights, pretty: true), as: UTF8.self) + "\n")
      return
    }
    for night in nights {
      let commit = night.commit.prefix(10) + (night.dirty ? "+" : "")
      let verdict = night.verdict?.rawValue ?? "not judged"
      Console.out(
        "\(night.date)  \(night.name)  \(verdict)  \(commit)  \(night.seconds) s  \(night.machine.cpu)"
          + (night.overrides.isEmpty ? "" : "  \(night.overrides.joined(separator: " "))") + "\n")
      for line in night.lines { Console.out("  \(line)\n") }
    }
    Console.say("\(nights.count) nights in \(places.history.folder.path)")
  }
}
