// Token kernels without products: GELU, depthwise convolution, patches, layout, residual sums.
#include "Tokens.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "LossTile.h"
#include "Parallel.h"

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

/// Loads up to 16 values; the rest is zero.
JML_INLINE void load(const float *p, long count, Vector &v) {
  v = Vector{};
  if (count >= lanesPerVector) v = loose(p);
  else std::memcpy(&v, p, count * sizeof(float));
}

JML_INLINE void store(const Vector &v, float *p, long count) {
  if (count >= lanesPerVector) loose(p) = v;
  else std::memcpy(p, &v, count * sizeof(float));
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

/// One row of pixels; taps are [9, channels], `turned` reads them in reverse order. `bias` may be null.
JML_MULTIVERSION
void depthwise_row(const jml_token_map &m, long image, long y, const float *x, const float *taps, const float *bias,
                   bool turned, float *out) {
  const long channels = m.channels;
  for (long column = 0; column < m.width; ++column) {
    const long s0 = column > 0 ? 0 : 1, s1 = column + 1 < m.width ? 3 : 2;
    float *target = out + ((image * m.height + y) * m.width + column) * channels;
    for (long c = 0; c < channels; c += lanesPerVector) {
      const long left = channels - c;
      Vector total = {};
      if (bias) load(bias + c, left, total);
      for (long r = 0; r < 3; ++r) {
        const long row = y + r - 1;
        if (row < 0 || row >= m.height) continue;
        for (long s = s0; s < s1; ++s) {
          const long tap = turned ? 8 - (r * 3 + s) : r * 3 + s;
          Vector a, b;
          load(x + ((image * m.height + row) * m.width + column + s - 1) * channels + c, left, a);
          load(taps + tap * channels + c, left, b);
          total += a * b;
        }
      }
      store(total, target + c, left);
    }
  }
}

/// Adds one row of pixels to the gradients by taps [9, channels] and bias [channels].
JML_MULTIVERSION
void depthwise_gradient_row(const jml_token_map &m, long image, long y, const float *x, const float *dy, float *sums) {
  const long channels = m.channels;
  for (long c = 0; c < channels; c += lanesPerVector) {
    const long left = channels - c;
    Vector total[10];
    for (long t = 0; t < 10; ++t) load(sums + t * channels + c, left, total[t]);
    for (long column = 0; column < m.width; ++column) {
      Vector g;
      load(dy + ((image * m.height + y) * m.width + column) * channels + c, left, g);
      total[9] += g;
      for (long r = 0; r < 3; ++r) {
        const long row = y + r - 1;
        if (row < 0 || row >= m.height) continue;
        for (long s = 0; s < 3; ++s) {
          const long from = column + s - 1;
          if (from < 0 || from >= m.width) continue;
          Vector v;
          load(x + ((image * m.height + row) * m.width + from) * channels + c, left, v);
          total[r * 3 + s] += v * g;
        }
      }
    }
    for (long t = 0; t < 10; ++t) store(total[t], sums + t * channels + c, left);
  }
}

/// [channels, 9] to [9, channels].
std::vector<float> taps_of(const float *w, long channels) {
  std::vector<float> taps(9 * channels);
  for (long c = 0; c < channels; ++c)
    for (long t = 0; t < 9; ++t) taps[t * channels + c] = w[c * 9 + t];
  return taps;
}

void depthwise(const jml_token_map &m, const float *x, const float *w, const float *bias, bool turned, float *y) {
  const auto taps = taps_of(w, m.channels);
  parallel_for(m.batch * m.height, std::max<long>(1, grain / (m.width * m.channels)), [&](long a, long b) {
    for (long i = a; i < b; ++i)
      depthwise_row(m, i / m.height, i % m.height, x, taps.data(), bias, turned, y);
  });
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

void jml_token_depthwise_forward(const jml_token_map *m, const float *x, const float *w, const float *bias, float *y) {
  depthwise(*m, x, w, bias, false, y);
}

void jml_token_depthwise_backward_data(const jml_token_map *m, const float *dy, const float *w, float *dx) {
  depthwise(*m, dy, w, nullptr, true, dx);
}

void jml_token_depthwise_backward_weights(const jml_token_map *m, const float *x, const float *dy, float *dw,
                                          float *dbias) {
  constexpr long rows = 8;  // of pixels, that a partial sum runs over
  const long bands = (m->height + rows - 1) / rows, size = 10 * m->channels;
  std::vector<float> partial(m->batch * bands * size, 0.0f);
  parallel_for(m->batch * bands, 1, [&](long a, long b) {
    for (long i = a; i < b; ++i) {
      const long first = i % bands * rows, last = std::min(first + rows, m->height);
      for (long y = first; y < last; ++y)
        depthwise_gradient_row(*m, i / bands, y, x, dy, partial.data() + i * size);
    }
  });
  for (long i = 1; i < m->batch * bands; ++i) add_scaled_range(partial.data(), partial.data() + i * size, 1, partial.data(), size);
  for (long c = 0; c < m->channels; ++c) {
    for (long t = 0; t < 9; ++t) dw[c * 9 + t] = partial[t * m->channels + c];
    dbias[c] = partial[9 * m->channels + c];
  }
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
