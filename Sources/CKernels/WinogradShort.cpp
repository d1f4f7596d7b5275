// Winograd's transforms with operands in bfloat16. They compute in float32 and round what they store.
#if defined(__x86_64__)
#include "ShortVectors.hpp"
#endif
#include "WinogradTiles.hpp"

#if defined(__x86_64__)
JML_SHORT_BEGIN

namespace jml {
namespace {

using namespace winograd;

constexpr int B = 16;
using V = Vector<B>;

template <typename R, typename C>
JML_INLINE void scatter(
    const Plane &plane, long first_block, long last_block, const Tiles &t, bool gradient, const float *map, Short *v) {
  V points[R::points * C::points];
  for (long b = first_block; b < last_block; ++b)
    for (long i = t.first; i < t.last; ++i) {
      points_of<R, C, B>(plane, t.tiles[i], b, t.dilation, gradient, map, points);
      Short *out = v + (b * t.count + i) * B;
      for (int p = 0; p < R::points * C::points; ++p)
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(out + p * t.pitch), shortened((__m512)points[p]));
    }
}

/// Two arrays of points in pairs, stored `pitch` apart.
template <int points>
JML_INLINE void store_pairs(const V *a, const V *b, Short *out, long pitch) {
  for (int p = 0; p < points; ++p) _mm512_storeu_si512(out + p * pitch, paired((__m512)a[p], (__m512)b[p]));
}

template <typename R, typename C>
JML_INLINE void scatter_pairs(
    const Plane &plane, long first_block, long last_block, const Tiles &t, bool gradient, const float *map, Short *v) {
  constexpr int count = R::points * C::points;
  const long pairs = (t.count + 1) / 2;
  V even[count], odd[count];
  for (long b = first_block; b < last_block; ++b)
    for (long i = t.first; i < t.last; i += 2) {
      points_of<R, C, B>(plane, t.tiles[i], b, t.dilation, gradient, map, even);
      if (i + 1 < t.count) points_of<R, C, B>(plane, t.tiles[i + 1], b, t.dilation, gradient, map, odd);
      else
        for (V &point : odd) point = V{};
      store_pairs<count>(even, odd, v + (b * pairs + i / 2) * 2 * B, t.pitch);
    }
}

/// Where the pair of rows from `row` of channel block `b` lies in panels of `n` channels, [panel][k / 2][panel width][2].
JML_INLINE long pair_offset(long b, long n, long row, long k) {
  const long first = b / panel_blocks * panel_blocks, width = std::min(panel_blocks, n / B - first) * B;
  return first * B * k + row * width + (b - first) * B * 2;
}

template <typename R, typename C>
JML_INLINE void weights(long k, long n, const Weights &w, long pitch, Short *u) {
  constexpr int count = R::points * C::points;
  V g[kernel_rows][panel_blocks][9], even[count], odd[count];
  for (long b = 0; b < n / B; b += panel_blocks) {
    const long blocks = std::min(panel_blocks, n / B - b);
    for (long row = 0; row < k; row += kernel_rows) {
      load_kernels<B>(w, row, b, blocks, g);
      for (long r = 0; r < kernel_rows; r += 2)
        for (long i = 0; i < blocks; ++i) {
          points_of_kernel<R, C, B>(g[r][i], even);
          points_of_kernel<R, C, B>(g[r + 1][i], odd);
          store_pairs<count>(even, odd, u + pair_offset(b + i, n, row + r, k), pitch);
        }
    }
  }
}

template <typename R, typename C>
JML_INLINE void turned_weights(long k, long n, const Weights &w, long pitch, Short *u) {
  constexpr int count = R::points * C::points;
  V squares[9][B], g[9], even[count], odd[count];
  for (long row = 0; row < k; row += B)
    for (long b = 0; b < n / B; ++b) {
      load_turned_kernels<B>(w, row, b, squares);
      for (int j = 0; j < B; j += 2) {
        for (int p = 0; p < 9; ++p) g[p] = squares[p][j];
        points_of_kernel<R, C, B>(g, even);
        for (int p = 0; p < 9; ++p) g[p] = squares[p][j + 1];
        points_of_kernel<R, C, B>(g, odd);
        store_pairs<count>(even, odd, u + pair_offset(b, n, row + j, k), pitch);
      }
    }
}

}  // namespace

void scatter_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                   bool gradient, const float *map, Short *v) {
  JML_WITH_SCHEMES(BalancedScheme, tiling, (scatter<R, C>(plane, first_block, last_block, t, gradient, map, v)))
}

void scatter_tile_pairs(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                        bool gradient, const float *map, Short *v) {
  JML_WITH_SCHEMES(BalancedScheme, tiling, (scatter_pairs<R, C>(plane, first_block, last_block, t, gradient, map, v)))
}

void gather_rounded_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                          const float *m, float *map) {
  JML_WITH_SCHEMES(BalancedScheme, tiling, (gather<R, C, B>(plane, first_block, last_block, t, m, map)))
}

void transform_weights(const Tiling &tiling, int, long k, long n, const Weights &w, long pitch, Short *u) {
  JML_WITH_SCHEMES(BalancedScheme, tiling, (weights<R, C>(k, n, w, pitch, u)))
}

void transform_turned_weights(const Tiling &tiling, int, long k, long n, const Weights &w, long pitch, Short *u) {
  JML_WITH_SCHEMES(BalancedScheme, tiling, (turned_weights<R, C>(k, n, w, pitch, u)))
}

void adjoint_rounded_weights(
    const Tiling &tiling, long k, long n, const float *u, long pitch, float *w, long tap, long row) {
  JML_WITH_SCHEMES(BalancedScheme, tiling, (adjoint<R, C, B>(k, n, u, pitch, w, tap, row)))
}

}  // namespace jml

JML_SHORT_END
#else

namespace jml {

void scatter_tiles(const Tiling &, const Plane &, long, long, const Tiles &, bool, const float *, Short *) {
  __builtin_trap();
}
void scatter_tile_pairs(const Tiling &, const Plane &, long, long, const Tiles &, bool, const float *, Short *) {
  __builtin_trap();
}
void gather_rounded_tiles(const Tiling &, const Plane &, long, long, const Tiles &, const float *, float *) {
  __builtin_trap();
}
void transform_weights(const Tiling &, int, long, long, const Weights &, long, Short *) { __builtin_trap(); }
void transform_turned_weights(const Tiling &, int, long, long, const Weights &, long, Short *) { __builtin_trap(); }
void adjoint_rounded_weights(const Tiling &, long, long, const float *, long, float *, long, long) {
  __builtin_trap();
}

}  // namespace jml

#endif
