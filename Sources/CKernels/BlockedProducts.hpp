#pragma once
// Matrix products of channel-blocked operands, without packing.
//
// A matrix of pixels (or tiles) and channels lies as [channel block][pixel][block], which is how activations lie
// already. Weights lie in panels of a few channel blocks, [panel][input channel][panel width]. Read like this both
// operands of the inner loop are contiguous, so nothing is copied into another order first; a library call would pack
// both for every product.

namespace jml {

/// m[t, n] = sum over k of v[t, k] * u[k, n].
///
/// v: [k / block][rows][block]; m: [n / block][rows][block]; u: panels of `panel_blocks(block)` channel blocks of n,
/// each [k][panel width], the last one narrower if need be.
void blocked_product(int block, long rows, long n, long k, const float *v, const float *u, float *m);

/// u[k, n] += sum over t of v[t, k] * m[t, n], or = when `fresh`. u: row-major [k, n]; v and m as above.
void blocked_product_tn(
    int block, long rows, long n, long k, const float *v, const float *m, bool fresh, float *u);

/// Channel blocks in a panel of weights.
constexpr long panel_blocks = 2;

}  // namespace jml
