import Experiments
import JSON
import Kernels
import Tensors

/// How far a repeat is from what the machine could do at most (Williams et al., "Roofline", CACM 2009).
public struct Roofline: Sendable, Equatable {
  /// What one repeat needs at least.
  ///
  /// Operations are two for each multiply-add of a convolution, dense layer, product or attention, forward and both ways back,
  /// and those of the optimiser; what lies between (norms, activations, up-sampling, losses, Winograd's transforms) is left
  /// out, which is a few per cent. They are counted twice: by definition, and as the algorithms do them, of which Winograd
  /// does fewer, as do dilated layers where taps see padding alone.
  ///
  /// Bytes are a lower bound for tensors that no cache holds: every direction of every product reads two of input, weights and
  /// output (or their gradients) once and writes the third, and the optimiser reads and writes its vectors once. Norms,
  /// activations and sums count as done on the way, and a second reading of an operand as none. A step whose tensors
  /// stay in the last cache moves fewer through memory.
  public struct Demand: Sendable, Equatable {
    /// Floating-point operations, by definition.
    public var operations: Double
    /// Those that are done in float32.
    public var float32: Double
    /// Those that are done in bfloat16.
    public var bfloat16: Double
    public var bytes: Double

    /// - Parameter operations: that are done as they are defined, in float32.
    public init(operations: Double, bytes: Double) {
      self.init(operations: operations, float32: operations, bfloat16: 0, bytes: bytes)
    }

    public init(operations: Double, float32: Double, bfloat16: Double, bytes: Double) {
      self.operations = operations
      self.float32 = float32
      self.bfloat16 = bfloat16
      self.bytes = bytes
    }

    /// Of one update of `parameters` numbers.
    package static func optimizer(_ kind: RecipeSpec.Optimizer.Kind, parameters: Int) -> Demand {
      let (operations, vectors) =
        switch kind {
        // Decay, momentum and the update: two each. Weights, gradient and velocity are read, the first and the last written.
        case .sgd: (6, 5)
        // Decay 1, mean 3, square 4, update 6. Weights, gradient and two moments are read, all but the gradient written.
        case .adamw: (14, 7)
        }
      return Demand(
        operations: Double(operations * parameters),
        bytes: Double(vectors * parameters * MemoryLayout<Float>.stride))
    }

    package static func + (a: Demand, b: Demand) -> Demand {
      Demand(
        operations: a.operations + b.operations, float32: a.float32 + b.float32,
        bfloat16: a.bfloat16 + b.bfloat16, bytes: a.bytes + b.bytes)
    }
  }

  /// What the machine does at most, measured on the same threads in the same process.
  public struct Peaks: Sendable, Equatable {
    /// Floating-point operations a second of a large float32 product.
    public let float32: Double
    /// The same of bfloat16; nil where the CPU lacks the instructions.
    public let bfloat16: Double?
    /// Bytes a second between memory and cores.
    public let bandwidth: Double

    public init(float32: Double, bfloat16: Double?, bandwidth: Double) {
      self.float32 = float32
      self.bfloat16 = bfloat16
      self.bandwidth = bandwidth
    }

    static func measured(threads: Int) -> Peaks {
      // Arrays that no cache holds are nothing to keep.
      defer { MemoryPool.trim() }
      return Peaks(
        float32: MachinePeak.singlePrecision(threads: threads),
        bfloat16: MachinePeak.bfloat16(threads: threads), bandwidth: MachinePeak.bandwidth(threads: threads))
    }
  }

  public enum Limit: String, Sendable { case arithmetic, memory }

  public let demand: Demand
  public let peaks: Peaks
  /// Of a repeat.
  public let seconds: Double

  public init(_ demand: Demand, peaks: Peaks, seconds: Double) {
    self.demand = demand
    self.peaks = peaks
    self.seconds = seconds
  }

  /// Of the time that what is done would take, each part at its peak; 0 where nothing is counted.
  public var arithmeticShare: Double {
    (demand.float32 / peaks.float32 + demand.bfloat16 / (peaks.bfloat16 ?? peaks.float32)) / seconds
  }
  /// The same of the bytes.
  public var memoryShare: Double { demand.bytes / peaks.bandwidth / seconds }
  /// The larger share.
  public var limit: Limit { arithmeticShare >= memoryShare ? .arithmetic : .memory }
  /// Seconds of a repeat that lost no time besides its limit.
  public var leastSeconds: Double { seconds * max(arithmeticShare, memoryShare) }

  public var json: JSONValue {
    .object([
      "gflop": .number(demand.operations * 1e-9), "gigabytes": .number(demand.bytes * 1e-9),
      "gflop_float32": .number(demand.float32 * 1e-9), "gflop_bfloat16": .number(demand.bfloat16 * 1e-9),
      "peak_float32_gflops": .number(peaks.float32 * 1e-9),
      "peak_bfloat16_gflops": peaks.bfloat16.map { .number($0 * 1e-9) } ?? .null,
      "peak_gigabytes_per_second": .number(peaks.bandwidth * 1e-9),
      "arithmetic_share": .number(arithmeticShare), "memory_share": .number(memoryShare),
      "limited_by": .string(limit.rawValue), "least_seconds": .number(leastSeconds),
    ])
  }
}
