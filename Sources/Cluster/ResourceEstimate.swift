/// Where a number comes from.
public enum ResourceOrigin: String, Sendable {
  /// Runs of this data set, network, method and size that are finished here.
  case measured
  /// The same that are published.
  case published
  /// Runs of another method or data set.
  case similar
  /// A formula over a measured training step: `ResourceModel`.
  case estimated
  case unknown
}

/// What a run takes, with the origin of each number.
public struct ResourceEstimate: Equatable, Sendable {
  /// Of the whole run; nil if unknown.
  public var seconds: Double?
  public var secondsOrigin: ResourceOrigin
  /// nil if unknown.
  public var memoryBytes: Int?
  public var memoryOrigin: ResourceOrigin
  /// Of the folder that stays.
  public var diskBytes: Int
  public var diskOrigin: ResourceOrigin
  /// Of two checkpoints, while it is trained.
  public var checkpointBytes: Int
}
