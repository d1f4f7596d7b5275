import Foundation

/// What a run was doing when it was disturbed.
enum Phase: String, CaseIterable {
  /// Pictures are drawn and checked, a process starts, networks are made.
  case preparation
  /// The backbone learns.
  case pretraining
  case training
  case evaluation
  /// A checkpoint, or the best evaluation so far.
  case writing
  /// The result: arrays, record, and the end of the checkpoints.
  case publishing

  /// As the files of a run tell; nil for one that has not begun or has ended.
  init?(of run: PlannedRun, in place: Workplace) {
    let names = place.names(run.id)
    if names.isEmpty { return nil }
    let partial = names.filter { $0.hasSuffix(".partial") }
    let isFinished = names.contains("run.json") && names.contains("tensors.h5")
    if isFinished, !names.contains(where: { $0.hasPrefix("checkpoint") || $0.hasPrefix("evaluation") }) {
      return nil
    }
    if names.contains("tensors.h5")
      || partial.contains(where: { $0.hasPrefix(".tensors") || $0.hasPrefix(".run") })
    {
      self = .publishing
    } else if !partial.isEmpty {
      self = .writing
    } else {
      switch place.lines(run.id).count {
      case 0: self = .preparation
      case run.iterations...: self = .evaluation
      default: self = run.isPretraining ? .pretraining : .training
      }
    }
  }
}

/// A run of the grid, as `jml plan --json` lists it.
struct PlannedRun {
  let id: String
  let iterations: Int
  var isPretraining: Bool { id.contains("pretraining") }
}
