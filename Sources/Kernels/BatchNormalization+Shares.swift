import CKernels
import Tensors

/// Batch normalisation of a batch whose images lie in several processes: each measures its own, all exchange what they have
/// measured, and each goes on with the numbers of the whole batch. Bits are those of one process with the whole batch.
extension BatchNormalization {
  /// Numbers that stand for one image of `x` in `moments` and `sums`.
  public static func row(of x: Tensor) -> Int {
    var map = x.map
    return Int(jml_norm_row(&map))
  }

  /// What the statistics need to know of each image.
  ///
  /// - Parameter x: this process' images, [B, C, H, W].
  /// - Returns: [B, row].
  public static func moments(_ x: Tensor) -> [Double] {
    var map = x.map
    var moments = [Double](repeating: 0, count: x.shape[0] * row(of: x))
    KernelRuntime.run("batch norm forward", "batch norm moments of \(x.shape)") {
      jml_norm_moments(&map, x.pointer, &moments)
    }
    withExtendedLifetime(x) {}
    return moments
  }

  /// - Parameters:
  ///   - x: this process' images, [B, C, H, W].
  ///   - moments: of all images in the order of the batch, [B_all, row].
  /// - Returns: y of this process' images, and the statistics of the whole batch.
  public static func forward(
    _ x: Tensor, moments: [Double], scale: Tensor, shift: Tensor, epsilon: Float, activation: Activation
  ) -> (y: Tensor, saved: Saved) {
    check("batch norm", x, scale)
    let images = images(moments, x)
    var map = x.map
    let saved = Saved(
      mean: Tensor(uninitialized: scale.shape), variance: Tensor(uninitialized: scale.shape))
    KernelRuntime.run("batch norm forward", "batch norm statistics of \(images) images like \(x.shape)") {
      jml_norm_statistics(&map, images, moments, saved.mean.pointer, saved.variance.pointer)
    }
    let y = inference(
      x, scale: scale, shift: shift, mean: saved.mean, variance: saved.variance, epsilon: epsilon,
      activation: activation)
    return (y, saved)
  }

  /// What the gradient needs to know of each image.
  ///
  /// - Parameters: `gradient`, `x`: of this process' images; `saved`: of the whole batch.
  /// - Returns: [B, row].
  public static func sums(
    _ gradient: Tensor, x: Tensor, scale: Tensor, shift: Tensor, saved: Saved, epsilon: Float,
    activation: Activation
  ) -> [Double] {
    precondition(gradient.shape == x.shape, "batch norm sums: \(gradient.shape) is not \(x.shape)")
    var map = x.map
    var sums = [Double](repeating: 0, count: x.shape[0] * row(of: x))
    KernelRuntime.run("batch norm backward", "batch norm sums of \(x.shape)") {
      jml_norm_backward_sums(
        &map, epsilon, activation.code, x.pointer, scale.pointer, shift.pointer, saved.mean.pointer,
        saved.variance.pointer, gradient.pointer, &sums)
    }
    withExtendedLifetime((x, gradient, scale, shift, saved)) {}
    return sums
  }

  /// - Parameters:
  ///   - sums: of all images in the order of the batch, [B_all, row].
  ///   - first: place of this process' first image among them.
  /// - Returns: the gradient by this process' images, and their share of those by scale [C] and shift [C], which are
  ///   the sum over processes.
  public static func backward(
    _ gradient: Tensor, x: Tensor, sums: [Double], first: Int, scale: Tensor, shift: Tensor, saved: Saved,
    epsilon: Float, activation: Activation
  ) -> (x: Tensor, scale: Tensor, shift: Tensor) {
    let images = images(sums, x)
    precondition(
      gradient.shape == x.shape && first >= 0 && first + x.shape[0] <= images,
      "batch norm backward: \(gradient.shape) for \(x.shape), from \(first) on of \(images) images")
    var map = x.map
    let dx = Tensor(uninitialized: x.shape, layout: x.layout)
    let dscale = Tensor(uninitialized: scale.shape)
    let dshift = Tensor(uninitialized: scale.shape)
    KernelRuntime.run("batch norm backward", "batch norm backward of \(x.shape)") {
      jml_norm_backward_finish(
        &map, epsilon, activation.code, x.pointer, scale.pointer, shift.pointer, saved.mean.pointer,
        saved.variance.pointer, gradient.pointer, images, first, sums, dx.pointer, dscale.pointer,
        dshift.pointer)
    }
    withExtendedLifetime((x, gradient, scale, shift, saved)) {}
    return (dx, dscale, dshift)
  }

  private static func images(_ numbers: [Double], _ x: Tensor) -> Int {
    let row = row(of: x)
    precondition(
      !numbers.isEmpty && numbers.count % row == 0,
      "batch norm: \(numbers.count) numbers are no images of \(row) each")
    return numbers.count / row
  }
}
