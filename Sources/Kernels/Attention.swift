import CKernels
import Tensors

/// Scaled dot-product attention (Vaswani et al., NeurIPS 2017): softmax(q k^T / sqrt(depth)) v for each head.
///
/// Attention weights are never stored: both passes work in tiles of queries that stay in the cache.
public enum Attention {
  /// - Parameters:
  ///   - q: [B, N, heads * depth].
  ///   - kv: [B, M, 2 * heads * depth]: all keys, then all values.
  /// - Returns: [B, N, heads * depth], and the logarithms of the softmax's denominators [B, heads, N].
  public static func forward(_ q: Tensor, _ kv: Tensor, heads: Int) -> (y: Tensor, logSums: Tensor) {
    var a = descriptor(q, kv, heads)
    let y = Tensor(uninitialized: q.shape)
    let logSums = Tensor(uninitialized: [q.shape[0], heads, q.shape[1]])
    Profiler.count(
      multiplyAdds: 2 * q.shape.count * kv.shape[1], numbers: 2 * q.shape.count + kv.shape.count)
    Profiler.measure("attention forward") {
      jml_attention_forward(&a, q.pointer, kv.pointer, logSums.pointer, y.pointer)
    }
    return (y, logSums)
  }

  /// - Returns: gradients by q and kv.
  public static func backward(
    _ gradient: Tensor, q: Tensor, kv: Tensor, output: Tensor, logSums: Tensor, heads: Int
  ) -> (q: Tensor, kv: Tensor) {
    var a = descriptor(q, kv, heads)
    let dq = Tensor(uninitialized: q.shape)
    let dkv = Tensor(uninitialized: kv.shape)
    // Two products for each of the forward pass's, and none for weights that are computed again.
    Profiler.count(
      multiplyAdds: 4 * q.shape.count * kv.shape[1], numbers: 4 * q.shape.count + 2 * kv.shape.count)
    Profiler.measure("attention backward") {
      jml_attention_backward(
        &a, q.pointer, kv.pointer, logSums.pointer, output.pointer, gradient.pointer, dq.pointer, dkv.pointer)
    }
    return (dq, dkv)
  }

  private static func descriptor(_ q: Tensor, _ kv: Tensor, _ heads: Int) -> jml_attention {
    precondition(
      q.shape.rank == 3 && kv.shape.rank == 3 && q.shape[0] == kv.shape[0] && kv.shape[2] == 2 * q.shape[2]
        && q.shape[2] % heads == 0,
      "attention: queries \(q.shape) and keys with values \(kv.shape) do not fit \(heads) heads")
    return jml_attention(
      batch: q.shape[0], queries: q.shape[1], keys: kv.shape[1], heads: heads, depth: q.shape[2] / heads)
  }
}
