import Experiments

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

extension Cell {
  /// Counts are cut after two decimals as the paper cuts them, measurements rounded.
  init(_ cost: ModelCost?, _ quantity: CostQuantity) {
    func counted(_ value: Int, unit: Int) -> Cell { .cost(Double(value), text: truncated(value, unit: unit)) }
    func measured(_ value: Double?) -> Cell {
      value.map { .cost($0, text: NumberText.fixed($0)) } ?? .pending(planned: 1)
    }
    guard let cost else {
      self = .pending(planned: 1)
      return
    }
    switch quantity {
    case .parameters: self = counted(cost.parameters, unit: 1_000_000)
    case .operations: self = counted(cost.operations, unit: 1_000_000_000)
    case .latency: self = measured(cost.measurement?.latencyMilliseconds)
    case .memory: self = measured(cost.measurement.map { Double($0.trainingTensorBytes) / 1e9 })
    }
  }
}
