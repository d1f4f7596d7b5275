import Experiments
import Models
import Results
import Tensors

/// The finished runs that a run needs, by role. What they are stands in their records, so that no plan is needed.
struct InputRuns {
  let spec: RunSpec
  let store: ResultStore

  /// A finished run as it is stored.
  struct Stored {
    let id: RunID
    let spec: RunSpec
    /// Weights and running statistics.
    let tensors: [NamedTensor]
    /// What a first stage has learned.
    let products: StateDict

    /// nil for a run that is not finished.
    /// - Throws: `ResultsError` for what cannot be read or was changed.
    init?(_ id: RunID, in store: ResultStore) throws {
      switch try store.state(id.text) {
      // Reading a damaged one throws what is wrong.
      case .done, .damaged: break
      case .pending, .running, .failed, .diverged, .interrupted: return nil
      }
      guard let record = try store.record(id.text) else { return nil }
      let source = try store.folder(id.text).appendingPathComponent("run.json").path
      let (model, others) = try store.models(id.text)
      self.id = id
      spec = try RunSpec(json: record.spec.canonical, source: source)
      tensors = model.weights + model.buffers
      // Further networks of a student have names that repeat; a first stage has none.
      products =
        spec.firstStage == nil
        ? StateDict() : StateDict(others.flatMap { $0.model.weights }.map { ($0.name, $0.tensor) })
    }

    /// The run's network.
    /// - Throws: `StateError` when the stored tensors are not this network's.
    func model() throws -> SegmentationModel {
      let model = try Assembly.emptyModel(spec)
      try model.restore(StateDict(tensors.map { ($0.name, $0.tensor) }))
      return model
    }
  }

  /// What first stages among the inputs have learned, by role.
  /// - Throws: as `stored(_:)`.
  func products() throws -> [String: StateDict] {
    var products: [String: StateDict] = [:]
    for role in spec.inputs.all.map(\.role) where !["teacher", "backbone"].contains(role) {
      products[role] = try stored(role).products
    }
    return products
  }

  /// - Throws: `RunnerError.inputMissing`, `.inputNotFinished`; `ResultsError` for what cannot be read or was changed.
  func stored(_ role: String) throws -> Stored {
    guard let id = spec.inputs[role] else { throw RunnerError.inputMissing(run: spec.id.text, role: role) }
    guard let stored = try Stored(id, in: store) else {
      throw RunnerError.inputNotFinished(run: spec.id.text, role: role, input: id.text)
    }
    return stored
  }
}
