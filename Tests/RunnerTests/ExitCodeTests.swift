import Benchmarks
import Cluster
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
import Regression
import Results
import Runner
import Tensors
import Testing
import Training
import Weights

/// What every error of the program means to a script.
@Suite struct ExitCodeTests {
  /// One of every case, with its promise.
  static let table: [(error: any Error, code: Int32)] =
    [registry, runner, results, datasets, files, engine, nights, cluster].flatMap { $0 }

  private static let cluster: [(error: any Error, code: Int32)] = [
    (ClusterError.noSlurm(command: "sbatch", reason: "r"), 69), (ClusterError.noArrays(maximum: 1), 69),
    (
      ClusterError.tooLong(
        partition: "debug", wanted: SlurmTime(minutes: 60), longest: SlurmTime(minutes: 30)), 64
    ),
    (ClusterError.refused(command: "sbatch", code: 1, reason: "r"), 1),
    (ClusterError.unreadable(command: "squeue", text: "t", wanted: "w"), 1),
    (ClusterError.badPath(path: "p", reason: "r"), 64),
    (ClusterError.unknownMemory(run: "r", model: "m"), 64),
    (ClusterError.journal(path: "p", line: 1, reason: "r"), 65),
    (ClusterError.taken(folder: "f", holder: "h"), 75),
  ]

  private static let nights: [(error: any Error, code: Int32)] = [
    (RegressionError.damaged(path: "p", reason: "r"), 65),
    (RegressionError.noNight(name: "n", history: "h"), 1),
    (RegressionError.notAcceptable(name: "n", reason: "r"), 65),
    (RegressionError.taken(name: "n", holder: "h"), 75),
    (RegressionError.folder(path: "p", reason: "r"), 1),
    (BenchmarkError.noFirstStep(command: "c", reason: "r"), 1),
  ]

  private static let files: [(error: any Error, code: Int32)] =
    [
      (ImageError.file(path: "p", reason: "r"), 65), (ImageError.writing(path: "p", reason: "r"), 1),
      (ImageError.unknownFormat(path: "p", found: "f"), 65),
      (ImageError.decoding(path: "p", reason: "r"), 65), (ImageError.wrongMode(path: "p", found: "f"), 65),
      (ImageError.encoding(path: "p", reason: "r"), 1),
      (HDF5Error.unreadable(path: "p", reason: "r"), 65), (HDF5Error.notHDF5(path: "p", reason: "r"), 65),
      (HDF5Error.missing(path: "p", object: "o"), 65),
      (HDF5Error.wrongType(path: "p", object: "o", wanted: "w", found: "f"), 65),
      (HDF5Error.wrongShape(path: "p", object: "o", wanted: "w", found: [1]), 65),
      (HDF5Error.elsewhere(path: "p", object: "o", what: "w"), 65),
      (HDF5Error.unstored(path: "p", object: "o", shape: [1], stored: 0), 65),
      (HDF5Error.failed(path: "p", object: "o", operation: "reading", reason: "r"), 65),
      (WeightsError.unreadable(path: "p", reason: "r"), 65),
      (WeightsError.malformed(path: "p", reason: "r"), 65),
      (WeightsError.unknownType(path: "p", tensor: "t", type: "I9", allowed: ["F32"]), 65),
      (WeightsError.notFinite(path: "p", tensor: "t", index: 0, value: "nan"), 65),
      (WeightsError.doesNotFit(path: "p", model: "m", cause: nil, problems: ["x"]), 65),
      (WeightsError.noSuchPrefix(path: "p", prefix: "m.", names: ["n"]), 65),
      (WeightsError.otherContent(path: "p", found: "f", expected: "e"), 65),
      (WeightsError.unknownEnding(path: "p", allowed: [".h5"]), 65),
      (JSONError(reason: "r"), 65),
      (FileFailure(path: "p", operation: "opening", code: ENOENT, reason: "r"), 1),
    ]

