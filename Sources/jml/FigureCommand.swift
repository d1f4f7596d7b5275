import ArgumentParser
import Figures
import Foundation

struct FigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figure",
    abstract: "Draws a figure of the paper that needs no training: 1, 2 or 3.",
    discussion: """
      Writes figure<n>.svg, figure<n>.png and figure<n>.json, which holds the numbers that are drawn.

      Example: jml figure 1 --output results/figures
      """)

  @Argument(help: "1, 2 or 3.")
  var number: Int

  @Option(help: "Folder to write to; it is made if it does not exist.")
  var output: String

  func validate() throws {
    guard Figure.numbers.contains(number) else {
      throw ValidationError("figure \(number): 1, 2 and 3 are allowed; the others come from trained models")
    }
  }

  func run() throws {
    guard let figure = Figure(number) else { return }
    let folder = URL(fileURLWithPath: output)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for file in try figure.write(to: folder) { Console.out(file.relativePath + "\n") }
  }
}
