#include "BlockedProducts.hpp"

#include <algorithm>

#include "Parallel.h"
#include "Vectors.hpp"

namespace {

using jml::Maps;
using jml::Run;
using jml::Vector;
using jml::Writing;

/// `rows` pixels times one panel of `blocks` channel blocks, held in registers over all of k.
template <int B, int rows, int blocks>
__attribute__((always_inline)) inline void product_kernel(
    const Maps &maps, const float *v, const float *u, const Writing &writing, const float *bias, float *m) {
  using V = Vector<B>;
  V sums[rows][blocks] = {};
  for (long c = 0; c < maps.k; c += B, v += maps.in_pitch) {
    // A channel block is a short stretch far from the last, which the hardware does not foresee. A line of the cache has 16 numbers.
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i += 16 / B) __builtin_prefetch(v + maps.in_pitch + i * B);
    // Twelve sums hide no instruction that is not theirs.
#pragma clang loop unroll_count(B == 8 ? 8 : 2)
    for (int j = 0; j < B; ++j, u += blocks * B) {
      V weights[blocks];
      for (int b = 0; b < blocks; ++b) weights[b] = JML_CONST_BLOCK(B, u + b * B);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i)
        for (int b = 0; b < blocks; ++b) sums[i][b] += v[i * B + j] * weights[b];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i)
    for (int b = 0; b < blocks; ++b) {
      float *out = m + b * maps.out_pitch + i * writing.step;
      if (!writing.fresh) JML_BLOCK(B, out) = JML_CONST_BLOCK(B, out) + sums[i][b];
      else if (bias) JML_BLOCK(B, out) = JML_CONST_BLOCK(B, bias + b * B) + sums[i][b];
      else JML_BLOCK(B, out) = sums[i][b];
    }
}

/// Calls the kernel for a number of rows that is known at compile time.
template <int B, int most, int blocks>
__attribute__((always_inline)) inline void product_rows(
    long rows, const Maps &maps, const float *v, const float *u, const Writing &writing, const float *bias, float *m) {
  if constexpr (most > 0) {
    if (rows == most) product_kernel<B, most, blocks>(maps, v, u, writing, bias, m);
    else product_rows<B, most - 1, blocks>(rows, maps, v, u, writing, bias, m);
  }
}

template <int B, int most>
__attribute__((always_inline)) inline void product_all(
    const Maps &maps, const Run *runs, long count, const float *v, const float *u, const Writing &writing, float *m) {
  const long blocks = maps.n / B;
  for (long b = 0; b < blocks; b += jml::panel_blocks) {
    const float *panel = u + b * B * maps.k, *bias = writing.bias ? writing.bias + b * B : nullptr;
    for (const Run *run = runs; run < runs + count; ++run) {
      const long pieces = (run->count + most - 1) / most;
      for (long piece = 0; piece < pieces; ++piece) {
        // Pieces of about equal size: one of 14 rows and one of 2 would leave the second waiting for its sums.
        const long first = run->count * piece / pieces, rows = run->count * (piece + 1) / pieces - first;
        const float *in = v + run->in + first * B;
        float *out = m + b * maps.out_pitch + run->out + first * writing.step;
        if (b + 1 < blocks) product_rows<B, most, jml::panel_blocks>(rows, maps, in, panel, writing, bias, out);
        else product_rows<B, most, 1>(rows, maps, in, panel, writing, bias, out);
      }
    }
  }
}

