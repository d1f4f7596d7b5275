import Experiments
import Foundation
import Metrics
import Ranks
import Results
import Tensors
import Training

/// Evaluates the networks of a run at the points of its training and keeps, for each network, the best evaluation.
///
/// The run's own network has the points `last` and `best`, another one of its step `last_<name>` and `best_<name>`. Best is
/// the highest mIoU over the data set, the earliest of equals.
struct RunEvaluations {
  let assembly: Assembly
  /// nil: on a rank that keeps nothing.
  let claim: RunClaim?
  /// Who counts the other images; nil: this process counts all.
  let ranks: (any Communicator)?
  let report: (RunEvent) -> Void

  /// What is evaluated now, under the names of the last points.
  /// - Throws: `CancellationError` on a stop request; what evaluating throws. The same on all ranks.
  private func evaluate(_ trainer: Trainer) throws -> [(network: String?, point: EvaluationPoint)] {
    let indices = assembly.validationIndices
    MemoryPool.trim()
    let networks = trainer.step.networks
    let count = indices.count * networks.count
    report(.evaluating(done: 0, images: count))
    return try networks.enumerated().map { place, network in
      let (ids, evaluation) = try shared(indices) { own in
        try assembly.evaluator.evaluate(
          network.model, on: assembly.validation, indices: own, transform: assembly.evaluationTransform,
          progress: { done in
            let all = min(indices.count, done * (ranks?.size ?? 1))
            report(.evaluating(done: place * indices.count + all, images: count))
          },
          cancelled: { StopRequest.isRequested })
      }
      let name = place == 0 ? nil : network.name
      return (
        name,
        EvaluationPoint(
          point: CellSpec.Evaluation(.last, network: name).name, iteration: trainer.iteration,
          evaluation: StoredEvaluation(
            imageIDs: ids, classNames: assembly.data.summary.classNames, evaluation: evaluation))
      )
    }
  }

  /// Image i is counted by rank i mod R, and all have the counts of all in the order of the images: the bits of one process.
  private func shared(
    _ indices: [Int], _ evaluate: ([Int]) throws -> (ids: [String], evaluation: Evaluation)
  ) throws -> (ids: [String], evaluation: Evaluation) {
    guard let ranks else { return try evaluate(indices) }
    let size = ranks.size
    let own = stride(from: ranks.rank, to: indices.count, by: size).map { indices[$0] }
    let (ids, evaluation) = try ranks.agree { try evaluate(own) }
    let rows = ranks.gather(evaluation.rows.flatMap { $0 })
    // No file's name holds a zero.
    let names = ranks.gather(Array(ids.joined(separator: "\0").utf8)).map {
      String(decoding: $0, as: UTF8.self).split(separator: "\0", omittingEmptySubsequences: false)
    }
    try ranks.check()
    let width = evaluation.rowWidth
    return (
      indices.indices.map { String(names[$0 % size][$0 / size]) },
      Evaluation(
        classes: evaluation.classes,
        rows: indices.indices.map { place in
          let start = place / size * width
          return Array(rows[place % size][start..<start + width])
        })
    )
  }

  /// An evaluation on the way: only the best is kept, and the metrics of each are logged.
  func evaluateOnTheWay(_ trainer: Trainer) throws {
    let points = try evaluate(trainer)
    guard let claim else { return }
    for (network, point) in points {
      let best = try best(of: point, network, claim)
      if best.iteration == point.iteration { try claim.keep(best) }
    }
    for (network, point) in points { try claim.log(LoggedEvaluation(point, of: network)) }
  }

  /// The evaluations of a finished run: the last ones, and the best ones where there were others and they are kept.
  func atTheEnd(_ trainer: Trainer, evaluatesOnTheWay: Bool) throws -> [EvaluationPoint] {
    try evaluate(trainer).flatMap { network, point in
      guard let claim, evaluatesOnTheWay else { return [point] }
      return [point, try best(of: point, network, claim)]
    }
  }

  /// The better of what is kept and `point`, under the name of the best.
  private func best(
    of point: EvaluationPoint, _ network: String?, _ claim: RunClaim
  ) throws -> EvaluationPoint {
    let name = RunEvaluations.bestPoint(of: network)
    let mine = EvaluationPoint(point: name, iteration: point.iteration, evaluation: point.evaluation)
    guard let kept = try claim.keptEvaluation(name) else { return mine }
    let (old, new) = (RunEvaluations.score(kept), RunEvaluations.score(mine))
    return new > old || (new == old && mine.iteration < kept.iteration) ? mine : kept
  }

  /// The name under which the best evaluation of a network is kept; nil is the run's own.
  static func bestPoint(of network: String?) -> String { CellSpec.Evaluation(.best, network: network).name }

  private static func score(_ point: EvaluationPoint) -> Double {
    point.evaluation.evaluation.confusion.meanIoUD()?.percent ?? -1
  }
}
