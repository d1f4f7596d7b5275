import Kernels
import Tensors

extension ForwardPass {
  /// Bilinear resize of [B, C, H, W], align_corners = false.
  public func resize(_ x: Variable, height: Int, width: Int) -> Variable {
    let shape = x.shape
    if let counts {
      counts.value.upsampledElements += shape[0] * shape[1] * height * width
      return made([shape[0], shape[1], height, width], x.value.layout)
    }
    if shape[2] == height && shape[3] == width { return x }
    let y = Resize.forward(x.value, height: height, width: width)
    return record("resize", inputs: [x], output: y) { gradient, _ in [Resize.backward(gradient, shape: shape)]
    }
  }

  /// Concatenation along the channels.
  public func concatenate(_ parts: [Variable]) -> Variable {
    let shapes = parts.map(\.shape)
    if counts != nil, let head = parts.first {
      let channels = shapes.reduce(0) { $0 + $1[1] }
      return made([head.shape[0], channels, head.shape[2], head.shape[3]], head.value.layout)
    }
    let y = Concatenation.forward(parts.map(\.value))
    return record("concat", inputs: parts, output: y) { gradient, _ in
      Concatenation.backward(gradient, shapes: shapes)
    }
  }

  /// Concatenation along the batch: [B_i, C, H, W] to [sum of B_i, C, H, W], all parts in one layout.
  public func concatenateBatch(_ parts: [Variable]) -> Variable {
    let shapes = parts.map(\.shape)
    if counts != nil, let head = parts.first {
      let images = shapes.reduce(0) { $0 + $1[0] }
      return made([images, head.shape[1], head.shape[2], head.shape[3]], head.value.layout)
    }
    let y = BatchConcatenation.forward(parts.map(\.value))
    return record("batch concat", inputs: parts, output: y) { gradient, _ in
      BatchConcatenation.backward(gradient, shapes: shapes)
    }
  }

  /// The same [B, C, H, W] activation in another layout; gradients come back in the old one.
  public func convert(_ x: Variable, to layout: Layout) -> Variable {
    let before = x.value.layout
    guard layout != before else { return x }
    if counts != nil { return made(x.shape, layout) }
    return record("layout conversion", inputs: [x], output: x.value.converted(to: layout)) { gradient, _ in
      [gradient.converted(to: before)]
    }
  }
}
