import Kernels
import Tensors

extension ForwardPass {
  /// Bilinear resize of [B, C, H, W], align_corners = false.
  public func resize(_ x: Variable, height: Int, width: Int) -> Variable {
    if x.shape[2] == height && x.shape[3] == width { return x }
    let shape = x.shape
    let y = Resize.forward(x.value, height: height, width: width)
    return record("resize", inputs: [x], output: y) { gradient, _ in [Resize.backward(gradient, shape: shape)]
    }
  }

  /// Concatenation along the channels.
  public func concatenate(_ parts: [Variable]) -> Variable {
    let shapes = parts.map(\.shape)
    let y = Concatenation.forward(parts.map(\.value))
    return record("concat", inputs: parts, output: y) { gradient, _ in
      Concatenation.backward(gradient, shapes: shapes)
    }
  }

  /// The same [B, C, H, W] activation in another layout; gradients come back in the old one.
  public func convert(_ x: Variable, to layout: Layout) -> Variable {
    let before = x.value.layout
    guard layout != before else { return x }
    return record("layout conversion", inputs: [x], output: x.value.converted(to: layout)) { gradient, _ in
      [gradient.converted(to: before)]
    }
  }
}
