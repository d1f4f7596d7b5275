import CKernels
import Tensors

extension Convolution {
  /// Whether the products-based algorithms apply: 1x1 and 3x3 windows at stride 1 that keep the size, and whole
  /// channel blocks on both sides. Winograd needs a 3x3 window besides.
  public func supportsProducts(_ shape: Shape) -> Bool {
    guard case .blocked(let block) = KernelRuntime.preferredLayout else { return false }
    return (geometry.kernel == 1 || geometry.kernel == 3) && geometry.stride == 1 && geometry.groups == 1
      && geometry.padding == geometry.dilation * (geometry.kernel - 1) / 2
      && geometry.inChannels % block == 0 && geometry.outChannels % block == 0
  }

  /// Whether products on gathered patches apply.
  public var supportsPatches: Bool {
    precision == .bfloat16 && geometry.groups == 1 && geometry.inChannels % 16 == 0
      && geometry.outChannels % 16 == 0
  }

  /// The cheapest algorithm by a cost model: products, plus the memory traffic of Winograd's transforms. A function of
  /// shapes alone, never of a measurement, so that every run of a spec takes the same path.
  ///
  /// Products on blocked operands are as fast as the library's direct kernels or faster wherever they apply, so
  /// those are left with groups and channels that are no whole blocks, and in float32 with strides and biases.
  public func algorithm(for shape: Shape, withBias: Bool = false) -> ConvolutionAlgorithm {
    guard supportsProducts(shape), !withBias else { return supportsPatches ? .patches : .direct }
    guard geometry.kernel == 3 else { return .taps }
    var c = keepingSize(shape)
    let channels = Double(geometry.inChannels + geometry.outChannels)
    let pairs = Double(geometry.inChannels * geometry.outChannels)
    // Unit: one multiply-add. `traffic` is the price of moving one number of a tile, in units: in bfloat16 both are half.
    let traffic = 12.0
    let tiles = Double(jml_winograd_tiles(&c))
    let winograd =
      Double(jml_winograd_positions(&c)) * (tiles * pairs + traffic * (tiles * channels * 1.5 + pairs * 2))
    let taps = Double(jml_taps_pixels(&c)) * pairs
    return winograd < taps ? .winograd : .taps
  }

  /// Products for each pair of channels that an algorithm computes; nil: as many as by definition.
  func products(_ shape: Shape, _ algorithm: ConvolutionAlgorithm) -> Int? {
    var c = keepingSize(shape)
    switch algorithm {
    case .direct, .patches: return nil
    case .taps: return jml_taps_pixels(&c)
    case .winograd: return Int(jml_winograd_positions(&c)) * jml_winograd_tiles(&c)
    }
  }

  /// Of a convolution that `supportsProducts`.
  private func keepingSize(_ shape: Shape) -> jml_convolution {
    let block = KernelRuntime.preferredLayout.block
    return jml_convolution(
      batch: Int32(shape[0]), in_channels: Int32(geometry.inChannels), in_height: Int32(shape[2]),
      in_width: Int32(shape[3]), in_block: block, out_channels: Int32(geometry.outChannels),
      out_height: Int32(shape[2]), out_width: Int32(shape[3]), out_block: block,
      kernel: Int32(geometry.kernel), stride: 1, padding: Int32(geometry.padding),
      dilation: Int32(geometry.dilation), groups: 1, short_products: 0)
  }
}
