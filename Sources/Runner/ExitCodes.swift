import Datasets
import Experiments
import Foundation
import HDF5
import Images
import JSON
import Losses
import Methods
import Metrics
import Platform
import Ranks
import Results
import Tensors
import Training
import Weights

/// An error of the command line itself, or of what stands on its own beside the runner.
public typealias ExitCoding = Platform.ExitCoding

/// What the program's end says to a script, the same for an error wherever it comes from.
public enum ExitCodes {
  /// A run gave no result, or something could not be written.
  public static let failed: Int32 = 1
  /// What the user typed: EX_USAGE.
  public static let usage: Int32 = 64
  /// What lies in files: experiment files, data, weights, stored results: EX_DATAERR.
  public static let badInput: Int32 = 65
  /// There is nothing to compare with, or no Slurm: EX_UNAVAILABLE.
  public static let nothingToCompare: Int32 = 69
  /// The system does not give what is needed: memory, threads, processes: EX_OSERR.
  public static let system = OutOfMemory.exitCode
  /// Another process has the run: EX_TEMPFAIL.
  public static let taken: Int32 = 75
  public static let stopped = StopRequest.exitCode

  /// 1 for an error that nobody here has made.
  public static func code(of error: any Error) -> Int32 {
    switch error {
    case let error as any ExitCoding: error.exitCode
    case let error as RegistryError: code(of: error)
    case let error as RunnerError: code(of: error)
    case let error as ResultsError: error.isDamage ? badInput : failed
    case let error as DatasetError: code(of: error)
    case let error as ImageError: code(of: error)
    case let error as TrainingError: code(of: error)
    case RanksError.notBuilt: usage
    case is RanksError: failed
    // Files are written by the store; the library's own part of it is memory.
    case is HDF5Error, is WeightsError, is MetricsError, is LossError, is JSONError, is MethodError,
      is StateError:
      badInput
    case is FileFailure: failed
    default: failed
    }
  }

  private static func code(of error: RegistryError) -> Int32 {
    switch error {
    case .brokenReference(let file, let path, _, _): path.hasPrefix("--") || file == "plan" ? usage : badInput
    case .unknownKey(let file, _, _), .wrongType(let file, _, _, _), .outOfRange(let file, _, _, _),
      .syntax(let file, _, _), .inconsistent(let file, _, _, _):
      file.hasPrefix("--set") ? usage : badInput
    case .unreadable, .duplicateKey, .missingKey: badInput
    }
  }

  private static func code(of error: RunnerError) -> Int32 {
    switch error {
    case .noExperiments, .needsData, .unknownRun, .ambiguousRun, .otherProfile, .notAcrossRanks,
      .moreRanksThanSamples, .ranksDiffer:
      usage
    case .noDataFolder, .unknownSplit, .classCount, .badData, .strictWarnings, .alteredData, .changedData,
      .otherList:
      badInput
    case .unknownMethod, .inputMissing, .backboneDiffers: badInput
    case .inputNotFinished, .noFolder: failed
    case .noThread, .cannotStart, .fewerThreads, .noPrecision: system
    }
  }

  private static func code(of error: DatasetError) -> Int32 {
    switch error {
    case .writing: failed
    case .image(let error): code(of: error)
    default: badInput
    }
  }

  private static func code(of error: ImageError) -> Int32 {
    switch error {
    case .writing, .encoding: failed
    default: badInput
    }
  }

  private static func code(of error: TrainingError) -> Int32 {
    switch error {
    case .diverged: failed
    case .unfitState: badInput
    }
  }
}
