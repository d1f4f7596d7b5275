import Experiments
import Foundation
import Metrics
import Results
import Tensors
import Training

/// Evaluates the networks of a run at the points of its training and keeps, for each network, the best evaluation.
///
/// The run's own network has the points `last` and `best`, another one of its step `last_<name>` and `best_<name>`. Best is
/// the highest mIoU over the data set, the earliest of equals.
struct RunEvaluations {
  let assembly: Assembly
  let claim: RunClaim
  let report: (RunEvent) -> Void

  /// What is evaluated now, under the names of the last points.
  /// - Throws: `CancellationError` on a stop request; what evaluating throws.
  private func evaluate(_ trainer: Trainer) throws -> [(network: String?, point: EvaluationPoint)] {
    let indices = assembly.validationIndices
    MemoryPool.trim()
    let networks = trainer.step.networks
    let count = indices.count * networks.count
    report(.evaluating(done: 0, images: count))
    return try networks.enumerated().map { place, network in
      let (ids, evaluation) = try assembly.evaluator.evaluate(
        network.model, on: assembly.validation, indices: indices, transform: assembly.evaluationTransform,
        progress: { report(.evaluating(done: place * indices.count + $0, images: count)) },
        cancelled: { StopRequest.isRequested })
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

  /// An evaluation on the way: only the best is kept, and the metrics of each are logged.
  func evaluateOnTheWay(_ trainer: Trainer) throws {
    let points = try evaluate(trainer)
    for (network, point) in points {
      let best = try best(of: point, network)
      if best.iteration == point.iteration { try claim.keep(best) }
    }
    for (network, point) in points { try claim.log(LoggedEvaluation(point, of: network)) }
  }

  /// The evaluations of a finished run: the last ones, and the best ones where there were others.
  func atTheEnd(_ trainer: Trainer, evaluatesOnTheWay: Bool) throws -> [EvaluationPoint] {
    try evaluate(trainer).flatMap { network, point in
      evaluatesOnTheWay ? [point, try best(of: point, network)] : [point]
    }
  }

  /// The better of what is kept and `point`, under the name of the best.
  private func best(of point: EvaluationPoint, _ network: String?) throws -> EvaluationPoint {
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
