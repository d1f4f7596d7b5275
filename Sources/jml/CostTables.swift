import Benchmarks
import Experiments
import Foundation
import Models
import Results
import Runner
import Tables
import Tensors

/// Tables of costs: counted here, measured by `jml model measure`.
enum CostTables {
  /// Tables that `wanted` (numbers or names) means.
  static func named(_ wanted: [String], _ registry: Registry) -> [CostTableSpec] {
    registry.costs.values.filter { table in
      wanted.contains { $0 == table.name || Int($0) == table.number }
    }.sorted { $0.number < $1.number }
  }

  static func render(
    _ table: CostTableSpec, _ registry: Registry, results: URL
  ) throws -> (markdown: String, json: String) {
    var costs: [String: ModelCost] = [:]
    for row in table.rows {
      guard let spec = registry.models[row.model] else { continue }
      let model = SegmentationModel(Assembly.architecture(spec), classes: table.classes, seed: nil)
      let file = results.appendingPathComponent("costs/\(row.model).json")
      costs[row.model] = ModelCost(
        parameters: model.parameterCount,
        operations: model.operationCounts(height: table.height, width: table.width).multiplyAdds,
        measurement: try ModelMeasurement(reading: file).map { measured in
          ModelCost.Measurement(
            latencyMilliseconds: measured.latencyMilliseconds,
            trainingTensorBytes: measured.trainingTensorBytes,
            trainingPeakBytes: measured.trainingPeakBytes, hardware: measured.cpu, threads: measured.threads)
        })
      MemoryPool.trim()
    }
    return renderCostTable(table, costs: costs)
  }
}
