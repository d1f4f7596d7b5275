import Datasets
import Experiments
import Foundation
import Ranks
import Results
import Runner
import Tensors
import TestSupport
import Testing

/// Whole runs that ranks train together, from their claim to their result.
@Suite(.serialized) struct RankedRunTests {
  private struct Run: Sendable {
    let spec: RunSpec
    let data: PreparedData
    let folder: URL

    func store(_ name: String) -> ResultStore {
      ResultStore(root: folder.appendingPathComponent("results-\(name)"))
    }

    /// - Parameter size: nil: one process, without ranks.
    func execute(_ size: Int?, in store: ResultStore, every: Int = 3) throws -> [RunEnd] {
      let (spec, data) = (spec, data)
      guard let size else {
        let end = try alone {
          try RunExecutor(
            Assembly(spec, data: data), store: store, threads: 1, checkpointEvery: every, report: { _ in }
          ).execute()
        }
        return [end]
      }
      return try onRanks(size) { ranks in
        try RunExecutor(
          Assembly(spec, data: data), store: store, threads: 1, checkpointEvery: every, ranks: ranks,
          report: { _ in }
        ).execute()
      }
    }
  }

  /// A supervised run on embedded pictures: batches of three, eight iterations, evaluated on three images twice.
  private func withRun(_ body: (Run) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let registry = try AssemblyTests.registry.get()
      let source = DataSource.embedded(folder.appendingPathComponent("data"))
      let preparation = DataPreparation(
        source: source, pretrainingSource: source, profile: try #require(registry.profiles["smoke"]),
        cache: CheckCache(folder: folder.appendingPathComponent("checks")), threads: 1)
      let data = try preparation.prepare(try #require(registry.datasets["cityscapes"])) { _, _, _ in }
      let plan = try Plan(
        registry: registry, tables: ["table10"], profile: "smoke",
        overrides: try [
          "model.weights=random", "profile.batch=3", "profile.iterations=8", "profile.evaluate_every=4",
          "profile.maximum_validation_images=3", "recipe.optimizer.learning_rate=0.0001",
        ].map { try Override($0) },
        // The table's other data set is not looked at.
        dataFingerprints: ["cityscapes": data.summary.fingerprint, "pascal_voc": "none"])
      let supervised = plan.runs.map(\.spec).first { spec -> Bool in
        if spec.distillation != nil || spec.firstStage != nil || spec.data.name != "cityscapes" {
          return false
        }
        return spec.loss.jaccard != nil && spec.model.backbone == .resnet18d
      }
      try body(Run(spec: try #require(supervised), data: data, folder: folder))
    }
  }

  private func expectNear(_ mine: RunTensors, _ other: RunTensors, _ what: String) {
    for (a, b) in zip(mine.weights + mine.buffers, other.weights + other.buffers) {
      let largest = b.tensor.values.reduce(1e-2) { max($0, abs($1)) }
      expectClose(
        actual: a.tensor.values, expected: b.tensor.values, tolerance: 1e-3 * largest, "\(what): \(a.name)")
    }
    for (a, b) in zip(mine.evaluations, other.evaluations) {
      #expect(a.point == b.point && a.iteration == b.iteration, "\(what)")
      #expect(a.evaluation.imageIDs == b.evaluation.imageIDs && b.evaluation.imageIDs.count == 3)
    }
    let (found, wanted) = (mine.last.evaluation.values["miou"], other.last.evaluation.values["miou"])
    #expect(abs((found ?? -1) - (wanted ?? -9)) < 1, "\(what): mIoU \(found ?? -1), \(wanted ?? -1)")
  }

  @Test func ranksTrainTheRunOfOneProcess() throws {
    try withRun { run in
      let id = run.spec.id.text
      let alone = try run.execute(nil, in: run.store("one"))
      #expect(alone == [.done], "\(alone)")
      let whole = try run.store("one").tensors(id)
      #expect(try run.store("one").record(id)?.ranks == nil)
      for size in [2, 3] {
        let names = ["\(size)", "\(size) again"]
        for name in names {
          #expect(try run.execute(size, in: run.store(name)) == [RunEnd](repeating: .done, count: size))
        }
        let records = try names.map { try #require(try run.store($0).record(id)) }
        #expect(records[0].checksums == records[1].checksums && records[0].checksums != nil)
        #expect(records[0].ranks == size && records[0].iterations == 8)
        expectNear(try run.store(names[0]).tensors(id), whole, "\(size) ranks")
        // Done is done, for all.
        #expect(try run.execute(size, in: run.store(names[0])) == [RunEnd](repeating: .done, count: size))
      }
      // One rank has the weights of one process.
      #expect(try run.execute(1, in: run.store("single")) == [.done])
      #expect(try run.store("single").record(id)?.checksums == run.store("one").record(id)?.checksums)
      #expect(try run.store("single").record(id)?.ranks == nil)
    }
  }

  /// A picture that the second rank cannot read in the fifth step ends both; any number of ranks goes on from the checkpoint.
  @Test func aPictureOfOneRankEndsAllAndAnyNumberGoesOn() throws {
    try withRun { run in
      let id = run.spec.id.text
      let alone = try run.execute(nil, in: run.store("one"))
      #expect(alone == [.done], "\(alone)")
      let whole = try run.store("one").tensors(id)
      let loader = try #require(try Assembly(run.spec, data: run.data).batches().loaders.first)
      #expect(loader.batchesPerEpoch > 4 && RankGroup.slots(of: 3, rank: 1, size: 2).contains(2))
      let path = loader.dataset.samples[loader.indices(at: 4)[2]].imagePath
      let file = URL(fileURLWithPath: path)
      let aside = file.deletingLastPathComponent().appendingPathComponent("aside")
      for (place, size) in [nil, 1, 3].enumerated() {
        let store = run.store("broken \(place)")
        try FileManager.default.moveItem(at: file, to: aside)
        let ends = try run.execute(2, in: store)
        try FileManager.default.moveItem(at: aside, to: file)
        #expect(ends.count == 2 && ends[0] == ends[1])
        guard case .failed(let reason) = ends[0] else {
          Issue.record("\(ends)")
          return
        }
        #expect(reason.hasPrefix("rank 1: ") && reason.contains(file.lastPathComponent), "\(reason)")
        let record = try #require(try store.record(id))
        #expect(record.state == .failed && record.error == reason && record.ranks == 2)
        let checkpoint = try store.folder(id).appendingPathComponent("checkpoint.h5")
        #expect(try Checkpoint(reading: checkpoint, runID: id).iteration == 3)

        #expect(try run.execute(size, in: store) == [RunEnd](repeating: .done, count: size ?? 1))
        expectNear(try store.tensors(id), whole, "resumed by \(size ?? 1)")
        #expect(try store.record(id)?.ranks == (size == 3 ? 3 : nil))
      }
    }
  }

  @Test func whatCannotBeSharedLeavesNothingBehind() throws {
    try withRun { run in
      let results = ThreadCommunicator.run(4) { ranks in
        try RunExecutor(
          Assembly(run.spec, data: run.data), store: run.store("four"), threads: 1, checkpointEvery: 3,
          ranks: ranks, report: { _ in }
        ).execute()
      }
      for result in results {
        guard case .failure(let error) = result, let failure = error as? RankFailure else {
          Issue.record("\(result)")
          continue
        }
        #expect(failure.exitCode == 64 && failure.isAgreed)
        #expect("\(failure)" == "rank 0: --mpi: 4 ranks cannot share a batch of 3; start at most 3")
      }
      let left = try run.store("four").runIDs()
      #expect(left.isEmpty)
    }
  }
}
