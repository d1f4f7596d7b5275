import Experiments
import JSON
import Kernels
import Runner
import Tensors

/// What one benchmark has found, and on what.
public struct BenchmarkReport: Sendable {
  /// `step`, `frame`, `head`, `labels`, `metrics`, `loader`, `views`, `wait`, `start`.
  public let kind: String
  /// What was set, in words of the command line.
  public let settings: [(name: String, value: JSONValue)]
  /// What a peer needs besides to do the same; in the JSON alone.
  public let inputs: [(name: String, value: JSONValue)]
  /// One repeat is a training step, or an image for `frame`, `metrics` and `loader`, thirty views for `views`, a process for
  /// `start`.
  public let times: Measurement
  public let work: WorkByKind
  public let threads: Int
  /// Of the process, after the last repeat.
  public let peakMemoryBytes: Int
  /// In tensors.
  public let peakTensorBytes: Int
  /// What limits it; nil where neither arithmetic nor bytes are counted.
  public let roofline: Roofline?
  /// Floating-point operations a second that the machine can do on these threads in float32.
  public let peakRate: Double

  /// - Parameters:
  ///   - demand: what a repeat needs at least; nil: what its products have counted.
  ///   - peakMemoryBytes: of the process that did the work; nil: this one.
  init(
    _ kind: String, settings: [(name: String, value: JSONValue)],
    inputs: [(name: String, value: JSONValue)] = [], times: Measurement, work: WorkByKind,
    demand: Roofline.Demand? = nil, threads: Int, peakMemoryBytes: Int? = nil
  ) {
    self.kind = kind
    self.settings = settings
    self.inputs = inputs
    self.times = times
    self.work = work
    self.threads = threads
    // Before the machine's peaks are measured, which needs memory of its own.
    self.peakMemoryBytes = peakMemoryBytes ?? Machine.peakMemoryBytes
    peakTensorBytes = MemoryPool.peakBytes
    let peaks = Roofline.Peaks.measured(threads: threads)
    let needed = demand ?? work.demand
    roofline =
      needed.operations + needed.bytes > 0
      ? Roofline(needed, peaks: peaks, seconds: times.median) : nil
    peakRate = peaks.float32
  }

  /// Nominal floating-point operations a second; nil where they are not counted. Can exceed what the machine can do,
  /// since fast algorithms need fewer operations than a convolution's definition.
  public var rate: Double? { work.operations > 0 ? work.operations / times.median : nil }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "benchmark": .string(kind), "seconds_per_step": .number(times.median),
      "seconds": .array(times.seconds.map { .number($0) }),
      "by_kind": .object(
        Dictionary(
          work.seconds.map { ($0.kind, .number($0.seconds)) }, uniquingKeysWith: { first, _ in first })),
      "peak_memory_bytes": .int(peakMemoryBytes), "peak_tensor_bytes": .int(peakTensorBytes),
      "machine_gflops": .number(peakRate * 1e-9), "threads": .int(threads), "cpu": .string(Machine.cpu),
      "versions": .object(Machine.versions.mapValues { .string($0) }),
    ]
    if let rate {
      members["gflop_per_step"] = .number(work.operations * 1e-9)
      members["gflops"] = .number(rate * 1e-9)
    }
    if let roofline { members["roofline"] = roofline.json }
    for setting in settings + inputs { members[setting.name] = setting.value }
    return .object(members)
  }
}
