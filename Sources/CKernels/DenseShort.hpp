#pragma once
// Dense layers on tokens with operands in bfloat16 and sums in float32. Channels in whole blocks of 16 only.
#include "Tokens.h"

namespace jml::dense {

/// Whether a layer's products can be these.
bool takes_short(const jml_dense &d);

/// out [rows, n] += in [rows, k] * w, or = where `fresh`. `transposed`: w is [n, k], otherwise [k, n].
void run_short(
    long rows, long n, long k, const float *in, const float *w, bool transposed, bool fresh, float *out);

/// dw [m, n] = left [rows, m]^T * right [rows, n].
void run_short_weights(long rows, long m, long n, const float *left, const float *right, float *dw);

}  // namespace jml::dense
