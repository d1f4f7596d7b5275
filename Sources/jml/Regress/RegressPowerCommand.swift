import ArgumentParser
import Experiments
import Foundation
import JSON
import Regression
import Runner

struct RegressPowerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power", abstract: "Says which size of error a subset's tests can see.",
    discussion: """
      Nights are drawn around the spreads of the reference and judged as real ones are; prints the share of nights with an
      alarm, as Markdown, where one cell or every cell of a metric has become worse by so much, and where nothing has
      changed. The same reference gives the same bytes.

      Example: jml regress power mini --seeds 3
      """)

  @Argument(help: "The subset, of a tier of statistics.")
  var name: String

  @Option(help: "Runs of each cell, of the reference as of the night.")
  var seeds = 3

  @Option(help: "Nights that are drawn for each number.")
  var trials = 1000

  @Option(parsing: .upToNextOption, help: "How much worse, in the metrics' units.")
  var effects: [Double] = [0.5, 1, 2, 3, 4, 6, 8, 12]

  @OptionGroup var places: ReferenceOptions

  func validate() throws {
    guard (2...100).contains(seeds) else { throw ValidationError("--seeds \(seeds): 2 to 100 are allowed") }
    guard (1...1_000_000).contains(trials) else {
      throw ValidationError("--trials \(trials): 1 to 1000000 are allowed")
    }
    guard !effects.isEmpty, effects.allSatisfy({ $0 > 0 && $0.isFinite }), effects == effects.sorted() else {
      throw ValidationError("--effects: positive numbers are wanted, ascending")
    }
  }

  func run() throws {
    let spec = try places.spec(name, try places.files.registry())
    guard let test = spec.test else {
      throw ValidationError("\(name) compares bits: it sees every size of error")
    }
    guard let reference = try Reference.read(name, in: places.folder) else {
      throw RegressionError.notAcceptable(name: name, reason: "there is no reference")
    }
    let study = PowerStudy(reference.current, test: test, seeds: seeds, trials: trials)
    Console.out(study.markdown(effects: effects))
  }
}
