import CKernels
import Tensors

/// What a 2-d convolution does to the axes. Kernel, stride, padding and dilation are in pixels and equal for both
/// spatial axes.
public struct ConvolutionGeometry: Hashable, Sendable {
  public let inChannels: Int
  public let outChannels: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int
  /// 1 = not dilated.
  public let dilation: Int
  public let groups: Int

  public init(
    inChannels: Int, outChannels: Int, kernel: Int, stride: Int, padding: Int, dilation: Int, groups: Int
  ) {
    precondition(
      inChannels % groups == 0 && outChannels % groups == 0,
      "Convolution: \(groups) groups divide neither \(inChannels) nor \(outChannels) channels")
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// [out, in / groups, kernel, kernel].
  public var weightShape: Shape { [outChannels, inChannels / groups, kernel, kernel] }

  /// How the weights lie in memory: HWIO makes each kernel tap a matrix, which products and Winograd transforms
  /// read without a reorder.
  public var weightLayout: Layout { groups == 1 ? .hwio : .plain }

  public func outputExtent(_ extent: Int) -> Int {
    (extent + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }
}

/// Which algorithm computes a convolution.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// oneDNN's direct kernels.
  case direct
  /// Winograd on tiles of 4 or 2 outputs an axis, on interleaved sub-images when dilated.
  case winograd
  /// One matrix product per kernel tap, skipping pixels for which the tap sees only padding; a 1x1 kernel is one tap.
  case taps
  /// One matrix product on gathered patches, with operands in bfloat16: where there is a stride or a bias.
  case patches
}

/// y = x * w: forward and both gradients.
///
/// The algorithm is a function of the shapes alone, so that equal runs take equal paths; see `algorithm(for:)`.
public struct Convolution: Sendable {
  public let geometry: ConvolutionGeometry
  /// Of the products of every algorithm but `ConvolutionAlgorithm.direct`.
  public let precision: Precision

  /// - Parameter precision: one that this CPU has.
  public init(_ geometry: ConvolutionGeometry, precision: Precision = .float32) {
    precondition(precision.isAvailable, "Convolution: this CPU has no products in \(precision)")
    self.geometry = geometry
    self.precision = precision
  }

  /// - Parameters:
  ///   - x: [B, in, H, W].
  ///   - weight: [out, in / groups, k, k] in `geometry.weightLayout`.
  ///   - bias: [out], or nil.
  ///   - epilogue: what is done to the output while it is in the cache.
  /// - Returns: [B, out, H', W'], blocked.
  public func forward(
    _ x: Tensor, weight: Tensor, bias: Tensor?, epilogue: ConvolutionEpilogue? = nil,
    algorithm: ConvolutionAlgorithm? = nil
  ) -> Tensor {
    check(x, weight)
    let chosen = checked(
      algorithm ?? self.algorithm(for: x.shape, withBias: bias != nil), withBias: bias != nil)
    count(x.shape, chosen)
    let y = Tensor(uninitialized: outputShape(x.shape), layout: KernelRuntime.preferredLayout)
    epilogue?.check(y)
    var c = descriptor(x, y)
    epilogue.withDescriptor { finish in
      if isDilatedDepthwise && bias == nil {
        depthwise("forward", x, weight: weight, turned: false, epilogue: finish, into: y)
        return
      }
      switch chosen {
      case .direct:
        KernelRuntime.run("convolution direct forward", "convolution of \(x.shape)") {
          jml_direct_forward(&c, x.pointer, weight.pointer, bias?.pointer, y.pointer)
        }
        guard finish != nil else { return }
        // The library's own would have other bits.
        var map = y.map
        KernelRuntime.run("batch norm forward", "epilogue of \(y.shape)") {
          jml_epilogue_apply(&map, finish, y.pointer)
        }
      case .winograd:
        KernelRuntime.run("convolution winograd forward", "winograd of \(x.shape)") {
          jml_winograd_forward(&c, x.pointer, weight.pointer, finish, y.pointer)
        }
      case .taps:
        KernelRuntime.run("convolution taps forward", "taps of \(x.shape)") {
          jml_taps_forward(&c, x.pointer, weight.pointer, finish, y.pointer)
        }
      case .patches:
        KernelRuntime.run("convolution patches forward", "patches of \(x.shape)") {
          jml_patches_forward(&c, x.pointer, weight.pointer, bias?.pointer, finish, y.pointer)
        }
      }
    }
    return y
  }

  /// - Parameters:
  ///   - gradient: dL/dy, [B, out, H', W'].
  ///   - shape: of x, [B, in, H, W].
  /// - Returns: dL/dx in the layout of `gradient`.
  public func backwardData(
    _ gradient: Tensor, weight: Tensor, shape: Shape, algorithm: ConvolutionAlgorithm? = nil
  ) -> Tensor {
    let dx = Tensor(uninitialized: shape, layout: KernelRuntime.preferredLayout)
    check(dx, weight)
    let chosen = checked(algorithm ?? self.algorithm(for: shape), withBias: false)
    count(shape, chosen)
    var c = descriptor(dx, gradient)
    if isDilatedDepthwise {
      depthwise("backward data", gradient, weight: weight, turned: true, epilogue: nil, into: dx)
      return dx
    }
    switch chosen {
    case .direct:
      KernelRuntime.run("convolution direct backward data", "convolution backward data of \(shape)") {
        jml_direct_backward_data(&c, gradient.pointer, weight.pointer, dx.pointer)
      }
    case .winograd:
      KernelRuntime.run("convolution winograd backward data", "winograd backward data of \(shape)") {
        jml_winograd_backward_data(&c, gradient.pointer, weight.pointer, dx.pointer)
      }
    case .taps:
      KernelRuntime.run("convolution taps backward data", "taps backward data of \(shape)") {
        jml_taps_backward_data(&c, gradient.pointer, weight.pointer, dx.pointer)
      }
    case .patches:
      KernelRuntime.run("convolution patches backward data", "patches backward data of \(shape)") {
        jml_patches_backward_data(&c, gradient.pointer, weight.pointer, dx.pointer)
      }
    }
    return dx
  }

