import Tensors

/// One forward pass through a model: whether it trains, what it records, and its random numbers.
public final class ForwardPass {
  /// nil: nothing is recorded and no gradients can follow.
  public let tape: Tape?
  /// Batch statistics and dropout (true), or running statistics and no dropout (false).
  public let training: Bool
  /// Where operations are counted; nothing is computed then, and values are undefined.
  let counts: Counter?
  private let seed: UInt64
  private let iteration: Int
  private var draws = 0

  final class Counter {
    var value = OperationCounts()
  }

  private init(tape: Tape?, training: Bool, counts: Counter? = nil, seed: UInt64, iteration: Int) {
    self.counts = counts
    self.tape = tape
    self.training = training
    self.seed = seed
    self.iteration = iteration
  }

  /// Training step `iteration` of the run with `seed`; dropout depends on both alone.
  public static func training(seed: UInt64, iteration: Int) -> ForwardPass {
    ForwardPass(tape: Tape(), training: true, seed: seed, iteration: iteration)
  }

  public static func evaluation() -> ForwardPass {
    ForwardPass(tape: nil, training: false, seed: 0, iteration: 0)
  }

  /// A pass in evaluation mode that only counts: `operationCounts` tells what the same calls would cost.
  public static func counting() -> ForwardPass {
    ForwardPass(tape: nil, training: false, counts: Counter(), seed: 0, iteration: 0)
  }

  /// What has been counted; nil unless this is a counting pass.
  public var operationCounts: OperationCounts? { counts?.value }

  /// The result of an operation that is only counted. Its memory is never touched, and so costs nothing.
  func made(_ shape: Shape, _ layout: Layout = .plain) -> Variable {
    Variable(constant: Tensor(uninitialized: shape, layout: layout))
  }

  /// The random numbers of the next dropout layer of this pass.
  func nextDropout() -> RandomSource {
    defer { draws += 1 }
    return RandomSource(seed: seed, purpose: "dropout", iteration, draws)
  }

  /// Records an operation when this pass records and an input (or a parameter) wants a gradient.
  func record(
    _ operation: String, inputs: [Variable], trained: Bool = false, output: Tensor,
    backward: @escaping Tape.Backward
  ) -> Variable {
    guard let tape, trained || inputs.contains(where: { $0.slot != nil }) else {
      return Variable(constant: output)
    }
    return tape.record(operation, inputs: inputs, output: output, backward: backward)
  }
}
