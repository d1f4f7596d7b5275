#pragma once
// Matrix products of channel-blocked operands, without packing activations.
//
// A matrix of pixels (or tiles) and channels lies as [channel block][pixel][block], which is how activations lie
// already. Weights lie in the panels of Panels.hpp. Read like this both operands of the inner loop are contiguous, so
// no activation is copied into another order first; a library call would pack both operands for every product.
#include <algorithm>

#include "Panels.hpp"

namespace jml {

/// Pixels that lie one after the other in both maps of a product. Offsets are in floats, within one channel block.
struct Run {
  long in, out, count;
};

/// The matrices of pixels and channels on both sides of a product.
struct Maps {
  /// Numbers of channels, multiples of the block.
  long k, n;
  /// Floats from one channel block to the next.
  long in_pitch, out_pitch;
};

/// How a product goes into a matrix m.
struct Writing {
  /// Whether it takes the place of what is there; otherwise it is added.
  bool fresh;
  /// Floats from a pixel of m to the next: the block where pixels lie side by side.
  long step;
  /// [n], added to every pixel of what is fresh; may be null.
  const float *bias = nullptr;
};

/// m[out, n] = sum over k of v[in, k] * u[k, n] for the pixels of each run. u: panels of n, k rows each.
void blocked_product(
    int block, const Maps &maps, const Run *runs, long count, const float *v, const float *u, const Writing &writing,
    float *m);

/// u[k, n] = sum over the pixels of all runs of v[in, k] * m[out, n]; += unless `fresh`. u: row-major, rows of
/// `stride` floats.
void blocked_product_tn(
    int block, const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u,
    long stride);

/// How many channel blocks of n the transposed products take at once, at most, and how many of `left` they do: two and two are
/// faster than three and one; of blocks of 8 three do not fit into the registers.
constexpr long product_columns = 3;
constexpr long next_product_columns(int block, long left) {
  return left == 4 || block == 8 ? std::min(left, 2L) : std::min(left, product_columns);
}

/// How many channel blocks of k they are fastest with.
constexpr long best_product_rows(int block) { return block == 8 ? 3 : 1; }

}  // namespace jml
