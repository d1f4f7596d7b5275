import Foundation
import Kernels
import Tensors

/// Soft masks of "Masked Distillation with Receptive Tokens" (MasKD, Huang et al., ICLR 2023): m = sigmoid(E z), one map
/// for each token of E [T, C] over a teacher's logits z [B, C, h, w].
enum ReceptiveMasks {
  /// - Parameters:
  ///   - tokens: [T, C].
  ///   - logits: plain [B, C, h, w].
  /// - Returns: [B, T, h * w].
  static func masks(tokens: Tensor, logits: Tensor) -> Tensor {
    let (images, classes) = (logits.shape[0], logits.shape[1])
    let area = logits.shape[2] * logits.shape[3]
    precondition(
      tokens.shape.rank == 2 && tokens.shape[1] == classes,
      "ReceptiveMasks: tokens \(tokens.shape) for logits \(logits.shape)")
    let masks = Tensor(uninitialized: [images, tokens.shape[0], area])
    let maps = Tensor(reshaping: logits, to: [images, classes, area])
    for image in 0..<images {
      let products = MatrixProduct.plain(tokens, maps.image(image))
      let target = masks.pointer + image * products.shape.count
      for index in 0..<products.shape.count { target[index] = 1 / (1 + exp(-products.pointer[index])) }
      withExtendedLifetime(products) {}
    }
    return masks
  }
}
