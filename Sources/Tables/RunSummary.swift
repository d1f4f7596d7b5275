/// What a table needs to know of one run; the store's records are summarised to this.
public struct RunSummary: Equatable, Sendable {
  public let state: State
  /// By `Metric.rawValue`, in the paper's unit (percent). Read of finished runs only.
  public let metrics: [String: Double]
  /// CPU of the run, for the caption; empty before it has run.
  public let hardware: String
  public let threads: Int
  /// Where the data came from, for the caption: embedded, or the folder's name.
  public let dataDescription: String

  public enum State: Equatable, Sendable {
    case done
    case failed(reason: String)
    /// The loss stopped being finite.
    case diverged(reason: String)
    case pending
    case running
  }

  public init(
    state: State, metrics: [String: Double] = [:], hardware: String = "", threads: Int = 0,
    dataDescription: String = ""
  ) {
    self.state = state
    self.metrics = metrics
    self.hardware = hardware
    self.threads = threads
    self.dataDescription = dataDescription
  }

  public static let pending = RunSummary(state: .pending)
}
