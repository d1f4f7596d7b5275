import CKernels
import Tensors

extension Tensor {
  /// Fills a plain tensor, or weights that lie as [k, k, in, out], with the next values of a source in row-major order: the
  /// bits of `RandomDistribution.values`, drawn by all threads that the calling thread's kernels have.
  ///
  /// - Parameter source: has no half of a block left, as one from which nothing was drawn.
  public func fill(_ distribution: RandomDistribution, from source: RandomSource) {
    let (key, counter) = source.nextBlock
    var stream = jml_random_stream(key: key, counter: counter)
    let sizes: (outputs: Int, inputs: Int, taps: Int)
    switch layout {
    case .plain: sizes = (shape.count, 1, 1)
    case .hwio: sizes = (shape[0], shape[1], shape[2] * shape[3])
    case .blocked: preconditionFailure("Tensor.fill: layout \(layout) is opaque")
    }
    let (kind, scale) =
      switch distribution {
      case .uniform(let bound): (jml_uniform, bound)
      case .normal(let deviation): (jml_normal, deviation)
      }
    Profiler.measure("random values") {
      jml_random_values(&stream, kind, scale, sizes.outputs, sizes.inputs, sizes.taps, pointer)
    }
  }
}
