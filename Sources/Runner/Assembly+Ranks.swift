import Experiments
import Methods
import Ranks

extension Assembly {
  /// Refuses a run that several ranks cannot train as one process does.
  ///
  /// - Throws: `RunnerError.notAcrossRanks`, `.moreRanksThanSamples`, `.unknownMethod`.
  public static func checkSharing(
    _ spec: RunSpec, ranks: Int, methods: MethodTypes = .all
  ) throws(RunnerError) {
    let works = ["labels alone"] + methods.terms.filter { $0.isShared }.map { $0.schema.kind }
    func refusal(_ method: String) -> RunnerError { .notAcrossRanks(method: method, works: works) }
    if let semi = spec.semiSupervised { throw refusal(semi.kind) }
    if let stage = spec.firstStage { throw refusal(stage.kind) }
    // Its errors are sorted, over all images together.
    if spec.loss.lovasz != nil { throw refusal("lovasz") }
    for term in spec.distillation?.terms ?? [] {
      guard let type = methods.terms.first(where: { $0.schema.kind == term.kind }) else {
        throw .unknownMethod(kind: term.kind, known: methods.terms.map { $0.schema.kind })
      }
      guard type.isShared else { throw refusal(term.kind) }
    }
    guard spec.scale.batch >= ranks else {
      throw .moreRanksThanSamples(ranks: ranks, batch: spec.scale.batch)
    }
  }
}

extension Communicator {
  /// Ranks that are to compute one run have to be of one kind, since each updates its own copy of the weights.
  ///
  /// - Parameter values: by name, what has to be equal; the same names on all ranks.
  /// - Throws: `RunnerError.ranksDiffer`, the same on all ranks.
  func checkEqual(_ values: [(what: String, value: String)]) throws(RunnerError) {
    for (what, value) in values {
      let all = gather(Array(value.utf8)).map { String(decoding: $0, as: UTF8.self) }
      guard let other = all.firstIndex(where: { $0 != all[0] }) else { continue }
      throw .ranksDiffer(rank: other, what: what, found: all[other], wanted: all[0])
    }
  }
}
