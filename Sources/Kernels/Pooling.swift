import CKernels
import Tensors

/// Pooling with square windows, sizes in pixels.
public struct Pooling: Hashable, Sendable {
  public enum Kind: Sendable {
    case maximum
    /// Divides by the window's size, padding included.
    case averageIncludingPadding
    /// Divides by the pixels of the window that lie in the image.
    case averageExcludingPadding
  }

  public let kind: Kind
  public let kernel: Int
  public let stride: Int
  /// Before each axis.
  public let padding: Int
  /// After each axis; differs from `padding` for TensorFlow's "same" rule.
  public let paddingAfter: Int

  public init(kind: Kind, kernel: Int, stride: Int, padding: Int, paddingAfter: Int) {
    self.kind = kind
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.paddingAfter = paddingAfter
  }

  public func outputShape(_ shape: Shape) -> Shape {
    let extent = { (size: Int) in (size + padding + paddingAfter - kernel) / stride + 1 }
    return [shape[0], shape[1], extent(shape[2]), extent(shape[3])]
  }

  /// - Parameter x: [B, C, H, W].
  /// - Returns: y [B, C, H', W'] and, for a maximum in training, where each maximum was.
  public func forward(_ x: Tensor, training: Bool) -> (y: Tensor, workspace: Tensor?) {
    let y = Tensor(uninitialized: outputShape(x.shape), layout: x.layout)
    var pooling = descriptor(x, y)
    let bytes = training && kind == .maximum ? Int(jml_pool_workspace_bytes(&pooling)) : 0
    let workspace = bytes > 0 ? Tensor(uninitialized: [(bytes + 3) / 4]) : nil
    KernelRuntime.run("pooling", "pooling of \(x.shape)") {
      jml_pool_forward(
        &pooling, training && kind == .maximum ? 1 : 0, x.pointer, y.pointer, workspace?.pointer)
    }
    return (y, workspace)
  }

  /// dL/dx for x of `shape`.
  public func backward(_ gradient: Tensor, shape: Shape, workspace: Tensor?) -> Tensor {
    let dx = Tensor(uninitialized: shape, layout: gradient.layout)
    var pooling = descriptor(dx, gradient)
    KernelRuntime.run("pooling", "pooling backward of \(shape)") {
      jml_pool_backward(&pooling, gradient.pointer, workspace?.pointer, dx.pointer)
    }
    return dx
  }

  private func descriptor(_ x: Tensor, _ y: Tensor) -> jml_pooling {
    let code: Int32
    switch kind {
    case .maximum: code = Int32(jml_pool_max)
    case .averageIncludingPadding: code = Int32(jml_pool_average_include_padding)
    case .averageExcludingPadding: code = Int32(jml_pool_average_exclude_padding)
    }
    return jml_pooling(
      in: x.map, out: y.map, kind: code, kernel_height: Int32(kernel), kernel_width: Int32(kernel),
      stride_height: Int32(stride), stride_width: Int32(stride), padding: Int32(padding))
  }
}

/// Average pooling to a fixed number of bins (PSPNet, Zhao et al., CVPR 2017); bin i covers
/// floor(i * H / bins) ..< ceil((i + 1) * H / bins), so bins may overlap.
public enum AdaptiveAveragePooling {
  public static func forward(_ x: Tensor, bins: Int) -> Tensor {
    let y = Tensor(uninitialized: [x.shape[0], x.shape[1], bins, bins], layout: x.layout)
    var from = x.map
    var to = y.map
    KernelRuntime.run("pooling", "adaptive pooling of \(x.shape)") {
      jml_adaptive_pool_forward(&from, &to, x.pointer, y.pointer)
    }
    return y
  }

  public static func backward(_ gradient: Tensor, shape: Shape) -> Tensor {
    let dx = Tensor(uninitialized: shape, layout: gradient.layout)
    var from = dx.map
    var to = gradient.map
    KernelRuntime.run("pooling", "adaptive pooling backward of \(shape)") {
      jml_adaptive_pool_backward(&from, &to, gradient.pointer, dx.pointer)
    }
    return dx
  }
}
