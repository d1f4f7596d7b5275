import Experiments
import MessagePassing
import Metrics
import Ranks
import Results
import Runner
import Tensors
import TestSupport
import Testing
import Training

/// What ranks agree on, all throw alike; what cannot be shared is refused by name.
@Suite struct RankAgreementTests {
  private func errors<Value: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Value
  ) -> [String] {
    ThreadCommunicator.run(size, body).map { result in
      switch result {
      case .success(let value): "\(value)"
      case .failure(let error): error is CancellationError ? "stopped" : "\(error)"
      }
    }
  }

  @Test func everybodyGetsItsOwnValue() throws {
    #expect(try onRanks(3) { ranks in try ranks.agree { ranks.rank * 2 } } == [0, 2, 4])
    #expect(try onRanks(3) { ranks in try ranks.agreeInTurn { ranks.rank * 2 } } == [0, 2, 4])
    #expect(try onRanks(2) { $0.ranksHere } == [2, 2])
  }

  @Test func theFirstFailureIsEverybodys() {
    let found = ThreadCommunicator.run(3) { ranks -> Int in
      try ranks.agree {
        if ranks.rank == 1 { throw RunnerError.noDataFolder(path: "data/here") }
        if ranks.rank == 2 { throw CancellationError() }
        return 0
      }
    }
    for result in found {
      guard case .failure(let error) = result, let failure = error as? RankFailure else {
        Issue.record("\(result)")
        continue
      }
      #expect(failure.rank == 1 && failure.isAgreed && !failure.isDivergence)
      #expect(failure.exitCode == ExitCodes.badInput)
      #expect("\(failure)".hasPrefix("rank 1: data/here: no such data folder"))
    }
  }

  @Test func stopsAndDivergenceKeepTheirKind() {
    let stopped = errors(3) { ranks in
      try ranks.agree { if ranks.rank == 2 { throw CancellationError() } }
    }
    #expect(stopped == ["stopped", "stopped", "stopped"])
    let diverged = ThreadCommunicator.run(2) { ranks in
      try ranks.agree { if ranks.rank == 1 { throw MetricsError.notFinite(pixels: 3) } }
    }
    for case .failure(let error) in diverged {
      #expect((error as? RankFailure)?.isDivergence == true, "\(error)")
    }
    #expect(diverged.count == 2)
  }

  /// What was agreed on inside is not told again, nor as somebody else's.
  @Test func agreementsNest() {
    let found = errors(2) { ranks in
      try ranks.agree {
        try ranks.agree { if ranks.rank == 1 { throw RunnerError.unknownRun("x") } }
      }
    }
    #expect(found.allSatisfy { $0.hasPrefix("rank 1: run 'x'") }, "\(found)")
  }

  @Test func aRankThatLeavesIsLost() {
    let found = errors(2) { ranks in
      if ranks.rank == 1 { throw RunnerError.unknownRun("x") }
      try ranks.agree {}
    }
    #expect(found[0].hasPrefix("rank 1 is lost: run 'x'"), "\(found)")
  }

  #if !MPI
    @Test func withoutTheTraitItSaysHowToBuild() {
      #expect(throws: RanksError.notBuilt(trait: "MPI")) { try MessagePassing.start() }
      #expect("\(RanksError.notBuilt(trait: "MPI"))".contains("--traits MPI"))
    }
  #endif

  /// Every run of every table: shared, or refused by the part that cannot be.
  @Test func everyRunIsSharedOrRefused() throws {
    let registry = try AssemblyTests.registry.get()
    var counts = (shared: 0, refused: 0)
    for table in registry.tableNames {
      let fingerprints = Dictionary(
        uniqueKeysWithValues: try Plan.datasets(
          of: [table], profile: registry.profiles["smoke"], in: registry
        ).map { ($0, "\($0)-test") })
      let plan = try Plan(
        registry: registry, tables: [table], profile: "smoke", dataFingerprints: fingerprints)
      for spec in plan.runs.map(\.spec) {
        let terms = spec.distillation?.terms.map(\.kind) ?? []
        let wanted =
          [spec.semiSupervised?.kind, spec.firstStage?.kind, spec.loss.lovasz == nil ? nil : "lovasz"]
          .compactMap { $0 }
          + terms.filter { kind in !MethodTypes.all.terms.contains { $0.schema.kind == kind && $0.isShared } }
        do {
          try Assembly.checkSharing(spec, ranks: 2)
          #expect(wanted.isEmpty, "\(spec.id)")
          counts.shared += 1
        } catch {
          #expect(
            wanted.contains { "\(error)".hasPrefix("--mpi: '\($0)' is not split") }, "\(spec.id): \(error)")
          #expect("\(error)".hasSuffix("channel_wise, masked"), "\(error)")
          counts.refused += 1
        }
        let tooMany = spec.scale.batch + 1
        if wanted.isEmpty {
          #expect(throws: RunnerError.moreRanksThanSamples(ranks: tooMany, batch: spec.scale.batch)) {
            try Assembly.checkSharing(spec, ranks: tooMany)
          }
        }
      }
    }
    #expect(counts.shared > 20 && counts.refused > 20)
  }
}
