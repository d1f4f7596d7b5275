#pragma once
// Weights as the products of BlockedProducts.hpp read them: panels of a few channel blocks of n, each
// [k][panel width], the last one narrower if need be.
#include <algorithm>
#include <utility>

#include "Vectors.hpp"

namespace jml {

/// Channel blocks in a panel.
constexpr long panel_blocks = 2;

/// Panels of w [k, n], whose rows lie `stride` floats apart.
void pack_panels(int block, long k, long n, const float *w, long stride, float *u);

/// The same for the transpose of w [n, k].
void pack_panels_transposed(int block, long k, long n, const float *w, long stride, float *u);

/// Where row `k` of channel block `b` lies in panels of `n` channels, [panel][k][panel width].
template <int B>
inline __attribute__((always_inline)) long panel_offset(long b, long n, long k, long rows) {
  const long first = b / panel_blocks * panel_blocks;
  const long width = std::min(panel_blocks, n / B - first) * B;
  return first * B * rows + k * width + (b - first) * B;
}

/// Exchanges the elements of a and b that lie off the diagonal of 2 x 2 squares of edge `h`.
template <int B, int h, int... i>
inline __attribute__((always_inline)) void exchange(Vector<B> &a, Vector<B> &b, std::integer_sequence<int, i...>) {
  const Vector<B> low = __builtin_shufflevector(a, b, (i & h ? B + i - h : i)...);
  b = __builtin_shufflevector(a, b, (i & h ? B + i : i + h)...);
  a = low;
}

/// Transposes a square of B vectors in place.
template <int B, int h = B / 2>
inline __attribute__((always_inline)) void transpose(Vector<B> *rows) {
  for (int i = 0; i < B; ++i)
    if (!(i & h)) exchange<B, h>(rows[i], rows[i + h], std::make_integer_sequence<int, B>{});
  if constexpr (h > 1) transpose<B, h / 2>(rows);
}

}  // namespace jml
