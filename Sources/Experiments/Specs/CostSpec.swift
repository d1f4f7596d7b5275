/// What the columns of costs of a table are counted and measured with.
public struct CostSpec: Equatable, Sendable {
  public let classes: Int
  /// Pixels of the image that operations are counted and latency is measured for.
  public let height: Int
  public let width: Int
  /// What training memory is measured with.
  public let training: TrainingSize

  public struct TrainingSize: Equatable, Sendable {
    public let batch: Int
    public let height: Int
    public let width: Int
  }

  init(_ reader: StrictReader) throws {
    try reader.allowOnly(["classes", "height", "width", "training"])
    classes = try reader.required("classes").int(2...254)
    height = try reader.required("height").int(32...8192)
    width = try reader.required("width").int(32...8192)
    let size = try reader.required("training")
    try size.allowOnly(["batch", "height", "width"])
    training = TrainingSize(
      batch: try size.required("batch").int(2...1024), height: try size.required("height").int(32...8192),
      width: try size.required("width").int(32...8192))
  }
}

/// What a network costs, without training it. Less is better.
public enum CostQuantity: String, CaseIterable, Sendable {
  case parameters
  /// Multiply-adds of one image.
  case operations
  /// Of an evaluation pass over one image.
  case latency
  /// The most that is in tensors during a training step.
  case memory

  public var title: String {
    switch self {
    case .parameters: "parameters"
    case .operations: "operations"
    case .latency: "latency"
    case .memory: "memory"
    }
  }

  /// Of the table's numbers.
  public var unit: String {
    switch self {
    case .parameters: "M"
    case .operations: "G"
    case .latency: "ms"
    case .memory: "GB"
    }
  }
}
