import Ranks
import Tensors

/// One forward pass through one or several networks: in which mode, what it records, and its random numbers.
public final class ForwardPass {
  public enum Mode: Sendable, Equatable {
    /// Batch statistics, running ones move, dropout, recorded on a tape.
    case training
    /// The same without a tape: a teacher that must be in training mode (U2PL), or statistics to be warmed up.
    case trainingStatistics
    /// Running statistics and no dropout; nothing is recorded.
    case evaluation
  }

  public let mode: Mode
  /// nil: nothing is recorded and no gradients can follow.
  public let tape: Tape?
  /// Names the pass's random numbers: two passes of one iteration with different names draw different dropout.
  public let stream: String
  /// Whether parameters get gradients; without, they go through a network to its input alone.
  public let trainsParameters: Bool
  /// Whether batch norms move their running statistics: not where a segment is computed again.
  let movesStatistics: Bool
  /// Whether a convolution norms its own output, as it does in evaluation.
  let fusesNormalization: Bool
  /// Who has the other images of the batch; nil: the pass has them all.
  public let ranks: RankGroup?
  /// Where operations are counted; nothing is computed then, and values are undefined.
  let counts: Counter?
  private let seed: UInt64
  private let iteration: Int
  private var draws: Int

  /// The stream of a pass that names none.
  public static let mainStream = "main"

  final class Counter {
    var value = OperationCounts()
  }

  private init(
    mode: Mode, tape: Tape?, stream: String, trainsParameters: Bool = true, movesStatistics: Bool = true,
    fusesNormalization: Bool = false, counts: Counter? = nil, seed: UInt64, iteration: Int, draws: Int = 0,
    ranks: RankGroup? = nil
  ) {
    self.mode = mode
    self.tape = tape
    self.stream = stream
    self.trainsParameters = trainsParameters
    self.movesStatistics = movesStatistics
    self.fusesNormalization = fusesNormalization
    self.counts = counts
    self.seed = seed
    self.iteration = iteration
    self.draws = draws
    self.ranks = ranks
  }

  /// A pass of training step `iteration` of the run with `seed`; dropout depends on both and on the stream alone.
  ///
  /// - Parameters:
  ///   - tape: that of another pass, to walk back through both at once: a network that runs twice, or several
  ///     networks. Gradients of a parameter that is used more than once add up.
  ///   - ranks: who has the other images of the batch, of which each rank sees its share: statistics and dropout are those
  ///     of the whole. nil: there are no others.
  public static func training(
    seed: UInt64, iteration: Int, stream: String = mainStream, tape: Tape = Tape(), ranks: RankGroup? = nil
  ) -> ForwardPass {
    ForwardPass(mode: .training, tape: tape, stream: stream, seed: seed, iteration: iteration, ranks: ranks)
  }

  /// The same pass through a network that judges and does not learn from it, such as a discriminator in the student's
  /// step: gradients reach its input and none of its parameters. Random numbers are its own.
  public func throughFrozen() -> ForwardPass {
    ForwardPass(
      mode: mode, tape: tape, stream: "\(stream), frozen", trainsParameters: false,
      fusesNormalization: fusesNormalization, counts: counts, seed: seed, iteration: iteration, ranks: ranks)
  }

