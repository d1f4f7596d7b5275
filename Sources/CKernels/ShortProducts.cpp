#include "ShortProducts.hpp"

#include "Convolution.h"

#include <cstring>

#if defined(__x86_64__)
#include "ShortVectors.hpp"

JML_SHORT_BEGIN

namespace {

using jml::Maps;
using jml::Run;
using jml::Short;
using jml::Writing;

constexpr int B = 16;

/// A pair in every lane.
inline __m512bh spread(const Short *pair) {
  int bits;
  std::memcpy(&bits, pair, sizeof bits);
  return (__m512bh)_mm512_set1_epi32(bits);
}

inline __m512bh vector_at(const Short *v) { return (__m512bh)_mm512_loadu_si512(v); }

/// `rows` pixels times one panel of `blocks` channel blocks, held in registers over all of k.
template <int rows, int blocks>
inline void product_kernel(
    const Maps &maps, const Short *v, const Short *u, const Writing &writing, const float *bias, float *m) {
  __m512 sums[rows][blocks];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i)
    for (int b = 0; b < blocks; ++b)
      sums[i][b] = !writing.fresh ? _mm512_loadu_ps(m + b * maps.out_pitch + i * writing.step)
                   : bias         ? _mm512_loadu_ps(bias + b * B)
                                  : _mm512_setzero_ps();
  for (long c = 0; c < maps.k; c += B, v += maps.in_pitch) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i += 2) __builtin_prefetch(v + maps.in_pitch + i * B);
#pragma clang loop unroll_count(2)
    for (int j = 0; j < B; j += 2, u += blocks * B * 2) {
      __m512bh weights[blocks];
      for (int b = 0; b < blocks; ++b) weights[b] = vector_at(u + b * B * 2);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i) {
        const __m512bh pixel = spread(v + i * B + j);
        for (int b = 0; b < blocks; ++b) sums[i][b] = _mm512_dpbf16_ps(sums[i][b], weights[b], pixel);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i)
    for (int b = 0; b < blocks; ++b) _mm512_storeu_ps(m + b * maps.out_pitch + i * writing.step, sums[i][b]);
}

/// Calls the kernel for a number of rows that is known at compile time.
template <int most, int blocks>
inline void product_rows(
    long rows, const Maps &maps, const Short *v, const Short *u, const Writing &writing, const float *bias, float *m) {
  if constexpr (most > 0) {
    if (rows == most) product_kernel<most, blocks>(maps, v, u, writing, bias, m);
    else product_rows<most - 1, blocks>(rows, maps, v, u, writing, bias, m);
  }
}

/// Pixels of a kernel call: 28 sums leave four of 32 registers for operands.
constexpr int most_rows = 14;

/// `channels` input channels of one block times `blocks` blocks of output channels, summed over pixel pairs.
template <int channels, int blocks>
inline void transposed_kernel(long pairs, const Short *v, const Short *m, bool fresh, float *u, long stride) {
  __m512 sums[channels][blocks];
#pragma clang loop unroll(full)
  for (int i = 0; i < channels; ++i)
    for (int b = 0; b < blocks; ++b)
      sums[i][b] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(u + i * stride + b * B);
  for (long t = 0; t < pairs; ++t) {
    __builtin_prefetch(v + (t + 16) * B * 2);
    __m512bh gradients[blocks];
    for (int b = 0; b < blocks; ++b) gradients[b] = vector_at(m + (b * pairs + t) * B * 2);
#pragma clang loop unroll(full)
    for (int i = 0; i < channels; ++i) {
      const __m512bh pixels = spread(v + t * B * 2 + i * 2);
      for (int b = 0; b < blocks; ++b) sums[i][b] = _mm512_dpbf16_ps(sums[i][b], gradients[b], pixels);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < channels; ++i)
    for (int b = 0; b < blocks; ++b) _mm512_storeu_ps(u + i * stride + b * B, sums[i][b]);
}

template <int channels, int blocks>
inline void transposed_column(
    long k, long pairs, const Short *v, const Short *m, bool fresh, float *u, long stride) {
  for (long c = 0; c < k; c += channels)
    transposed_kernel<channels, blocks>(
        pairs, v + c / B * pairs * B * 2 + c % B * 2, m, fresh, u + c * stride, stride);
}

}  // namespace

bool jml::has_short_products() {
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

void jml::shorten(const float *v, long count, Short *out) {
  for (long i = 0; i < count; i += B) _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + i), shortened(v + i));
}

void jml::shorten_pair(const float *a, const float *b, Short *out) { _mm512_storeu_si512(out, paired(a, b)); }

long jml::shorten_pixel_pairs(
    const Run *runs, long count, long Run::*offset, const float *v, long pitch, long blocks, Short *out) {
  alignas(64) static const float zeros[B] = {};
  long pixels = 0;
  for (const Run *run = runs; run < runs + count; ++run) pixels += run->count;
  const long pairs = (pixels + 1) / 2;
  for (long b = 0; b < blocks; ++b, v += pitch) {
    const float *waiting = nullptr;
    for (const Run *run = runs; run < runs + count; ++run) {
      const float *pixel = v + run->*offset, *end = pixel + run->count * B;
      if (waiting && pixel < end) {
        _mm512_storeu_si512(out, paired(waiting, pixel));
        out += B * 2, pixel += B, waiting = nullptr;
      }
      for (; pixel + B < end; pixel += 2 * B, out += B * 2) _mm512_storeu_si512(out, paired(pixel, pixel + B));
      if (pixel < end) waiting = pixel;
    }
    if (waiting) {
      _mm512_storeu_si512(out, paired(waiting, zeros));
      out += B * 2;
    }
  }
  return pairs;
}

