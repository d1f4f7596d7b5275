/// What is known of one network, from counting it and from measuring a training step.
public struct NetworkCost: Equatable, Sendable {
  /// Of one step with SGD on one machine.
  public struct Measured: Equatable, Sendable {
    /// The most that was in tensors at once.
    public var tensorBytes: Int
    /// Of the whole process.
    public var peakBytes: Int
    /// Images x height x width.
    public var pixels: Int
    public var secondsPerStep: Double
    public var threads: Int

    public init(tensorBytes: Int, peakBytes: Int, pixels: Int, secondsPerStep: Double, threads: Int) {
      self.tensorBytes = tensorBytes
      self.peakBytes = peakBytes
      self.pixels = pixels
      self.secondsPerStep = secondsPerStep
      self.threads = threads
    }
  }

  /// Networks of one backbone are alike.
  public var backbone: String
  public var parameters: Int
  public var measured: Measured?

  public init(backbone: String, parameters: Int, measured: Measured?) {
    self.backbone = backbone
    self.parameters = parameters
    self.measured = measured
  }

  /// Processor-seconds of a step, by pixel.
  var coreSecondsPerPixel: Double? {
    measured.map { $0.secondsPerStep * Double($0.threads) / Double($0.pixels) }
  }

  /// Bytes that a step keeps for each pixel: tensors without values, gradients and momenta.
  var bytesPerPixel: Double? {
    measured.map { Double(max(0, $0.tensorBytes - 12 * parameters)) / Double($0.pixels) }
  }

  /// What a process has beside tensors.
  var overheadBytes: Double? { measured.map { Double(max(0, $0.peakBytes - $0.tensorBytes)) } }
}
