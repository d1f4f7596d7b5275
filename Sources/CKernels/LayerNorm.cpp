// Layer normalisation of token rows.
#include <algorithm>
#include <cmath>
#include <vector>

#include "LossTile.h"
#include "Parallel.h"
#include "Tokens.h"

namespace {

using namespace jml;

/// Rows a partial sum of the parameters' gradients runs over.
constexpr long row_block = 256;

JML_MULTIVERSION
void normalise_rows(long rows, long channels, float epsilon, const float *x, const float *scale, const float *shift,
                    float *mean, float *inverse, float *y) {
  const long whole = channels / lanesPerVector * lanesPerVector;
  for (long r = 0; r < rows; ++r, x += channels, y += channels) {
    Vector sums = {};
    float rest = 0;
    for (long c = 0; c < whole; c += lanesPerVector) sums += loose(x + c);
    for (long c = whole; c < channels; ++c) rest += x[c];
    const float m = (sum(sums) + rest) / channels;
    sums = Vector{};
    rest = 0;
    for (long c = 0; c < whole; c += lanesPerVector) {
      const Vector d = Vector(loose(x + c)) - m;
      sums += d * d;
    }
    for (long c = whole; c < channels; ++c) rest += (x[c] - m) * (x[c] - m);
    const float i = 1 / std::sqrt((sum(sums) + rest) / channels + epsilon);
    for (long c = 0; c < channels; ++c) y[c] = (x[c] - m) * i * scale[c] + shift[c];
    mean[r] = m;
    inverse[r] = i;
  }
}

/// `sums`: gradients by scale, then by shift, added to.
JML_MULTIVERSION
void gradient_rows(long rows, long channels, const float *x, const float *scale, const float *mean,
                   const float *inverse, const float *dy, float *dx, float *sums) {
  const long whole = channels / lanesPerVector * lanesPerVector;
  float *dscale = sums, *dshift = sums + channels;
  for (long r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    const float m = mean[r], i = inverse[r];
    Vector straight = {}, crossed = {};
    float straight_rest = 0, crossed_rest = 0;
    for (long c = 0; c < whole; c += lanesPerVector) {
      const Vector g = Vector(loose(dy + c)) * loose(scale + c);
      straight += g;
      crossed += g * ((Vector(loose(x + c)) - m) * i);
    }
    for (long c = whole; c < channels; ++c) {
      straight_rest += dy[c] * scale[c];
      crossed_rest += dy[c] * scale[c] * (x[c] - m) * i;
    }
    const float a = (sum(straight) + straight_rest) / channels, b = (sum(crossed) + crossed_rest) / channels;
    for (long c = 0; c < channels; ++c) {
      const float normal = (x[c] - m) * i;
      dx[c] = i * (dy[c] * scale[c] - a - normal * b);
      dscale[c] += dy[c] * normal;
      dshift[c] += dy[c];
    }
  }
}

}  // namespace

void jml_layer_norm_forward(long rows, long channels, float epsilon, const float *x, const float *scale,
                            const float *shift, float *mean, float *inverse, float *y) {
  parallel_for(rows, row_block, [&](long a, long b) {
    normalise_rows(b - a, channels, epsilon, x + a * channels, scale, shift, mean + a, inverse + a, y + a * channels);
  });
}

void jml_layer_norm_backward(long rows, long channels, const float *x, const float *scale, const float *mean,
                             const float *inverse, const float *dy, float *dx, float *dscale, float *dshift) {
  const long blocks = (rows + row_block - 1) / row_block;
  std::vector<float> partial(blocks * 2 * channels, 0.0f);
  parallel_for(blocks, 1, [&](long a, long b) {
    for (long i = a; i < b; ++i) {
      const long first = i * row_block, count = std::min(row_block, rows - first), offset = first * channels;
      gradient_rows(count, channels, x + offset, scale, mean + first, inverse + first, dy + offset, dx + offset,
                    partial.data() + i * 2 * channels);
    }
  });
  for (long c = 0; c < channels; ++c) {
    float s = 0, t = 0;
    for (long i = 0; i < blocks; ++i) {
      s += partial[i * 2 * channels + c];
      t += partial[(i * 2 + 1) * channels + c];
    }
    dscale[c] = s;
    dshift[c] = t;
  }
}
