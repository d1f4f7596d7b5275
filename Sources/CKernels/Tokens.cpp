// Token kernels without products: GELU, patches, layout, residual sums.
#include "Tokens.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "LossTile.h"
#include "Parallel.h"
#include "TokenVectors.hpp"

namespace {

using namespace jml;

constexpr long grain = 16384;

/// Phi(x) and its density at x, by Abramowitz and Stegun 7.1.26 (absolute error of erf below 1.5e-7).
JML_INLINE void normal(const Vector &x, Vector &cumulative, Vector &density) {
  const Vector z = x < 0 ? -x : x;
  const Vector t = 1.0f / (1.0f + z * (0.3275911f * 0.70710678f));
  Vector p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = (p * t + 0.254829592f) * t;
  Vector e = z * z * -0.5f;
  exponentiate(e);
  const Vector tail = p * e * 0.5f;
  cumulative = x < 0 ? tail : 1.0f - tail;
  density = e * 0.39894228f;
}

JML_MULTIVERSION
void gelu_range(const float *x, float *y, long count) {
  for (long i = 0; i < count; i += lanesPerVector) {
    Vector v, cumulative, density;
    load(x + i, count - i, v);
    normal(v, cumulative, density);
    store(v * cumulative, y + i, count - i);
  }
}

JML_MULTIVERSION
void gelu_gradient(const float *x, const float *dy, float *dx, long count) {
  for (long i = 0; i < count; i += lanesPerVector) {
    Vector v, g, cumulative, density;
    load(x + i, count - i, v);
    load(dy + i, count - i, g);
    normal(v, cumulative, density);
    store(g * (cumulative + v * density), dx + i, count - i);
  }
}

/// Calls body(patch row in the matrix, tokens) for every row of every patch.
template <typename Body>
void each_patch_row(const jml_token_map &m, long size, const Body &body) {
  const long down = m.height / size, across = m.width / size, run = size * m.channels;
  parallel_for(m.batch * down, 1, [&](long a, long b) {
    for (long i = a; i < b; ++i)
      for (long r = 0; r < size; ++r) {
        const long line = ((i / down * m.height) + i % down * size + r) * m.width * m.channels;
        for (long p = 0; p < across; ++p) body(((i * across + p) * size + r) * run, line + p * run, run);
      }
  });
}

JML_MULTIVERSION
void add_scaled_range(const float *a, const float *b, float factor, float *y, long count) {
  if (a)
    for (long i = 0; i < count; ++i) y[i] = a[i] + factor * b[i];
  else
    for (long i = 0; i < count; ++i) y[i] = factor * b[i];
}

/// Calls body(offset in the map, offset in the tokens, channels) for pieces that are contiguous in both; plain maps
/// in pieces of one channel.
template <typename Body>
void each_piece(const jml_map &m, const Body &body) {
  const long block = m.block ? m.block : 1, blocks = (m.channels + block - 1) / block;
  const long pixels = (long)m.height * m.width;
  parallel_for(m.batch * pixels, std::max<long>(1, grain / m.channels), [&](long first, long last) {
    for (long i = first; i < last; ++i)
      for (long b = 0; b < blocks; ++b)
        body(((i / pixels * blocks + b) * pixels + i % pixels) * block, i * m.channels + b * block,
             std::min<long>(block, m.channels - b * block));
  });
}

}  // namespace

void jml_gelu_forward(long count, const float *x, float *y) {
  parallel_for(count, grain, [&](long a, long b) { gelu_range(x + a, y + a, b - a); });
}

void jml_gelu_backward(long count, const float *x, const float *dy, float *dx) {
  parallel_for(count, grain, [&](long a, long b) { gelu_gradient(x + a, dy + a, dx + a, b - a); });
}

void jml_token_patches(const jml_token_map *m, long size, const float *x, float *patches) {
  each_patch_row(*m, size, [&](long patch, long tokens, long run) {
    std::memcpy(patches + patch, x + tokens, run * sizeof(float));
  });
}

void jml_token_patches_backward(const jml_token_map *m, long size, const float *dpatches, float *dx) {
  if (m->height % size || m->width % size)
    std::memset(dx, 0, m->batch * m->height * m->width * m->channels * sizeof(float));
  each_patch_row(*m, size, [&](long patch, long tokens, long run) {
    std::memcpy(dx + tokens, dpatches + patch, run * sizeof(float));
  });
}

void jml_tokens_from_map(const jml_map *map, const float *x, float *tokens) {
  each_piece(*map, [&](long inside, long token, long count) {
    std::memcpy(tokens + token, x + inside, count * sizeof(float));
  });
}

void jml_map_from_tokens(const jml_map *map, const float *tokens, float *x) {
  const long block = map->block ? map->block : 1;
  each_piece(*map, [&](long inside, long token, long count) {
    std::memcpy(x + inside, tokens + token, count * sizeof(float));
    for (long i = count; i < block; ++i) x[inside + i] = 0;
  });
}

void jml_add_scaled(long batch, long size, const float *a, const float *b, const float *factors, float *y) {
  parallel_for(batch * size, grain, [&](long first, long last) {
    while (first < last) {
      const long image = first / size, end = std::min(last, (image + 1) * size);
      add_scaled_range(a ? a + first : nullptr, b + first, factors[image], y + first, end - first);
      first = end;
    }
  });
}