  /// Runs a part of a network whose output is all that others read of it, and records that output alone. The walk back runs
  /// the part again just before it goes through it, with the same random numbers, so that what its operations keep lives
  /// for that long: a third more arithmetic for a fraction of the memory (Chen et al., "Training Deep Nets with Sublinear
  /// Memory Cost", 2016). Values and gradients have the same bits.
  ///
  /// - Parameters:
  ///   - x: all that the part reads besides parameters.
  ///   - recomputed: false: the part is recorded like any other.
  ///   - part: runs the part in the pass it is given.
  public func segment(
    _ x: Variable, recomputed: Bool, _ part: @escaping (Variable, ForwardPass) -> Variable
  ) -> Variable {
    guard recomputed, mode == .training, let tape, counts == nil, trainsParameters || x.slot != nil else {
      return part(x, self)
    }
    let begin = draws
    let first = ForwardPass(
      mode: .trainingStatistics, tape: nil, stream: stream, trainsParameters: trainsParameters, seed: seed,
      iteration: iteration, draws: begin, ranks: ranks)
    let output = part(x.detached, first).value
    draws = first.draws
    return tape.record(segment: "segment", output: output) { [self] in
      part(
        x,
        ForwardPass(
          mode: .training, tape: tape, stream: stream, trainsParameters: trainsParameters,
          movesStatistics: false,
          seed: seed, iteration: iteration, draws: begin, ranks: ranks))
    }
  }

  /// Training statistics without a tape.
  public static func trainingStatistics(seed: UInt64, iteration: Int, stream: String) -> ForwardPass {
    ForwardPass(mode: .trainingStatistics, tape: nil, stream: stream, seed: seed, iteration: iteration)
  }

  /// - Parameter fused: whether a convolution does its batch norm, activation and residual sum in one kernel. The results
  ///   are the same bits without, which tests compare.
  public static func evaluation(fused: Bool = true) -> ForwardPass {
    ForwardPass(
      mode: .evaluation, tape: nil, stream: mainStream, fusesNormalization: fused, seed: 0, iteration: 0)
  }

  /// A pass in evaluation mode that only counts: `operationCounts` tells what the same calls would cost.
  public static func counting() -> ForwardPass {
    ForwardPass(mode: .evaluation, tape: nil, stream: mainStream, counts: Counter(), seed: 0, iteration: 0)
  }

  /// Batch statistics and dropout (true), or running statistics and no dropout (false).
  public var training: Bool { mode != .evaluation }

  /// What has been counted; nil unless this is a counting pass.
  public var operationCounts: OperationCounts? { counts?.value }

  /// The result of an operation that is only counted. Its memory is never touched, and so costs nothing.
  func made(_ shape: Shape, _ layout: Layout = .plain) -> Variable {
    Variable(constant: Tensor(uninitialized: shape, layout: layout))
  }

  /// The random numbers of the next dropout layer of this pass.
  func nextDropout() -> RandomSource {
    defer { draws += 1 }
    let purpose = stream == ForwardPass.mainStream ? "dropout" : "dropout of \(stream)"
    return RandomSource(seed: seed, purpose: purpose, iteration, draws)
  }

  /// One number for each of `each` things of every image, drawn in the order of the batch: what a rank has are the numbers of
  /// its own images.
  ///
  /// - Parameter images: of this pass.
  func drawForImages(_ images: Int, each count: Int, _ draw: (inout RandomSource) -> Float) -> [Float] {
    var random = nextDropout()
    guard let ranks else { return (0..<images * count).map { _ in draw(&random) } }
    ranks.check(images: images, "dropout")
    let slots = ranks.slots
    for _ in 0..<slots.lowerBound * count { _ = draw(&random) }
    return (0..<images * count).map { _ in draw(&random) }
  }

  /// Records an operation when this pass records and an input (or a parameter) wants a gradient.
  ///
  /// - Parameter parameters: what the way back adds gradients of; none that are not trained.
  func record(
    _ operation: String, inputs: [Variable], parameters: [Parameter] = [], output: Tensor,
    backward: @escaping Tape.Backward
  ) -> Variable {
    guard let tape else {
      precondition(
        !inputs.contains { $0.slot != nil }, "\(operation): a recorded input in a pass that does not record")
      return Variable(constant: output)
    }
    guard !parameters.isEmpty || inputs.contains(where: { $0.slot != nil }) else {
      return Variable(constant: output)
    }
    return tape.record(
      operation, inputs: inputs, parameters: parameters, output: output, backward: backward)
  }
}
