import Experiments
import JSON

/// What one network costs: counted, and, where it has been measured, measured.
public struct ModelCost: Equatable, Sendable {
  public struct Measurement: Equatable, Sendable {
    /// Median time of an evaluation pass over one image, in milliseconds.
    public let latencyMilliseconds: Double
    /// The most that was in tensors at once during a training step, in bytes.
    public let trainingTensorBytes: Int
    /// Of the whole process.
    public let trainingPeakBytes: Int
    public let hardware: String
    public let threads: Int

    public init(
      latencyMilliseconds: Double, trainingTensorBytes: Int, trainingPeakBytes: Int, hardware: String,
      threads: Int
    ) {
      self.latencyMilliseconds = latencyMilliseconds
      self.trainingTensorBytes = trainingTensorBytes
      self.trainingPeakBytes = trainingPeakBytes
      self.hardware = hardware
      self.threads = threads
    }
  }

  public let parameters: Int
  /// Multiply-adds.
  public let operations: Int
  public let measurement: Measurement?

  public init(parameters: Int, operations: Int, measurement: Measurement?) {
    self.parameters = parameters
    self.operations = operations
    self.measurement = measurement
  }
}

/// Renders a table of costs, one network a row, ours above the paper's. Equal arguments give equal bytes.
public func renderCostTable(
  _ table: CostTableSpec, costs: [String: ModelCost]
) -> (markdown: String, json: String) {
  (CostTable.markdown(table, costs), CostTable.json(table, costs).pretty)
}

/// `value` in units of `unit`, cut after two decimals as the paper cuts.
public func truncated(_ value: Int, unit: Int) -> String {
  let hundredths = value / (unit / 100)
  let rest = hundredths % 100
  return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
}

enum CostTable {
  static func markdown(_ table: CostTableSpec, _ costs: [String: ModelCost]) -> String {
    let training = table.training
    let measured = table.rows.compactMap { costs[$0.model]?.measurement }
    var hardware: [String] = []
    for item in measured {
      let text = "\(item.hardware), \(item.threads) thread\(item.threads == 1 ? "" : "s")"
      if !hardware.contains(text) { hardware.append(text) }
    }
    let exact = table.rows.filter { row in
      guard let cost = costs[row.model] else { return false }
      return parameters(cost) == row.parameters.text && operations(cost) == row.operations.text
    }
    var lines = [
      "# Table \(table.number). \(table.title)", "",
      "- Counted for \(table.classes) classes and one image of \(table.height) x \(table.width): parameters and "
        + "operations; \(exact.count) of \(table.rows.count) rows equal the paper's in both.",
      "- Hardware of latency and memory: \(hardware.isEmpty ? "nothing is measured yet" : hardware.joined(separator: "; ")). "
        + "The paper's: NVIDIA A100.",
      "- Latency: median of an evaluation pass over one image of \(table.height) x \(table.width). Memory: the most in "
        + "tensors during a training step of \(training.batch) images of \(training.height) x \(training.width) "
        + "(the paper: 8 images of 512 x 1024).",
      "- Cells: ours, below it the paper's.", "",
      "| Method | Backbone | Parameters (M) | Operations (G) | Latency (ms) | Memory (GB) |",
      "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for row in table.rows {
      let cost = costs[row.model]
      let cells = [
        (cost.map(parameters), row.parameters), (cost.map(operations), row.operations),
        (cost?.measurement.map { MarkdownTable.fixed($0.latencyMilliseconds) }, row.latency),
        (cost?.measurement.map { MarkdownTable.fixed(Double($0.trainingTensorBytes) / 1e9) }, row.memory),
      ].map { ours, paper in "\(ours ?? "pending")<br>paper \(paper.text)" }
      lines.append("| " + ([row.method, row.backbone] + cells).joined(separator: " | ") + " |")
    }
    if !table.notes.isEmpty { lines += ["", "Notes:", ""] + table.notes.map { "- \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  static func json(_ table: CostTableSpec, _ costs: [String: ModelCost]) -> JSONValue {
    .object([
      "table": .string(table.name), "number": .int(table.number), "title": .string(table.title),
      "classes": .int(table.classes), "height": .int(table.height), "width": .int(table.width),
      "training": .object([
        "batch": .int(table.training.batch), "height": .int(table.training.height),
        "width": .int(table.training.width),
      ]),
      "rows": .array(table.rows.map { self.row($0, costs[$0.model]) }),
      "notes": .array(table.notes.map { .string($0) }),
    ])
  }

  private static func row(_ row: CostTableSpec.Row, _ cost: ModelCost?) -> JSONValue {
    var members: [String: JSONValue] = [
      "model": .string(row.model), "method": .string(row.method), "backbone": .string(row.backbone),
      "paper": .object([
        "parameters_millions": .string(row.parameters.text),
        "operations_thousand_millions": .string(row.operations.text),
        "latency_milliseconds": .string(row.latency.text), "memory_gigabytes": .string(row.memory.text),
      ]),
    ]
    if let cost {
      members["parameters"] = .int(cost.parameters)
      members["macs"] = .int(cost.operations)
      members["equals_paper"] = .object([
        "parameters": .bool(parameters(cost) == row.parameters.text),
        "macs": .bool(operations(cost) == row.operations.text),
      ])
    }
    if let measurement = cost?.measurement {
      members["latency_milliseconds"] = .number(measurement.latencyMilliseconds)
      members["training_tensor_bytes"] = .int(measurement.trainingTensorBytes)
      members["training_peak_bytes"] = .int(measurement.trainingPeakBytes)
      members["hardware"] = .string(measurement.hardware)
      members["threads"] = .int(measurement.threads)
    }
    return .object(members)
  }

  private static func parameters(_ cost: ModelCost) -> String { truncated(cost.parameters, unit: 1_000_000) }

  private static func operations(_ cost: ModelCost) -> String {
    truncated(cost.operations, unit: 1_000_000_000)
  }
}