  /// - Parameters:
  ///   - x: [B, in, H, W].
  ///   - gradient: dL/dy, [B, out, H', W'].
  ///   - weightGradient: receives dL/dw, in `geometry.weightLayout`.
  ///   - biasGradient: receives dL/dbias, [out].
  public func backwardWeights(
    _ x: Tensor, _ gradient: Tensor, weightGradient: Tensor, biasGradient: Tensor?,
    algorithm: ConvolutionAlgorithm? = nil
  ) {
    check(x, weightGradient)
    let withBias = biasGradient != nil
    let chosen = checked(
      algorithm ?? self.algorithm(for: x.shape, withBias: withBias), withBias: withBias)
    count(x.shape, chosen)
    var c = descriptor(x, gradient)
    if isDilatedDepthwise {
      var map = x.map
      KernelRuntime.run("convolution depthwise backward weights", "depthwise backward weights of \(x.shape)")
      {
        jml_depthwise_backward_weights(
          &map, Int32(geometry.kernel), Int32(geometry.dilation), Int32(geometry.padding), x.pointer,
          gradient.pointer, weightGradient.pointer)
      }
      return
    }
    KernelRuntime.run(
      "convolution \(chosen) backward weights", "convolution backward weights of \(x.shape), \(chosen)"
    ) {
      switch chosen {
      case .direct:
        jml_direct_backward_weights(
          &c, x.pointer, gradient.pointer, weightGradient.pointer, biasGradient?.pointer)
      case .winograd: jml_winograd_backward_weights(&c, x.pointer, gradient.pointer, weightGradient.pointer)
      case .taps: jml_taps_backward_weights(&c, x.pointer, gradient.pointer, weightGradient.pointer)
      case .patches:
        jml_patches_backward_weights(
          &c, x.pointer, gradient.pointer, weightGradient.pointer, biasGradient?.pointer)
      }
    }
  }

  public func outputShape(_ shape: Shape) -> Shape {
    [shape[0], geometry.outChannels, geometry.outputExtent(shape[2]), geometry.outputExtent(shape[3])]
  }

  /// One direction for the profiler: by definition, padding included, and as it is done. Each reads two of input, weights and
  /// output, or their gradients, and writes the third.
  /// - Parameter shape: of x.
  private func count(_ shape: Shape, _ algorithm: ConvolutionAlgorithm) {
    Profiler.count(
      multiplyAdds: outputShape(shape).count * (geometry.weightShape.count / geometry.outChannels),
      done: products(shape, algorithm).map { $0 * geometry.inChannels * geometry.outChannels },
      in: algorithm == .direct ? .float32 : precision,
      numbers: shape.count + geometry.weightShape.count + outputShape(shape).count)
  }

  /// `.patches` would round operands of a layer in float32, and the products of the others take no bias.
  private func checked(_ chosen: ConvolutionAlgorithm, withBias: Bool) -> ConvolutionAlgorithm {
    precondition(
      chosen == .patches ? supportsPatches : chosen == .direct || !withBias,
      "Convolution: \(chosen) is not for \(geometry) in \(precision)\(withBias ? " with a bias" : "")")
    return chosen
  }

  private var isDilatedDepthwise: Bool {
    geometry.groups > 1 && geometry.groups == geometry.inChannels
      && geometry.outChannels == geometry.inChannels
      && geometry.dilation > 1 && geometry.stride == 1
  }

  /// With stride 1 the data gradient is the same convolution with every kernel turned by 180 degrees.
  private func depthwise(
    _ pass: String, _ x: Tensor, weight: Tensor, turned: Bool, epilogue: UnsafePointer<jml_epilogue>?,
    into y: Tensor
  ) {
    var map = x.map
    KernelRuntime.run("convolution depthwise \(pass)", "depthwise \(pass) of \(x.shape)") {
      jml_depthwise(
        &map, Int32(geometry.kernel), Int32(geometry.dilation), Int32(geometry.padding), turned ? 1 : 0,
        x.pointer, weight.pointer, epilogue, y.pointer)
    }
  }

  private func check(_ x: Tensor, _ weight: Tensor) {
    precondition(
      x.shape.rank == 4 && x.shape[1] == geometry.inChannels,
      "Convolution: input \(x.shape) does not have \(geometry.inChannels) channels")
    precondition(
      weight.shape == geometry.weightShape && weight.layout == geometry.weightLayout,
      "Convolution: weight \(weight.shape) (\(weight.layout)) is not \(geometry.weightShape) (\(geometry.weightLayout))"
    )
  }

  private func descriptor(_ x: Tensor, _ y: Tensor) -> jml_convolution {
    precondition(y.shape == outputShape(x.shape), "Convolution: \(x.shape) does not map to \(y.shape)")
    return jml_convolution(
      batch: Int32(x.shape[0]), in_channels: Int32(geometry.inChannels), in_height: Int32(x.shape[2]),
      in_width: Int32(x.shape[3]), in_block: x.layout.block, out_channels: Int32(geometry.outChannels),
      out_height: Int32(y.shape[2]), out_width: Int32(y.shape[3]), out_block: y.layout.block,
      kernel: Int32(geometry.kernel), stride: Int32(geometry.stride), padding: Int32(geometry.padding),
      dilation: Int32(geometry.dilation), groups: Int32(geometry.groups),
      short_products: precision == .bfloat16 ? 1 : 0)
  }
}
