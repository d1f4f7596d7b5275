import Autograd

/// A feature extractor. `images` are [B, 3, H, W], normalised, plain.
protocol Backbone: Sendable {
  /// Channels of the maps, the finest first.
  var channels: [Int] { get }
  /// The maps, the finest first: strides 2 (convolutional networks only), 4, 8, 16, 32, but none above the output
  /// stride. The last but one feeds the auxiliary head.
  func callAsFunction(_ images: Variable, _ pass: ForwardPass) -> [Variable]
}

/// Turns strides into dilation once the output stride is reached (timm's rule). The first block of a dilated stage
/// keeps the dilation that held before the stage for the convolution that would have been strided.
struct StrideBudget {
  let outputStride: Int
  private(set) var reached: Int
  private(set) var dilation = 1

  init(outputStride: Int, reached: Int) {
    self.outputStride = outputStride
    self.reached = reached
  }

  /// Enters a stage that wants `stride`: the stride it gets, the dilation of its first block's strided convolution,
  /// and the dilation of all others.
  mutating func enter(stride: Int) -> (stride: Int, firstDilation: Int, dilation: Int) {
    let before = dilation
    guard reached >= outputStride else {
      reached *= stride
      return (stride, before, dilation)
    }
    dilation *= stride
    return (1, before, dilation)
  }
}
