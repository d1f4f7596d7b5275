#pragma once
// A tile, or a kernel of weights, between memory and the points of its schemes: what operands in float32
// (WinogradTransforms.cpp) and in bfloat16 (WinogradShort.cpp) share. R and C are the schemes of rows and columns.
#include "Panels.hpp"
#include "Vectors.hpp"
#include "WinogradTransforms.hpp"

#define JML_INLINE __attribute__((always_inline)) inline

namespace jml::winograd {

/// A pixel beyond the image.
inline constexpr float outside[16] = {};

/// The patch of rows x columns pixels that starts `start` steps from the tile's first output; zero outside the image.
template <int B, int rows, int columns>
JML_INLINE void load_patch(
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
  // Which pixels lie inside differs from tile to tile, so that a choice of addresses is faster than branches.
  bool is_column[columns];
  for (int s = 0; s < columns; ++s) is_column[s] = (unsigned long)(left + (long)s * d) < (unsigned long)plane.width;
  for (int r = 0; r < rows; ++r) {
    const long y = top + (long)r * d;
    const bool is_row = (unsigned long)y < (unsigned long)plane.height;
    const float *in = map + (y * plane.width + left) * B;
    for (int s = 0; s < columns; ++s) {
      const float *pixel = (is_row & is_column[s]) ? in + (long)s * d * B : outside;
      patch[r * columns + s] = JML_CONST_BLOCK(B, pixel);
    }
  }
}

/// The points of one tile of channel block `b`: B^T d B, or A d A^T when `gradient`.
template <typename R, typename C, int B>
JML_INLINE void points_of(
    const Plane &plane, const Tile &tile, long b, int dilation, bool gradient, const float *map, Vector<B> *points) {
  Vector<B> patch[R::inputs * C::inputs], half[R::points * C::inputs];
  const float *in = map + plane.offset(tile.image, b);
  if (gradient) {
    load_patch<B, R::outputs, C::outputs>(in, plane, tile, 0, 0, dilation, patch);
    for (int s = 0; s < C::outputs; ++s) R::expand(patch + s, C::outputs, half + s, C::outputs);
    for (int r = 0; r < R::points; ++r) C::expand(half + r * C::outputs, 1, points + r * C::points, 1);
  } else {
    load_patch<B, R::inputs, C::inputs>(in, plane, tile, R::start, C::start, dilation, patch);
    for (int s = 0; s < C::inputs; ++s) R::input(patch + s, C::inputs, half + s, C::inputs);
    for (int r = 0; r < R::points; ++r) C::input(half + r * C::inputs, 1, points + r * C::points, 1);
  }
}

/// `gather_tiles`.
template <typename R, typename C, int B>
JML_INLINE void gather(
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

/// The points of a kernel, G g G^T of 9 vectors, one for each tap.
template <typename R, typename C, int B>
JML_INLINE void points_of_kernel(const Vector<B> *g, Vector<B> *points) {
  Vector<B> half[R::points * 3];
  for (int s = 0; s < 3; ++s) R::weights(g + s, 3, half + s, 3);
  for (int r = 0; r < R::points; ++r) C::weights(half + r * 3, 1, points + r * C::points, 1);
}

/// Input channels whose kernels are loaded together.
constexpr long kernel_rows = 8;

/// The 9 taps of `kernel_rows` input channels from `row` and of the `blocks` output blocks of a panel that begins at `b`: g[channel]
/// [block][tap]. Where channels are a power of two, all of them lie in a few sets of the cache, which keep none of them for
/// later; so all that a line of the cache has is loaded when it comes, and many lines at a time.
template <int B>
JML_INLINE void load_kernels(const Weights &w, long row, long b, long blocks, Vector<B> (*g)[panel_blocks][9]) {
  for (int p = 0; p < 9; ++p)
    for (long r = 0; r < kernel_rows; ++r) {
      const float *weight = w.data + p * w.tap + (row + r) * w.row + b * B;
      for (long i = 0; i < panel_blocks; ++i) {
        if (i == blocks) break;
        // Once for each line of the cache, which has 16 numbers.
        if (i * B % 16 == 0) __builtin_prefetch(weight + i * B + kernel_rows * w.row, 0, 2);
        g[r][i][p] = JML_CONST_BLOCK(B, weight + i * B);
      }
    }
}

/// The same of turned kernels, for a whole block of the other side: g[p][j] is tap p of channel row + j.
template <int B>
JML_INLINE void load_turned_kernels(const Weights &w, long row, long b, Vector<B> (*g)[B]) {
  for (int p = 0; p < 9; ++p) {
    for (int i = 0; i < B; ++i) {
      const float *weight = w.data + (8 - p) * w.tap + (b * B + i) * w.row + row;
      __builtin_prefetch(weight + B);
      g[p][i] = JML_CONST_BLOCK(B, weight);
    }
    transpose<B>(g[p]);
  }
}

/// `adjoint_weights`.
template <typename R, typename C, int B>
JML_INLINE void adjoint(long k, long n, const float *u, long pitch, float *w, long tap, long row) {
  Vector<B> whole[R::points * C::points], half[3 * C::points], g[9];
  for (long i = 0; i < k; ++i)
    for (long j = 0; j < n; j += B) {
      for (int p = 0; p < R::points * C::points; ++p) whole[p] = JML_CONST_BLOCK(B, u + p * pitch + i * n + j);
      for (int s = 0; s < C::points; ++s) R::contract(whole + s, C::points, half + s, C::points);
      for (int r = 0; r < 3; ++r) C::contract(half + r * C::points, 1, g + r * 3, 1);
      for (int p = 0; p < 9; ++p) JML_BLOCK(B, w + p * tap + i * row + j) = g[p];
    }
}

}  // namespace jml::winograd

#define JML_INLINE_LAMBDA __attribute__((always_inline))

/// Runs `call` with the schemes R and C of a tiling, whose tiles of four outputs are those of `Four`.
#define JML_WITH_SCHEMES(Four, tiling, call)                                     \
  const auto with_columns = [&](auto r) JML_INLINE_LAMBDA {                      \
    using R = decltype(r);                                                       \
    switch ((tiling).columns) {                                                  \
      case Scheme::wide: { using C = Four; call; break; }                        \
      case Scheme::narrow: { using C = NarrowScheme; call; break; }              \
      case Scheme::pair: { using C = PairScheme; call; break; }                  \
    }                                                                            \
  };                                                                             \
  switch ((tiling).rows) {                                                       \
    case Scheme::wide: with_columns(Four{}); break;                              \
    case Scheme::narrow: with_columns(NarrowScheme{}); break;                    \
    case Scheme::pair: with_columns(PairScheme{}); break;                        \
  }
