#include <algorithm>

#include "Parallel.h"
#include "WinogradTiles.hpp"

namespace jml {
namespace {

using namespace winograd;

template <typename R, typename C, int B>
JML_INLINE void scatter(
    const Plane &plane, long first_block, long last_block, const Tiles &t, bool gradient, const float *map, float *v) {
  Vector<B> points[R::points * C::points];
  for (long b = first_block; b < last_block; ++b)
    for (long i = t.first; i < t.last; ++i) {
      points_of<R, C, B>(plane, t.tiles[i], b, t.dilation, gradient, map, points);
      float *out = v + (b * t.count + i) * B;
      for (int p = 0; p < R::points * C::points; ++p) JML_BLOCK(B, out + p * t.pitch) = points[p];
    }
}

/// The points of a kernel, stored `pitch` apart.
template <typename R, typename C, int B>
JML_INLINE void store_kernel(const Vector<B> *g, float *u, long pitch) {
  Vector<B> points[R::points * C::points];
  points_of_kernel<R, C, B>(g, points);
  for (int p = 0; p < R::points * C::points; ++p) JML_BLOCK(B, u + p * pitch) = points[p];
}

template <typename R, typename C, int B>
JML_INLINE void weights(long k, long n, const Weights &w, long pitch, float *u) {
  Vector<B> g[kernel_rows][panel_blocks][9];
  for (long b = 0; b < n / B; b += panel_blocks) {
    const long blocks = std::min(panel_blocks, n / B - b);
    for (long row = 0; row < k; row += kernel_rows) {
      load_kernels<B>(w, row, b, blocks, g);
      for (long r = 0; r < kernel_rows; ++r)
        for (long i = 0; i < blocks; ++i)
          store_kernel<R, C, B>(g[r][i], u + panel_offset<B>(b + i, n, row + r, k), pitch);
    }
  }
}

template <typename R, typename C, int B>
JML_INLINE void turned_weights(long k, long n, const Weights &w, long pitch, float *u) {
  Vector<B> squares[9][B], g[9];
  for (long row = 0; row < k; row += B)
    for (long b = 0; b < n / B; ++b) {
      load_turned_kernels<B>(w, row, b, squares);
      for (int j = 0; j < B; ++j) {
        for (int p = 0; p < 9; ++p) g[p] = squares[p][j];
        store_kernel<R, C, B>(g, u + panel_offset<B>(b, n, row + j, k), pitch);
      }
    }
}

/// Defines NAME16 and NAME8, compiled for the instruction sets that use these blocks.
#define FOR_BLOCKS(name, parameters, call)                                         \
  JML_MULTIVERSION16 void name##16 parameters {                                    \
    constexpr int B = 16;                                                          \
    JML_WITH_SCHEMES(WideScheme, tiling, (call))                                   \
  }                                                                                \
  JML_MULTIVERSION8 void name##8 parameters {                                      \
    constexpr int B = 8;                                                           \
    JML_WITH_SCHEMES(WideScheme, tiling, (call))                                   \
  }

FOR_BLOCKS(scatter,
           (const Tiling &tiling, const Plane &plane, long first, long last, const Tiles &t, bool gradient,
            const float *map, float *v),
           (scatter<R, C, B>(plane, first, last, t, gradient, map, v)))
FOR_BLOCKS(gather,
           (const Tiling &tiling, const Plane &plane, long first, long last, const Tiles &t, const float *m, float *map),
           (gather<R, C, B>(plane, first, last, t, m, map)))
FOR_BLOCKS(weights, (const Tiling &tiling, long k, long n, const Weights &w, long pitch, float *u),
           (weights<R, C, B>(k, n, w, pitch, u)))
FOR_BLOCKS(turned, (const Tiling &tiling, long k, long n, const Weights &w, long pitch, float *u),
           (turned_weights<R, C, B>(k, n, w, pitch, u)))
FOR_BLOCKS(adjoint,
           (const Tiling &tiling, long k, long n, const float *u, long pitch, float *w, long tap, long row),
           (adjoint<R, C, B>(k, n, u, pitch, w, tap, row)))

}  // namespace

void scatter_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                   bool gradient, const float *map, float *v) {
  (plane.block == 16 ? scatter16 : scatter8)(tiling, plane, first_block, last_block, t, gradient, map, v);
}

void gather_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                  const float *m, float *map) {
  if (tiling.rounded) return gather_rounded_tiles(tiling, plane, first_block, last_block, t, m, map);
  (plane.block == 16 ? gather16 : gather8)(tiling, plane, first_block, last_block, t, m, map);
}

void transform_weights(
    const Tiling &tiling, int block, long k, long n, const Weights &weights, long pitch, float *u) {
  (block == 16 ? weights16 : weights8)(tiling, k, n, weights, pitch, u);
}

void transform_turned_weights(
    const Tiling &tiling, int block, long k, long n, const Weights &weights, long pitch, float *u) {
  (block == 16 ? turned16 : turned8)(tiling, k, n, weights, pitch, u);
}

void adjoint_weights(
    const Tiling &tiling, int block, long k, long n, const float *u, long pitch, float *w, long tap, long row) {
  if (tiling.rounded) return adjoint_rounded_weights(tiling, k, n, u, pitch, w, tap, row);
  (block == 16 ? adjoint16 : adjoint8)(tiling, k, n, u, pitch, w, tap, row);
}

}  // namespace jml
