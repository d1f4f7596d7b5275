#include <vector>

#include "Panels.hpp"
#include "Parallel.h"
#include "Vectors.hpp"
#include "WinogradTransforms.hpp"

#define INLINE __attribute__((always_inline)) inline

namespace jml {
namespace {

/// The patch of rows x columns pixels that starts `start` steps from the tile's first output; zero outside the image.
template <int B, int rows, int columns>
INLINE void load_patch(
    const float *map, const Plane &plane, const Tile &tile, int row_start, int column_start, int d, Vector<B> *patch) {
  const long top = tile.row + (long)row_start * d, left = tile.column + (long)column_start * d;
  const bool inside = top >= 0 && left >= 0 && top + (rows - 1L) * d < plane.height
      && left + (columns - 1L) * d < plane.width;
  if (inside) {
    const float *in = map + (top * plane.width + left) * B;
    for (int r = 0; r < rows; ++r)
      for (int s = 0; s < columns; ++s)
        patch[r * columns + s] = JML_CONST_BLOCK(B, in + ((long)r * plane.width + s) * d * B);
    return;
  }
  for (int r = 0; r < rows; ++r) {
    const long y = top + (long)r * d;
    for (int s = 0; s < columns; ++s) {
      const long x = left + (long)s * d;
      if (y >= 0 && y < plane.height && x >= 0 && x < plane.width)
        patch[r * columns + s] = JML_CONST_BLOCK(B, map + (y * plane.width + x) * B);
      else
        patch[r * columns + s] = Vector<B>{};
    }
  }
}

template <typename R, typename C, int B>
INLINE void scatter(const Plane &plane, const Tiles &t, bool gradient, const float *map, float *v) {
  using V = Vector<B>;
  V patch[R::inputs * C::inputs], half[R::points * C::inputs], whole[R::points * C::points];
  for (long b = 0; b < plane.blocks; ++b)
    for (long i = t.first; i < t.last; ++i) {
      const Tile &tile = t.tiles[i];
      const float *in = map + plane.offset(tile.image, b);
      if (gradient) {
        load_patch<B, R::outputs, C::outputs>(in, plane, tile, 0, 0, t.dilation, patch);
        for (int s = 0; s < C::outputs; ++s) R::expand(patch + s, C::outputs, half + s, C::outputs);
        for (int r = 0; r < R::points; ++r) C::expand(half + r * C::outputs, 1, whole + r * C::points, 1);
      } else {
        load_patch<B, R::inputs, C::inputs>(in, plane, tile, R::start, C::start, t.dilation, patch);
        for (int s = 0; s < C::inputs; ++s) R::input(patch + s, C::inputs, half + s, C::inputs);
        for (int r = 0; r < R::points; ++r) C::input(half + r * C::inputs, 1, whole + r * C::points, 1);
      }
      float *out = v + (b * t.count + i) * B;
      for (int p = 0; p < R::points * C::points; ++p) JML_BLOCK(B, out + p * t.pitch) = whole[p];
    }
}

template <typename R, typename C, int B>
INLINE void gather(
    const Plane &plane, long first_block, long last_block, const Tiles &t, const float *m, float *map) {
  using V = Vector<B>;
  V whole[R::points * C::points], half[R::outputs * C::points], patch[R::outputs * C::outputs];
  for (long b = first_block; b < last_block; ++b)
    for (long i = t.first; i < t.last; ++i) {
      const Tile &tile = t.tiles[i];
      const float *in = m + (b * t.count + i) * B;
      for (int p = 0; p < R::points * C::points; ++p) whole[p] = JML_CONST_BLOCK(B, in + p * t.pitch);
      for (int s = 0; s < C::points; ++s) R::output(whole + s, C::points, half + s, C::points);
      for (int r = 0; r < R::outputs; ++r) C::output(half + r * C::points, 1, patch + r * C::outputs, 1);
      float *out = map + plane.offset(tile.image, b);
      for (int r = 0; r < R::outputs; ++r) {
        const long y = tile.row + (long)r * t.dilation;
        if (y >= plane.height) break;
        for (int s = 0; s < C::outputs; ++s) {
          const long x = tile.column + (long)s * t.dilation;
          if (x >= plane.width) break;
          JML_BLOCK(B, out + (y * plane.width + x) * B) = patch[r * C::outputs + s];
        }
      }
    }
}

/// G g G^T of 9 vectors, one for each tap, stored `pitch` apart.
template <typename R, typename C, int B>
INLINE void expand_kernel(const Vector<B> *g, float *u, long pitch) {
  Vector<B> half[R::points * 3], whole[R::points * C::points];
  for (int s = 0; s < 3; ++s) R::weights(g + s, 3, half + s, 3);
  for (int r = 0; r < R::points; ++r) C::weights(half + r * 3, 1, whole + r * C::points, 1);
  for (int p = 0; p < R::points * C::points; ++p) JML_BLOCK(B, u + p * pitch) = whole[p];
}

/// Rows of weights that are fetched early: they lie too far apart for the hardware to foresee.
constexpr long ahead = 8;

template <typename R, typename C, int B>
INLINE void weights(long k, long n, const Weights &w, long pitch, float *u) {
  Vector<B> g[9];
  for (long row = 0; row < k; ++row)
    for (long b = 0; b < n / B; ++b) {
      for (int p = 0; p < 9; ++p) {
        const float *weight = w.data + p * w.tap + row * w.row + b * B;
        __builtin_prefetch(weight + ahead * w.row);
        g[p] = JML_CONST_BLOCK(B, weight);
      }
      expand_kernel<R, C, B>(g, u + panel_offset<B>(b, n, row, k), pitch);
    }
}

template <typename R, typename C, int B>
INLINE void turned_weights(long k, long n, const Weights &w, long pitch, float *u) {
  Vector<B> squares[9][B], g[9];
  for (long row = 0; row < k; row += B)
    for (long b = 0; b < n / B; ++b) {
      for (int p = 0; p < 9; ++p) {
        for (int i = 0; i < B; ++i) {
          const float *weight = w.data + (8 - p) * w.tap + (b * B + i) * w.row + row;
          __builtin_prefetch(weight + B);
          squares[p][i] = JML_CONST_BLOCK(B, weight);
        }
        transpose<B>(squares[p]);
      }
      for (int j = 0; j < B; ++j) {
        for (int p = 0; p < 9; ++p) g[p] = squares[p][j];
        expand_kernel<R, C, B>(g, u + panel_offset<B>(b, n, row + j, k), pitch);
      }
    }
}

template <typename R, typename C, int B>
INLINE void adjoint(long k, long n, const float *u, long pitch, float *w, long tap, long row) {
  Vector<B> whole[R::points * C::points], half[3 * C::points], g[9];
  for (long i = 0; i < k; ++i)
    for (long j = 0; j < n; j += B) {
      for (int p = 0; p < R::points * C::points; ++p) whole[p] = JML_CONST_BLOCK(B, u + p * pitch + i * n + j);
      for (int s = 0; s < C::points; ++s) R::contract(whole + s, C::points, half + s, C::points);
      for (int r = 0; r < 3; ++r) C::contract(half + r * C::points, 1, g + r * 3, 1);
      for (int p = 0; p < 9; ++p) JML_BLOCK(B, w + p * tap + i * row + j) = g[p];
    }
}

/// Calls body.template operator()<R, C>() with the schemes of a tiling.
#define WITH_SCHEMES(tiling, call)                                                      \
  const auto with_columns = [&](auto r) INLINE_LAMBDA {                                 \
    using R = decltype(r);                                                              \
    switch ((tiling).columns) {                                                         \
      case Scheme::wide: { using C = WideScheme; call; break; }                         \
      case Scheme::narrow: { using C = NarrowScheme; call; break; }                     \
      case Scheme::pair: { using C = PairScheme; call; break; }                         \
    }                                                                                   \
  };                                                                                    \
  switch ((tiling).rows) {                                                              \
    case Scheme::wide: with_columns(WideScheme{}); break;                               \
    case Scheme::narrow: with_columns(NarrowScheme{}); break;                           \
    case Scheme::pair: with_columns(PairScheme{}); break;                               \
  }
#define INLINE_LAMBDA __attribute__((always_inline))

/// Defines NAME16 and NAME8, compiled for the instruction sets that use these blocks.
#define FOR_BLOCKS(name, parameters, call)                                              \
  JML_MULTIVERSION16 void name##16 parameters { constexpr int B = 16; WITH_SCHEMES(tiling, (call)) } \
  JML_MULTIVERSION8 void name##8 parameters { constexpr int B = 8; WITH_SCHEMES(tiling, (call)) }

FOR_BLOCKS(scatter, (const Tiling &tiling, const Plane &plane, const Tiles &t, bool gradient, const float *map, float *v),
           (scatter<R, C, B>(plane, t, gradient, map, v)))
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

void scatter_tiles(const Tiling &tiling, const Plane &plane, const Tiles &t, bool gradient, const float *map, float *v) {
  (plane.block == 16 ? scatter16 : scatter8)(tiling, plane, t, gradient, map, v);
}

void gather_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                  const float *m, float *map) {
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
  (block == 16 ? adjoint16 : adjoint8)(tiling, k, n, u, pitch, w, tap, row);
}

}  // namespace jml
