import CKernels
import Tensors

/// Concatenation of [B, C_i, H, W] activations along the channels.
public enum Concatenation {
  /// - Returns: [B, sum of C_i, H, W]. In a blocked layout every part but the last must fill its channel blocks.
  public static func forward(_ parts: [Tensor]) -> Tensor {
    guard let head = parts.first else { preconditionFailure("concat: no parts") }
    let channels = parts.reduce(0) { $0 + $1.shape[1] }
    let whole = Tensor(
      uninitialized: [head.shape[0], channels, head.shape[2], head.shape[3]], layout: head.layout)
    visit(whole, parts, extract: false)
    return whole
  }

  /// The parts' shares of a gradient.
  public static func backward(_ gradient: Tensor, shapes: [Shape]) -> [Tensor] {
    let parts = shapes.map { Tensor(uninitialized: $0, layout: gradient.layout) }
    visit(gradient, parts, extract: true)
    return parts
  }

  private static func visit(_ whole: Tensor, _ parts: [Tensor], extract: Bool) {
    var map = whole.map
    var first = 0
    for part in parts {
      var piece = part.map
      precondition(
        part.shape[0] == whole.shape[0] && part.shape[2] == whole.shape[2] && part.shape[3] == whole.shape[3],
        "concat: \(part.shape) does not fit \(whole.shape)")
      KernelRuntime.run("concat", "concat of \(part.shape) at channel \(first)") {
        jml_concat_part(&map, whole.pointer, &piece, part.pointer, Int32(first), extract ? 1 : 0)
      }
      first += part.shape[1]
    }
  }
}
