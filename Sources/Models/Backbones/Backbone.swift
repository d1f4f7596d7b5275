import Autograd

/// What a decoder and the auxiliary head take from a backbone.
struct Features {
  /// The last stage, [B, C, H / outputStride, W / outputStride].
  let last: Variable
  /// The stage before, for the auxiliary head.
  let auxiliary: Variable
}

/// A feature extractor. `images` are [B, 3, H, W], normalised, plain.
protocol Backbone: Sendable {
  var lastChannels: Int { get }
  var auxiliaryChannels: Int { get }
  func callAsFunction(_ images: Variable, _ pass: ForwardPass) -> Features
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
