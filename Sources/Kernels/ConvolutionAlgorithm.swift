import CKernels
import Tensors

extension Convolution {
  /// The three passes of a convolution.
  public enum Pass: Sendable { case forward, backwardData, backwardWeights }

  /// Whether the products-based algorithms apply: 1x1 and 3x3 windows at stride 1 that keep the size, and whole
  /// channel blocks on both sides. Winograd needs a 3x3 window besides.
  public func supportsProducts(_ shape: Shape) -> Bool {
    guard case .blocked(let block) = Library.preferredLayout else { return false }
    return (geometry.kernel == 1 || geometry.kernel == 3) && geometry.stride == 1 && geometry.groups == 1
      && geometry.padding == geometry.dilation * (geometry.kernel - 1) / 2
      && geometry.inChannels % block == 0 && geometry.outChannels % block == 0
  }

  /// The cheapest algorithm by a cost model of the three: arithmetic at the speed each reaches, plus the memory
  /// traffic of the transforms. A function of shapes alone, never of a measurement, so that every run of a spec
  /// takes the same path.
  public func algorithm(for shape: Shape, _ pass: Pass) -> ConvolutionAlgorithm {
    guard supportsProducts(shape) else { return .direct }
    var c = jml_convolution(
      batch: Int32(shape[0]), in_channels: Int32(geometry.inChannels), in_height: Int32(shape[2]),
      in_width: Int32(shape[3]), in_block: Library.preferredLayout.block,
      out_channels: Int32(geometry.outChannels), out_height: Int32(shape[2]), out_width: Int32(shape[3]),
      out_block: Library.preferredLayout.block, kernel: Int32(geometry.kernel), stride: 1,
      padding: Int32(geometry.padding),
      dilation: Int32(geometry.dilation), groups: 1)
    let channels = Double(geometry.inChannels + geometry.outChannels)
    let pairs = Double(geometry.inChannels * geometry.outChannels)
    // Unit: one multiply-add of a direct kernel. `traffic` is the price of moving one float.
    let traffic = 12.0
    let taps = Double(geometry.kernel * geometry.kernel)
    // The library reorders the weights for each pass, which rules on small maps.
    let direct = Double(shape[0] * shape[2] * shape[3]) * taps * pairs + 3 * traffic * taps * pairs
    let tiles = Double(jml_winograd_tiles(&c))
    let positions = Double(jml_winograd_positions(&c))
    let winograd =
      geometry.kernel == 3
      ? positions * (tiles * pairs * 1.1 + traffic * (tiles * channels * 1.5 + pairs * 2)) : .infinity
    let pixels = Double(jml_taps_pixels(&c))
    let products = pixels * pairs * 1.15 + traffic * pixels * channels * 2
    // The library has no direct kernel for the weight gradient of a dilated convolution before AVX-512; one rule for
    // every CPU keeps the choice a function of the shapes.
    let directAllowed = !(pass == .backwardWeights && geometry.dilation > 1)
    if directAllowed && direct <= min(winograd, products) { return .direct }
    return winograd <= products ? .winograd : .taps
  }
}
