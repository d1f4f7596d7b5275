import Tensors

/// Concatenation of [B_i, C, H, W] activations along the batch, which lies outermost in plain and blocked layouts.
public enum BatchConcatenation {
  /// - Returns: [sum of B_i, C, H, W] in the layout of the parts, which must have the same.
  public static func forward(_ parts: [Tensor]) -> Tensor {
    guard let head = parts.first else { preconditionFailure("batch concat: no parts") }
    let images = parts.reduce(0) { $0 + $1.shape[0] }
    let whole = Tensor(
      uninitialized: [images, head.shape[1], head.shape[2], head.shape[3]], layout: head.layout)
    visit(whole, parts) { whole, part, count in whole.update(from: part, count: count) }
    return whole
  }

  /// The parts' shares of a gradient.
  public static func backward(_ gradient: Tensor, shapes: [Shape]) -> [Tensor] {
    let parts = shapes.map { Tensor(uninitialized: $0, layout: gradient.layout) }
    visit(gradient, parts) { whole, part, count in part.update(from: whole, count: count) }
    return parts
  }

  private static func visit(
    _ whole: Tensor, _ parts: [Tensor],
    copy: (_ whole: UnsafeMutablePointer<Float>, _ part: UnsafeMutablePointer<Float>, _ count: Int) -> Void
  ) {
    var first = 0
    for part in parts {
      precondition(
        part.shape.rank == 4 && part.layout == whole.layout
          && part.shape.dimensions.dropFirst() == whole.shape.dimensions.dropFirst(),
        "batch concat: \(part.shape) (\(part.layout)) does not fit \(whole.shape) (\(whole.layout))")
      withExtendedLifetime((whole, part)) { copy(whole.pointer + first, part.pointer, part.elementCount) }
      first += part.elementCount
    }
    precondition(
      first == whole.elementCount, "batch concat: parts \(parts.map(\.shape)) do not fill \(whole.shape)")
  }
}
