/// What one forward pass costs, counted from shapes alone.
///
/// The conventions are fvcore's, which the paper's Table 9 follows: a multiply-add is one operation; products
/// count exactly and their biases not at all; norms, up-sampling and adaptive pooling count per element; everything else
/// (activations, softmax, sums, plain pooling) is free.
public struct OperationCounts: Sendable, Equatable {
  /// Multiply-adds of convolutions.
  public var convolution = 0
  /// Multiply-adds of dense layers.
  public var dense = 0
  /// Multiply-adds of the two products of attention.
  public var attention = 0
  /// Elements through batch norms with stored statistics: scale and shift.
  public var batchNormElements = 0
  /// Elements through layer norms.
  public var layerNormElements = 0
  /// Elements that bilinear up-sampling makes.
  public var upsampledElements = 0
  /// Elements that adaptive pooling reads.
  public var pooledElements = 0

  public init() {}

  /// Operations an element: 2 for a batch norm in evaluation, 5 for a layer norm, 4 for a bilinear interpolation, 1 for
  /// adaptive pooling.
  public var multiplyAdds: Int {
    convolution + dense + attention + 2 * batchNormElements + 5 * layerNormElements + 4 * upsampledElements
      + pooledElements
  }
}
