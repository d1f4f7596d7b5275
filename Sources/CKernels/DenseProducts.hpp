#pragma once
// Dense layers on tokens with the products that convolutions have: weights in panels, tokens as channel blocks, a band of rows
// at a time, so that both operands are read from the cache in the order in which they lie there.
#include "Tokens.h"

namespace jml::dense {

/// Whether a layer's channels are whole blocks, which these products need.
bool has_blocks(const jml_dense &d);

/// Whether operands are rounded to bfloat16 on their way into the cache.
enum class Operands { whole, rounded };

/// Rows that a sum of a gradient of weights runs over in float32; sums of these are added.
constexpr long sum_rows = 8192;

/// out [rows, n] = in [rows, k] * w (+ bias, may be null). `transposed`: w is [n, k], otherwise [k, n].
void multiply(
    Operands operands, long rows, long n, long k, const float *in, const float *w, bool transposed, const float *bias,
    float *out);

/// dw [m, n] = left [rows, m]^T * right [rows, n].
void multiply_transposed(
    Operands operands, long rows, long m, long n, const float *left, const float *right, float *dw);

}  // namespace jml::dense
