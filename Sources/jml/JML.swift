import ArgumentParser
import Datasets
import Experiments
import Foundation
import Results
import Runner
import Weights

struct JML: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jml",
    abstract: "Regenerates the tables of \"Jaccard Metric Losses\" (NeurIPS 2023).",
    discussion: """
      Results go to stdout, everything else to stderr; --json makes the results JSON.

      Examples:
        jml run --table 4                     train the grid of Table 4 on embedded data
        jml table --table 4                   render it from what is finished
        jml run --table 4 --data /datasets    the same on real folders

      Exit codes:
        0    everything that was asked for is there
        1    a run failed or diverged, or something could not be written
        64   the command line is wrong
        65   an experiment file, the data or a stored result is wrong
        75   another process has the run (jml train only)
        130  stopped; the same command goes on from the last checkpoint
      """,
    subcommands: [
      PlanCommand.self, RunCommand.self, TableCommand.self, StatusCommand.self, DoctorCommand.self,
      DataCommand.self, TrainCommand.self, BenchCommand.self, LossCommand.self, MetricsCommand.self,
      FigureCommand.self, ClaimsCommand.self, PublishCommand.self, ModelCommand.self,
    ])
}

/// Entry point. ArgumentParser's own would print errors in several lines and another form.
@main
enum Main {
  static func main() {
    ThreadPolicy.adopt()
    // A reader that goes away is told of by write, not by the end of the process.
    signal(SIGPIPE, SIG_IGN)
    var command: any ParsableCommand
    do {
      command = try JML.parseAsRoot()
    } catch {
      if JML.exitCode(for: error) == .success { JML.exit(withError: error) }
      Console.error(JML.message(for: error) + "; see 'jml help'")
      JML.exit(withError: ExitCode(64))
    }
    do {
      try command.run()
      try checkOutput()
    } catch let code as ExitCode {
      if code.isSuccess, Console.outputFailure != nil { JML.exit(withError: ExitCode(1)) }
      JML.exit(withError: code)
    } catch {
      if JML.exitCode(for: error) == .success { JML.exit(withError: error) }
      Console.error("\(error)")
      JML.exit(withError: ExitCode(Main.code(error)))
    }
  }

  /// Data that did not arrive is not there, whatever the command has done.
  private static func checkOutput() throws {
    guard let reason = Console.outputFailure else { return }
    Console.error("stdout: cannot be written: \(reason)")
    throw ExitCode(1)
  }

  /// 64 for what the user typed, 65 for what lies in files, 1 for the rest.
  private static func code(_ error: any Error) -> Int32 {
    switch error {
    case let error as RegistryError:
      switch error {
      case .brokenReference(let file, let path, _, _): return path.hasPrefix("--") || file == "plan" ? 64 : 65
      case .unknownKey(let file, _, _), .wrongType(let file, _, _, _), .outOfRange(let file, _, _, _),
        .syntax(let file, _, _), .inconsistent(let file, _, _, _):
        return file.hasPrefix("--set") ? 64 : 65
      case .unreadable, .duplicateKey, .missingKey: return 65
      }
    case let error as RunnerError:
      switch error {
      case .noExperiments, .noDataFolder, .needsData, .unknownRun, .ambiguousRun, .otherProfile: return 64
      case .unknownSplit, .classCount, .badData, .alteredData, .changedData, .otherList: return 65
      case .unknownMethod, .inputMissing, .backboneDiffers: return 65
      case .inputNotFinished, .cannotStart, .noThread, .noFolder: return 1
      }
    case let error as ResultsError: return error.isDamage ? 65 : 1
    case let error as DatasetError:
      if case .writing = error { return 1 }
      return 65
    case is ValidationError: return 64
    case is DataFailure, is WeightsError: return 65
    default: return 1
    }
  }
}
