import ArgumentParser
import Experiments
import Figures
import Foundation
import Runner

struct FigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figure",
    abstract: "Draws a figure of the paper: 1 to 3 from formulas, others from finished runs.",
    discussion: """
      Figures 1 to 3 are functions. Others are files of experiments/figures: curves of a sweep, where points whose runs
      are not finished are left out and named, or pictures of validation images with what networks predict, for which
      every run must be finished. Writes figure<n>.png, figure<n>.json, which holds the numbers that are drawn, and
      figure<n>.svg for curves. Nothing is trained.

      Examples: jml figure 1 --output results/figures
                jml run --figure 8 && jml figure 8 --output results/figures
      """)

  @Argument(help: "The paper's number of the figure.")
  var number: Int

  @Option(help: "Folder to write to; it is made if it does not exist.")
  var output: String

  @OptionGroup(title: "Options for figures that come from runs") var options: FigureOptions

  func run() throws {
    let folder = URL(fileURLWithPath: output)
    if let figure = Figure(number) {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return report(try figure.write(to: folder))
    }
    let registry = try options.places.files.registry()
    guard registry.figureNumbers.values.contains(number) else {
      let numbers = Set(registry.figureNumbers.values).sorted().map(String.init).joined(separator: ", ")
      throw ValidationError(
        "figure \(number): allowed: 1, 2 and 3, and of experiments/figures \(numbers.isEmpty ? "none" : numbers)"
      )
    }
    let workspace = try Workspace(options.workspace(number))
    if workspace.figures.contains(where: { workspace.registry.qualitative[$0] != nil }) {
      report(try PictureFigure(workspace, options: options, number: number).write(to: folder))
    } else {
      report(try SweepChart(workspace).write(to: folder))
    }
  }

  private func report(_ files: [URL]) {
    for file in files { Console.out(file.relativePath + "\n") }
  }
}

/// Which runs a figure is drawn from.
struct FigureOptions: ParsableArguments {
  @OptionGroup var places: PlaceOptions
  @OptionGroup var strictness: StrictOption

  func workspace(_ figure: Int) -> Workspace.Options {
    places.workspace(figures: [String(figure)], strict: strictness.strict)
  }

  /// The command that trains the runs of a figure.
  func runCommand(_ figure: Int) -> String {
    (["jml run --figure \(figure)"] + places.workspace().placeArguments
      + places.overrides.map { "--set \($0)" })
      .joined(separator: " ")
  }
}
