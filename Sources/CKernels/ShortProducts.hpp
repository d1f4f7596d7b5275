#pragma once
// The products of BlockedProducts.hpp with operands in bfloat16 (8 bits of exponent, 7 of fraction) and sums in float32:
// AVX-512 BF16 multiplies twice as many pairs an instruction. Blocks of 16 channels only, which is the block of
// every CPU that has the instructions.
//
// An instruction multiplies two pairs and adds both, so that operands lie in pairs of what is summed over: channels
// (x * w), or pixels (gradients of weights).
#include <cstdint>

#include "BlockedProducts.hpp"

namespace jml {

/// A number in bfloat16, by its bits.
using Short = uint16_t;

/// Whether this CPU has the instructions; every function below needs them.
bool has_short_products();

/// v as `count` numbers of bfloat16 at `out`, to the nearest, ties to even. Channel pairs of a blocked map lie together
/// already. `count`: a multiple of 16.
void shorten(const float *v, long count, Short *out);

/// Two vectors of 16 in pairs: a0 b0 a1 b1 ...
void shorten_pair(const float *a, const float *b, Short *out);

/// The pixels of all runs, one after the other and in pairs, of `blocks` channel blocks: [block][pixel pair][16][2]. An odd
/// pixel at the end is paired with zeros. `offset`: of a run, `in` or `out`. Returns the number of pairs.
long shorten_pixel_pairs(
    const Run *runs, long count, long Run::*offset, const float *v, long pitch, long blocks, Short *out);

/// `count` rows, `stride` floats apart, as channel blocks: [block][row][16].
void shorten_rows(const float *v, long count, long stride, long blocks, Short *out);

/// The same in pairs of rows: [block][row pair][16][2]. An odd row at the end is paired with zeros. Returns the number of pairs.
long shorten_row_pairs(const float *v, long count, long stride, long blocks, Short *out);

/// Panels of w [k, n], whose rows lie `stride` floats apart: [panel][k / 2][panel width][2].
void pack_short_panels(long k, long n, const float *w, long stride, Short *u);

/// The same for the transpose of w [n, k].
void pack_short_panels_transposed(long k, long n, const float *w, long stride, Short *u);

/// m[out, n] = sum over k of v[in, k] * u[k, n] for the pixels of each run. `maps.in_pitch` and `Run::in` count numbers of v.
void short_product(
    const Maps &maps, const Run *runs, long count, const Short *v, const Short *u, const Writing &writing, float *m);

/// u[k, n] = sum over `pairs` pixel pairs of v[pair, k] * m[pair, n], both as from `shorten_pixel_pairs`, for at most
/// `product_columns` blocks of n; += unless `fresh`. u: row-major, rows of `stride` floats.
void short_product_tn(
    long k, long n, long pairs, const Short *v, const Short *m, bool fresh, float *u, long stride);

}  // namespace jml
