#include "Panels.hpp"

#include "Parallel.h"

namespace {

template <int B>
__attribute__((always_inline)) inline void pack(long k, long n, const float *w, long stride, float *u) {
  for (long row = 0; row < k; ++row)
    for (long b = 0; b < n / B; ++b)
      JML_BLOCK(B, u + jml::panel_offset<B>(b, n, row, k)) = JML_CONST_BLOCK(B, w + row * stride + b * B);
}

template <int B>
__attribute__((always_inline)) inline void pack_transposed(long k, long n, const float *w, long stride, float *u) {
  jml::Vector<B> square[B];
  for (long b = 0; b < n / B; ++b)
    for (long row = 0; row < k; row += B) {
      for (int i = 0; i < B; ++i) square[i] = JML_CONST_BLOCK(B, w + (b * B + i) * stride + row);
      jml::transpose<B>(square);
      for (int j = 0; j < B; ++j) JML_BLOCK(B, u + jml::panel_offset<B>(b, n, row + j, k)) = square[j];
    }
}

JML_MULTIVERSION16
void pack16(long k, long n, const float *w, long stride, float *u) { pack<16>(k, n, w, stride, u); }
JML_MULTIVERSION8
void pack8(long k, long n, const float *w, long stride, float *u) { pack<8>(k, n, w, stride, u); }
JML_MULTIVERSION16
void transposed16(long k, long n, const float *w, long stride, float *u) { pack_transposed<16>(k, n, w, stride, u); }
JML_MULTIVERSION8
void transposed8(long k, long n, const float *w, long stride, float *u) { pack_transposed<8>(k, n, w, stride, u); }

}  // namespace

void jml::pack_panels(int block, long k, long n, const float *w, long stride, float *u) {
  (block == 16 ? pack16 : pack8)(k, n, w, stride, u);
}

void jml::pack_panels_transposed(int block, long k, long n, const float *w, long stride, float *u) {
  (block == 16 ? transposed16 : transposed8)(k, n, w, stride, u);
}
