#pragma once
// Matrix products of channel-blocked operands, without packing activations.
//
// A matrix of pixels (or tiles) and channels lies as [channel block][pixel][block], which is how activations lie
// already. Weights lie in the panels of Panels.hpp. Read like this both operands of the inner loop are contiguous, so
// no activation is copied into another order first; a library call would pack both operands for every product.
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

/// m[out, n] = sum over k of v[in, k] * u[k, n] for the pixels of each run; += unless `fresh`.
/// u: panels of n, k rows each.
void blocked_product(
    int block, const Maps &maps, const Run *runs, long count, const float *v, const float *u, bool fresh, float *m);

/// u[k, n] = sum over the pixels of all runs of v[in, k] * m[out, n]; += unless `fresh`. u: row-major, rows of
/// `stride` floats.
void blocked_product_tn(
    int block, const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u,
    long stride);

}  // namespace jml