void jml::shorten_rows(const float *v, long count, long stride, long blocks, Short *out) {
  for (long row = 0; row < count; ++row, v += stride)
    for (long b = 0; b < blocks; ++b)
      _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + (b * count + row) * B), shortened(v + b * B));
}

long jml::shorten_row_pairs(const float *v, long count, long stride, long blocks, Short *out) {
  alignas(64) static const float zeros[B] = {};
  const long pairs = (count + 1) / 2;
  for (long t = 0; t < pairs; ++t, v += 2 * stride)
    for (long b = 0; b < blocks; ++b)
      _mm512_storeu_si512(
          out + (b * pairs + t) * B * 2, paired(v + b * B, 2 * t + 1 < count ? v + stride + b * B : zeros));
  return pairs;
}

void jml::pack_short_panels(long k, long n, const float *w, long stride, Short *u) {
  for (long b = 0; b < n / B; ++b) {
    const long first = b / panel_blocks * panel_blocks, width = std::min(panel_blocks, n / B - first) * B;
    Short *to = u + first * B * k + (b - first) * B * 2;
    for (long row = 0; row < k; row += 2, to += width * 2)
      _mm512_storeu_si512(to, paired(w + row * stride + b * B, w + (row + 1) * stride + b * B));
  }
}

void jml::pack_short_panels_transposed(long k, long n, const float *w, long stride, Short *u) {
  alignas(64) uint32_t pairs[B][B / 2];
  for (long b = 0; b < n / B; ++b) {
    const long first = b / panel_blocks * panel_blocks, width = std::min(panel_blocks, n / B - first) * B;
    Short *to = u + first * B * k + (b - first) * B * 2;
    for (long row = 0; row < k; row += B) {
      for (int i = 0; i < B; ++i)
        _mm256_store_si256(reinterpret_cast<__m256i *>(pairs[i]), shortened(w + (b * B + i) * stride + row));
      for (int j = 0; j < B / 2; ++j, to += width * 2) {
        uint32_t column[B];
        for (int i = 0; i < B; ++i) column[i] = pairs[i][j];
        std::memcpy(to, column, sizeof column);
      }
    }
  }
}

void jml::short_product(
    const Maps &maps, const Run *runs, long count, const Short *v, const Short *u, const Writing &writing, float *m) {
  const long blocks = maps.n / B;
  for (long b = 0; b < blocks; b += panel_blocks) {
    const Short *panel = u + b * B * maps.k;
    const float *bias = writing.bias ? writing.bias + b * B : nullptr;
    for (const Run *run = runs; run < runs + count; ++run) {
      const long pieces = (run->count + most_rows - 1) / most_rows;
      for (long piece = 0; piece < pieces; ++piece) {
        const long first = run->count * piece / pieces, rows = run->count * (piece + 1) / pieces - first;
        const Short *in = v + run->in + first * B;
        float *out = m + b * maps.out_pitch + run->out + first * writing.step;
        if (b + 1 < blocks) product_rows<most_rows, panel_blocks>(rows, maps, in, panel, writing, bias, out);
        else product_rows<most_rows, 1>(rows, maps, in, panel, writing, bias, out);
      }
    }
  }
}

void jml::short_product_tn(
    long k, long n, long pairs, const Short *v, const Short *m, bool fresh, float *u, long stride) {
  if (n == 3 * B) transposed_column<B / 2, 3>(k, pairs, v, m, fresh, u, stride);
  else if (n == 2 * B) transposed_column<B / 2, 2>(k, pairs, v, m, fresh, u, stride);
  else transposed_column<B, 1>(k, pairs, v, m, fresh, u, stride);
}

JML_SHORT_END

#else

bool jml::has_short_products() { return false; }
void jml::shorten(const float *, long, Short *) { __builtin_trap(); }
void jml::shorten_pair(const float *, const float *, Short *) { __builtin_trap(); }
long jml::shorten_pixel_pairs(const Run *, long, long Run::*, const float *, long, long, Short *) { __builtin_trap(); }
void jml::shorten_rows(const float *, long, long, long, Short *) { __builtin_trap(); }
long jml::shorten_row_pairs(const float *, long, long, long, Short *) { __builtin_trap(); }
void jml::pack_short_panels(long, long, const float *, long, Short *) { __builtin_trap(); }
void jml::pack_short_panels_transposed(long, long, const float *, long, Short *) { __builtin_trap(); }
void jml::short_product(const Maps &, const Run *, long, const Short *, const Short *, const Writing &, float *) {
  __builtin_trap();
}
void jml::short_product_tn(long, long, long, const Short *, const Short *, bool, float *, long) { __builtin_trap(); }

#endif

int jml_has_short_products(void) { return jml::has_short_products() ? 1 : 0; }
