import Benchmarks
import Experiments
import Foundation
import Models
import Results
import Runner
import Tables
import Tensors

/// What the networks of columns of costs cost: counted here, measured by `jml model measure`.
enum CostTables {
  /// - Parameter results: the folder above the profiles'.
  /// - Throws: `ResultsError.unreadableJSON` for a measurement that cannot be read.
  static func costs(of table: TableSpec, _ registry: Registry, results: URL) throws -> [String: ModelCost] {
    guard let spec = table.costs else { return [:] }
    var costs: [String: ModelCost] = [:]
    for row in table.rows.indices {
      for column in table.columns.indices {
        guard let name = table.cost(row: row, column: column)?.model, costs[name] == nil,
          let architecture = registry.models[name]
        else { continue }
        let model = SegmentationModel(Assembly.architecture(architecture), classes: spec.classes, seed: nil)
        costs[name] = ModelCost(
          parameters: model.parameterCount,
          operations: model.operationCounts(height: spec.height, width: spec.width).multiplyAdds,
          measurement: try ModelMeasurement(reading: results.appendingPathComponent("costs/\(name).json")).map
          {
            ModelCost.Measurement(
              latencyMilliseconds: $0.latencyMilliseconds, trainingTensorBytes: $0.trainingTensorBytes,
              trainingPeakBytes: $0.trainingPeakBytes, hardware: $0.cpu, threads: $0.threads)
          })
        MemoryPool.trim()
      }
    }
    return costs
  }
}