  private static let engine: [(error: any Error, code: Int32)] =
    [
      (MetricsError.notFinite(pixels: 1), 65), (MetricsError.badLabels(pixels: 1, classes: 2), 65),
      (MetricsError.notAClass(value: 9, classes: 2, what: "label"), 65),
      (LossError.labelOutsideClasses(value: 9, classes: 2, ignoreIndex: 255), 65),
      (LossError.needsHardLabels(loss: "lovasz", pixel: 3), 65),
      (LossError.needsWholeBatch(loss: "lovasz"), 65), (LossError.onOtherRank(1), 65),
      (MethodError.sizesDiffer(term: "t", what: "w", student: "s", teacher: "t"), 65),
      (StateError.missing(["a"]), 65), (StateError.unexpected(["a"]), 65),
      (StateError.mismatchedShape(path: "p", found: "f", expected: "e"), 65),
      (TrainingError.diverged(iteration: 1, term: "loss", value: .nan), 1),
      (TrainingError.unfitState("r"), 65),
      (RanksError.lost(rank: 1, reason: "r"), 1), (RanksError.library(operation: "o", reason: "r"), 1),
      (RanksError.notBuilt(trait: "MPI"), 64),
      (
        RankFailure(rank: 1, reason: "r", exitCode: 65, isDivergence: false, isAgreed: true), 65
      ),
    ]

  /// In `--set` the user typed it, in a file it lies there.
  private static let registry: [(error: any Error, code: Int32)] = [
    (RegistryError.unreadable(file: "a.yaml", reason: "r"), 65),
    (RegistryError.syntax(file: "a.yaml", line: 1, reason: "r"), 65),
    (RegistryError.syntax(file: "--set", line: nil, reason: "r"), 64),
    (RegistryError.duplicateKey(file: "a.yaml", line: 1, key: "k"), 65),
    (RegistryError.unknownKey(file: "a.yaml", path: "k", allowed: []), 65),
    (RegistryError.unknownKey(file: "--set", path: "k", allowed: []), 64),
    (RegistryError.missingKey(file: "a.yaml", path: "k"), 65),
    (RegistryError.wrongType(file: "a.yaml", path: "k", value: "v", allowed: "n"), 65),
    (RegistryError.wrongType(file: "--set", path: "k", value: "v", allowed: "n"), 64),
    (RegistryError.outOfRange(file: "a.yaml", path: "k", value: "v", allowed: "n"), 65),
    (RegistryError.outOfRange(file: "--set", path: "k", value: "v", allowed: "n"), 64),
    (RegistryError.brokenReference(file: "a.yaml", path: "model", value: "v", allowed: []), 65),
    (RegistryError.brokenReference(file: "tables", path: "--table", value: "v", allowed: []), 64),
    (RegistryError.brokenReference(file: "plan", path: "x", value: "v", allowed: []), 64),
    (RegistryError.inconsistent(file: "a.yaml", path: "k", value: "v", reason: "r"), 65),
    (RegistryError.inconsistent(file: "--set", path: "k", value: "v", reason: "r"), 64),
  ]

  private static let runner: [(error: any Error, code: Int32)] = [
    (RunnerError.noExperiments(tried: ["a"]), 64), (RunnerError.noDataFolder(path: "p"), 65),
    (RunnerError.strictWarnings(dataset: "d", count: 1, first: ["w"]), 65),
    (RunnerError.needsData(dataset: "d", profile: "p"), 64), (RunnerError.unknownRun("r"), 64),
    (RunnerError.ambiguousRun("r", candidates: ["a", "b"]), 64),
    (RunnerError.otherProfile(path: "p", found: "f", wanted: "w"), 64),
    (RunnerError.unknownSplit(dataset: "d", split: "s", allowed: ["a"]), 65),
    (RunnerError.classCount(dataset: "d", file: 2, format: 3), 65),
    (RunnerError.badData(dataset: "d", count: 1, first: ["f"]), 65),
    (RunnerError.alteredData(folder: "f", count: 1, first: "f"), 65),
    (RunnerError.changedData(dataset: "d"), 65),
    (RunnerError.otherList(path: "p", split: "s", found: "f", wanted: "w"), 65),
    (RunnerError.inputMissing(run: "r", role: "teacher"), 65),
    (RunnerError.backboneDiffers(run: "r", wanted: "w", found: "f"), 65),
    (RunnerError.unknownMethod(kind: "k", known: ["a"]), 65),
    (RunnerError.noFolder(path: "p", reason: "r"), 1),
    (RunnerError.inputNotFinished(run: "r", role: "teacher", input: "i"), 1),
    (RunnerError.noPrecision(recipe: "r", precision: "bfloat16", needs: "n"), 71),
    (RunnerError.notAcrossRanks(method: "m", works: ["w"]), 64),
    (RunnerError.moreRanksThanSamples(ranks: 3, batch: 2), 64),
    (RunnerError.ranksDiffer(rank: 1, what: "w", found: "f", wanted: "w"), 64),
    (RunnerError.noThread(program: "jml"), 71), (RunnerError.cannotStart(program: "p", reason: "r"), 71),
    (RunnerError.fewerThreads(asked: 2, working: 1, reason: "OMP_THREAD_LIMIT=1"), 71),
  ]