/// `channels` input channels from lane `lane` of the first block on, times `blocks` blocks of output channels, summed over the
/// pixels.
template <int B, int lane, int channels, int blocks>
__attribute__((always_inline)) inline void transposed_kernel(
    const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u, long stride) {
  using V = Vector<B>;
  V sums[channels][blocks];
#pragma clang loop unroll(full)
  for (int i = 0; i < channels; ++i)
    for (int b = 0; b < blocks; ++b) {
      if (fresh) sums[i][b] = V{};
      else sums[i][b] = JML_CONST_BLOCK(B, u + i * stride + b * B);
    }
  for (const Run *run = runs; run < runs + count; ++run) {
    const float *in = v + run->in, *next = in + maps.in_pitch, *gradient = m + run->out;
    for (long t = 0; t < run->count; ++t) {
      __builtin_prefetch(in + (t + 32) * B);
      if constexpr (lane + channels > B) __builtin_prefetch(next + (t + 32) * B);
      V gradients[blocks];
      for (int b = 0; b < blocks; ++b) gradients[b] = JML_CONST_BLOCK(B, gradient + b * maps.out_pitch + t * B);
#pragma clang loop unroll(full)
      for (int i = 0; i < channels; ++i) {
        const float value = lane + i < B ? in[t * B + lane + i] : next[t * B + lane + i - B];
        for (int b = 0; b < blocks; ++b) sums[i][b] += value * gradients[b];
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < channels; ++i)
    for (int b = 0; b < blocks; ++b) JML_BLOCK(B, u + i * stride + b * B) = sums[i][b];
}

/// Calls the kernel for input channels from `first` on, which counts from a block of the maps.
template <int B, int first, int channels, int blocks>
__attribute__((always_inline)) inline void transposed_rows(
    const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u, long stride) {
  transposed_kernel<B, first % B, channels, blocks>(
      maps, runs, count, v + first / B * maps.in_pitch, m, fresh, u + first * stride, stride);
}

/// All input channels times `blocks` blocks of output channels.
template <int B, int channels, int blocks>
__attribute__((always_inline)) inline void transposed_column(
    const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u, long stride) {
  long c = 0;
  if constexpr (jml::best_product_rows(B) == 3 && blocks == 2) {
    // Twelve sums wait less for one another than eight, and load less for each.
    for (; maps.k - c >= 3 * B; c += 3 * B, v += 3 * maps.in_pitch, u += 3 * B * stride) {
      transposed_rows<B, 0, 6, blocks>(maps, runs, count, v, m, fresh, u, stride);
      transposed_rows<B, 6, 6, blocks>(maps, runs, count, v, m, fresh, u, stride);
      transposed_rows<B, 12, 6, blocks>(maps, runs, count, v, m, fresh, u, stride);
      transposed_rows<B, 18, 6, blocks>(maps, runs, count, v, m, fresh, u, stride);
    }
  }
  for (; c < maps.k; c += B, v += maps.in_pitch, u += B * stride) {
    transposed_rows<B, 0, channels, blocks>(maps, runs, count, v, m, fresh, u, stride);
    if constexpr (channels < B) transposed_rows<B, B / 2, channels, blocks>(maps, runs, count, v, m, fresh, u, stride);
  }
}

template <int B>
__attribute__((always_inline)) inline void transposed_all(
    const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u, long stride) {
  for (long left = maps.n / B; left > 0;) {
    const long blocks = jml::next_product_columns(B, left);
    if constexpr (B == 16) {
      if (blocks == 3) transposed_column<B, B / 2, 3>(maps, runs, count, v, m, fresh, u, stride);
    }
    if (blocks == 2) transposed_column<B, B / 2, 2>(maps, runs, count, v, m, fresh, u, stride);
    if (blocks == 1) transposed_column<B, B, 1>(maps, runs, count, v, m, fresh, u, stride);
    left -= blocks;
    m += blocks * maps.out_pitch;
    u += blocks * B;
  }
}

// As many sums as the instruction set has registers for, less those for operands: 28 or 24 of 32, 12 of 16.
JML_MULTIVERSION16
void product16(const Maps &maps, const Run *runs, long count, const float *v, const float *u, const Writing &writing,
               float *m) {
  product_all<16, 14>(maps, runs, count, v, u, writing, m);
}
JML_MULTIVERSION8
void product8(const Maps &maps, const Run *runs, long count, const float *v, const float *u, const Writing &writing,
              float *m) {
  product_all<8, 6>(maps, runs, count, v, u, writing, m);
}
JML_MULTIVERSION16
void transposed16(const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u,
                  long stride) {
  transposed_all<16>(maps, runs, count, v, m, fresh, u, stride);
}
JML_MULTIVERSION8
void transposed8(const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u,
                 long stride) {
  transposed_all<8>(maps, runs, count, v, m, fresh, u, stride);
}

}  // namespace

void jml::blocked_product(
    int block, const Maps &maps, const Run *runs, long count, const float *v, const float *u, const Writing &writing,
    float *m) {
  (block == 16 ? product16 : product8)(maps, runs, count, v, u, writing, m);
}

void jml::blocked_product_tn(
    int block, const Maps &maps, const Run *runs, long count, const float *v, const float *m, bool fresh, float *u,
    long stride) {
  (block == 16 ? transposed16 : transposed8)(maps, runs, count, v, m, fresh, u, stride);
}
