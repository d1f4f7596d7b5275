#include "BlockedProducts.hpp"

#include <algorithm>

#include "Parallel.h"
#include "Vectors.hpp"

namespace {

using jml::Vector;

/// `rows` pixels times one panel of `blocks` channel blocks, held in registers over all of k.
template <int B, int rows, int blocks>
__attribute__((always_inline)) inline void product_kernel(
    const float *v, long v_stride, long k, const float *u, float *m, long m_stride) {
  using V = Vector<B>;
  V sums[rows][blocks] = {};
  for (long c = 0; c < k; c += B, v += v_stride)
#pragma clang loop unroll_count(2)
    for (int j = 0; j < B; ++j, u += blocks * B) {
      V weights[blocks];
      for (int b = 0; b < blocks; ++b) weights[b] = JML_CONST_BLOCK(B, u + b * B);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; ++i)
        for (int b = 0; b < blocks; ++b) sums[i][b] += v[i * B + j] * weights[b];
    }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; ++i)
    for (int b = 0; b < blocks; ++b) JML_BLOCK(B, m + b * m_stride + i * B) = sums[i][b];
}

/// Calls the kernel for a number of rows that is known at compile time.
template <int B, int most, int blocks>
__attribute__((always_inline)) inline void product_rows(
    long rows, const float *v, long v_stride, long k, const float *u, float *m, long m_stride) {
  if constexpr (most > 0) {
    if (rows == most) product_kernel<B, most, blocks>(v, v_stride, k, u, m, m_stride);
    else product_rows<B, most - 1, blocks>(rows, v, v_stride, k, u, m, m_stride);
  }
}

template <int B, int most>
__attribute__((always_inline)) inline void product_all(
    long rows, long n, long k, const float *v, const float *u, float *m) {
  const long pieces = (rows + most - 1) / most, stride = rows * B, blocks = n / B;
  for (long b = 0; b < blocks; b += jml::panel_blocks) {
    const float *panel = u + b * B * k;
    for (long piece = 0; piece < pieces; ++piece) {
      // Pieces of about equal size: one of 14 rows and one of 2 would leave the second waiting for its sums.
      const long first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
      const float *in = v + first * B;
      float *out = m + b * stride + first * B;
      if (b + 1 < blocks) product_rows<B, most, 2>(count, in, stride, k, panel, out, stride);
      else product_rows<B, most, 1>(count, in, stride, k, panel, out, stride);
    }
  }
}

/// `count` input channels of one block times `blocks` blocks of output channels, summed over the pixels.
template <int B, int count, int blocks>
__attribute__((always_inline)) inline void transposed_kernel(
    long rows, const float *v, const float *m, long m_stride, bool fresh, float *u, long n) {
  using V = Vector<B>;
  V sums[count][blocks];
#pragma clang loop unroll(full)
  for (int i = 0; i < count; ++i)
    for (int b = 0; b < blocks; ++b) {
      if (fresh) sums[i][b] = V{};
      else sums[i][b] = JML_CONST_BLOCK(B, u + i * n + b * B);
    }
  for (long t = 0; t < rows; ++t) {
    V gradients[blocks];
    for (int b = 0; b < blocks; ++b) gradients[b] = JML_CONST_BLOCK(B, m + b * m_stride + t * B);
#pragma clang loop unroll(full)
    for (int i = 0; i < count; ++i)
      for (int b = 0; b < blocks; ++b) sums[i][b] += v[t * B + i] * gradients[b];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < count; ++i)
    for (int b = 0; b < blocks; ++b) JML_BLOCK(B, u + i * n + b * B) = sums[i][b];
}

template <int B, int count, int most>
__attribute__((always_inline)) inline void transposed_all(
    long rows, long n, long k, const float *v, const float *m, bool fresh, float *u) {
  const long stride = rows * B, blocks = n / B;
  for (long b = 0; b < blocks; b += most)
    for (long c = 0; c < k; c += count) {
      const float *in = v + c / B * stride + c % B, *gradient = m + b * stride;
      float *out = u + c * n + b * B;
      if (b + most <= blocks) transposed_kernel<B, count, most>(rows, in, gradient, stride, fresh, out, n);
      else
        for (long rest = b; rest < blocks; ++rest)
          transposed_kernel<B, count, 1>(
              rows, in, m + rest * stride, stride, fresh, u + c * n + rest * B, n);
    }
}

// As many sums as the instruction set has registers for, less those for operands: 28 of 32, or 12 of 16.
JML_MULTIVERSION16
void product16(long rows, long n, long k, const float *v, const float *u, float *m) {
  product_all<16, 14>(rows, n, k, v, u, m);
}
JML_MULTIVERSION8
void product8(long rows, long n, long k, const float *v, const float *u, float *m) {
  product_all<8, 6>(rows, n, k, v, u, m);
}
JML_MULTIVERSION16
void transposed16(long rows, long n, long k, const float *v, const float *m, bool fresh, float *u) {
  transposed_all<16, 8, 3>(rows, n, k, v, m, fresh, u);
}
JML_MULTIVERSION8
void transposed8(long rows, long n, long k, const float *v, const float *m, bool fresh, float *u) {
  transposed_all<8, 4, 3>(rows, n, k, v, m, fresh, u);
}

}  // namespace

void jml::blocked_product(int block, long rows, long n, long k, const float *v, const float *u, float *m) {
  (block == 16 ? product16 : product8)(rows, n, k, v, u, m);
}

void jml::blocked_product_tn(
    int block, long rows, long n, long k, const float *v, const float *m, bool fresh, float *u) {
  (block == 16 ? transposed16 : transposed8)(rows, n, k, v, m, fresh, u);
}