  private static let results: [(error: any Error, code: Int32)] = [
    (ResultsError.fileSystem(path: "p", operation: "writing", code: ENOSPC), 1),
    (ResultsError.wrongKind(path: "p", reason: "it is a pipe"), 1),
    (ResultsError.unreadableJSON(path: "p", reason: "r"), 65),
    (ResultsError.unwritableJSON(path: "p", reason: "r"), 1),
    (ResultsError.unsupportedSchema(path: "p", found: 1, supported: 2), 65),
    (ResultsError.badRunID("a/b"), 1), (ResultsError.lostClaim(path: "p", reason: "r"), 1),
    (ResultsError.damaged(path: "p", reason: "r"), 65),
  ]

  private static let datasets: [(error: any Error, code: Int32)] = [
    (DatasetError.notFound(dataset: "d", what: "w", tried: ["a"]), 65),
    (DatasetError.emptySplit(dataset: "d", path: nil), 65),
    (DatasetError.badList(path: "p", line: 1, text: "t", reason: "r"), 65),
    (DatasetError.badListText(path: "p", reason: "r"), 65),
    (DatasetError.folder(path: "p", reason: "r"), 65), (DatasetError.undecodableName(path: "p"), 65),
    (DatasetError.sameFolder(paths: ["a", "b"]), 65),
    (DatasetError.inTwoSplits(id: "i", path: "p", datasets: ["a", "b"]), 65),
    (DatasetError.copied(id: "i", paths: ["a", "b"]), 65), (DatasetError.changed(path: "p"), 65),
    (DatasetError.ambiguous(dataset: "d", id: "i", paths: ["a", "b"]), 65),
    (DatasetError.repeatedIdentifier(path: "p", line: 1, id: "i"), 65),
    (DatasetError.emptyList(path: "p"), 65),
    (DatasetError.unknownIdentifier(path: "p", line: 1, id: "i", samples: 2), 65),
    (DatasetError.allLabelled(path: "p", samples: 2), 65),
    (DatasetError.tooFewForFolds(dataset: "d", samples: 1, count: 5, size: 2), 65),
    (DatasetError.augmentation(found: ["a"], reason: "r"), 65),
    (DatasetError.missingImage(path: "p", label: nil), 65),
    (DatasetError.missingLabel(path: "p", image: "i"), 65),
    (
      DatasetError.sizeMismatch(
        image: "i", imageSize: [2, 3], orientation: nil, label: "l", labelSize: [3, 2]), 65
    ),
    (DatasetError.labelValue(path: "p", value: 9, x: 1, y: 2, allowed: "0...1", hint: nil), 65),
    (DatasetError.image(.decoding(path: "p", reason: "r")), 65),
    (DatasetError.image(.writing(path: "p", reason: "r")), 1),
    (DatasetError.fewerSamplesThanBatch(dataset: "d", samples: 1, batchSize: 2), 65),
    (DatasetError.writing(path: "p", reason: "r"), 1),
  ]

  @Test func everyErrorHasTheCodeOfTheTable() {
    for (error, code) in ExitCodeTests.table {
      #expect(ExitCodes.code(of: error) == code, "\(ExitCodeTests.name(error)): \(error)")
    }
    #expect(ExitCodes.code(of: CocoaError(.fileReadNoSuchFile)) == 1)
  }

  /// `Type.case`, or the type of an error without cases.
  private static func name(_ error: any Error) -> String {
    let mirror = Mirror(reflecting: error)
    guard mirror.displayStyle == .enum, let label = mirror.children.first?.label else {
      return "\(type(of: error))"
    }
    return "\(type(of: error)).\(label)"
  }

  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

  /// Path below Sources and text of every Swift file.
  private static func swiftFiles() throws -> [(path: String, text: String)] {
    try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
      .sorted()
      .map { ($0, try String(contentsOf: sources.appendingPathComponent($0), encoding: .utf8)) }
  }

  /// Types that are errors, with their cases, as they stand in the sources. What no other room may name does not leave its own,
  /// and is left out but for the program's.
  private func declared() throws -> [(type: String, cases: [String], path: String)] {
    let declaration = try Regex(
      #"((?:public |package )?(?:final |indirect )*)\b(enum|struct|class|extension)\s+([\w.]+)\s*:\s*(?:[\w.]+\s*,\s*)*(?:Error|LocalizedError|ExitCoding)\b"#
    )
    let line = try Regex(#"^\s*(?:indirect )?case (\w.*)$"#)
    let name = try Regex(#"^(\w+)"#)
    var found: [(type: String, cases: [String], path: String)] = []
    for (path, text) in try ExitCodeTests.swiftFiles() {
      for match in text.matches(of: declaration) {
        let isShared = match[1].substring?.hasPrefix("p") == true || match[2].substring == "extension"
        guard isShared || path.hasPrefix("jml/") else { continue }
        var cases: [String] = []
        for row in text[match.range.upperBound...].split(separator: "\n") {
          if row.trimmingCharacters(in: .whitespaces).hasPrefix("//") { continue }
          // After its cases a type has members.
          if row.contains("var ") || row.contains("func ") || row.contains("let ") { break }
          guard let list = try line.firstMatch(in: String(row))?[1].substring else { continue }
          cases += String(list).replacing(try Regex(#"\([^)]*\)"#), with: "").split(separator: ",").compactMap
          {
            try? name.firstMatch(in: $0.trimmingCharacters(in: .whitespaces))?[1].substring.map(String.init)
          }
        }
        guard let type = match[3].substring else { continue }
        found.append((String(type), cases, path))
      }
    }
    return found
  }

  /// Whoever makes a new kind of error decides here what it means to a script.
  @Test func everyErrorOfTheSourcesIsInTheTable() throws {
    let rows = Set(ExitCodeTests.table.map { ExitCodeTests.name($0.error) })
    var names: Set<String> = []
    for (type, cases, path) in try declared() where !path.hasPrefix("jml/") && type != "ExitCoding" {
      let wanted = cases.isEmpty ? [type] : cases.map { "\(type).\($0)" }
      for name in wanted {
        #expect(rows.contains(name), "\(path): \(name) has no row in the table of exit codes")
      }
      names.formUnion(wanted)
    }
    #expect(names == rows, "rows without an error: \(rows.subtracting(names).sorted())")
  }

  /// Errors of the command line say it themselves.
  @Test func errorsOfTheCommandLineSayTheirCode() throws {
    let texts = try ExitCodeTests.swiftFiles().filter { $0.path.hasPrefix("jml/") }
    let stated = try Regex(
      #"(\w+): ExitCoding\b[^}]*?(?:var exitCode: Int32 \{ ExitCodes\.(\w+) \}|let exitCode: Int32)"#)
    var codes: [String: String] = [:]
    for (_, text) in texts {
      for match in text.matches(of: stated) {
        guard let type = match[1].substring else { continue }
        codes[String(type)] = match[2].substring.map(String.init) ?? "its own"
      }
    }
    #expect(
      codes == [
        "TensorFileError": "badInput", "OtherImages": "badInput", "DataFailure": "badInput",
        "MissingRuns": "failed", "MeasurementFailed": "its own", "UnreadableResults": "badInput",
      ])
    let types = Set(try declared().filter { $0.path.hasPrefix("jml/") }.map(\.type))
    #expect(types == Set(codes.keys))
  }

  /// README and `jml help` name each code, and no others.
  @Test func documentsNameTheCodes() throws {
    let codes: [Int32] = [
      0, ExitCodes.failed, ExitCodes.usage, ExitCodes.badInput, ExitCodes.nothingToCompare, ExitCodes.system,
      ExitCodes.taken, ExitCodes.stopped,
    ]
    #expect(codes == [0, 1, 64, 65, 69, 71, 75, 130])
    let readme = try String(
      contentsOf: ExitCodeTests.sources.deletingLastPathComponent().appendingPathComponent("README.md"),
      encoding: .utf8)
    let rows = try readme.matches(of: Regex(#"\n\| (\d+) \|"#)).compactMap {
      $0[1].substring.flatMap { Int32($0) }
    }
    #expect(rows == codes)
    let help = try #require(try ExitCodeTests.swiftFiles().first { $0.path == "jml/JML.swift" }).text
    let lines = try help.matches(of: Regex(#"\n {8}(\d+) {2,}\w"#)).compactMap {
      $0[1].substring.flatMap { Int32($0) }
    }
    #expect(lines == codes)
  }
}
