// The weight gradient of Winograd convolution: the transpose of the same algorithm,
// dg = G^T [ (B^T d B) . (A dy A^T) ] G.
#include <algorithm>
#include <type_traits>

#include "BlockedProducts.hpp"
#include "Dnnl.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "Scratch.hpp"
#include "ShortProducts.hpp"
#include "WinogradPlan.hpp"

namespace jml {
namespace {

/// Tiles up to which the weight gradient is summed a few channels at a time: both operands stay near the cache.
constexpr long few_tiles = 128;

/// Sums up to which tiles are split into parts that are summed apart, and the most parts.
constexpr long few_sums = 200'000, most_parts = 16;

/// Numbers of transformed tiles and gradients that a thread keeps in its own cache.
constexpr long own_numbers = 300'000;

/// The products of one position, dw's sums over tiles, with operands in `Number`.
template <typename Number>
struct TileSums;

template <>
struct TileSums<float> {
  const WinogradPlan &plan;

  /// Numbers of an operand for one channel and `count` tiles.
  static long length(long count) { return count; }

  void scatter(const Plane &plane, long start, long count, bool gradient, const float *map, float *v) const {
    plan.scatter(plane, start, count, gradient, map, v);
  }

  /// u[k, n] = sum over `count` tiles of v[tile, k] * m[tile, n]; += unless `fresh`.
  void multiply(
      long count, long k, long n, const float *v, const float *m, bool fresh, float *u, long stride) const {
    const Run all{0, 0, count};
    const Maps maps{k, n, count * plan.block, count * plan.block};
    blocked_product_tn(plan.block, maps, &all, 1, v, m, fresh, u, stride);
  }
};

template <>
struct TileSums<Short> {
  const WinogradPlan &plan;

  static long length(long count) { return (count + 1) / 2 * 2; }

  void scatter(const Plane &plane, long start, long count, bool gradient, const float *map, Short *v) const {
    plan.scatter_pairs(plane, start, count, gradient, map, v);
  }

  /// The same on the calling thread.
  void scatter_alone(const Plane &plane, long start, long count, bool gradient, const float *map, Short *v) const {
    scatter_tile_pairs(
        plan.tiling, plane, 0, plane.blocks, plan.pair_tiles(plane, start, 0, count, count), gradient, map, v);
  }

  void multiply(
      long count, long k, long n, const Short *v, const Short *m, bool fresh, float *u, long stride) const {
    for (long column = 0; column < n;) {
      const long columns = next_product_columns(plan.block, (n - column) / plan.block) * plan.block;
      short_product_tn(k, columns, length(count) / 2, v, m + column * length(count), fresh, u + column, stride);
      column += columns;
    }
  }
};

/// dw for few tiles: every thread takes its own input channels, and what it sums stays in its cache.
template <typename Number>
void own_gradients(const WinogradPlan &plan, const float *x, const float *dy, float *dw) {
  const TileSums<Number> sums{plan};
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long length = sums.length(total), block = plan.block;
  const long v_pitch = pitch_of<Number>(length * k), m_pitch = pitch_of<Number>(length * n);
  Number *v = scratch<Number>(input_slot, positions * v_pitch), *m = scratch<Number>(output_slot, positions * m_pitch);
  sums.scatter(plan.in, 0, total, false, x, v);
  sums.scatter(plan.out, 0, total, true, dy, m);
  const long most = std::min(k, best_product_rows(plan.block) * block), width = std::min(n, plan.channels_at_once(most));
  parallel_for(plan.in.blocks, 1, [&](long first, long last) {
    float *u = scratch<float>(weight_slot, positions * pitch_of(most * width));
    for (long column = 0; column < n; column += width)
      for (long start = first * block, rows; start < last * block; start += rows) {
        rows = std::min(most, last * block - start);
        const long columns = std::min(width, n - column), pitch = pitch_of(rows * columns);
        for (long p = 0; p < positions; ++p)
          sums.multiply(
              total, rows, columns, v + p * v_pitch + start * length, m + p * m_pitch + column * length, true,
              u + p * pitch, columns);
        adjoint_weights(plan.tiling, plan.block, rows, columns, u, pitch, dw + start * n + column, plan.pairs, n);
      }
  });
}

/// dw for many tiles: threads share the positions.
template <typename Number>
void shared_gradients(const WinogradPlan &plan, const float *x, const float *dy, float *dw) {
  const TileSums<Number> sums{plan};
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long pitch = pitch_of(plan.pairs);
  float *u = scratch<float>(weight_slot, positions * pitch);
  // The sums are read and written once a chunk, so that large ones need large chunks.
  const long chunk = plan.tiles_at_once(positions * plan.pairs * sizeof(float) / sizeof(Number));
  for (long start = 0; start < total; start += chunk) {
    const long count = std::min(chunk, total - start), length = sums.length(count);
    const long v_pitch = pitch_of<Number>(length * k), m_pitch = pitch_of<Number>(length * n);
    Number *v = scratch<Number>(input_slot, positions * v_pitch);
    Number *m = scratch<Number>(output_slot, positions * m_pitch);
    sums.scatter(plan.in, start, count, false, x, v);
    sums.scatter(plan.out, start, count, true, dy, m);
    parallel_for(positions, 1, [&](long first, long last) {
      for (long p = first; p < last; ++p)
        sums.multiply(count, k, n, v + p * v_pitch, m + p * m_pitch, start == 0, u + p * pitch, n);
    });
  }
  parallel_for(k, 8, [&](long first, long last) {
    adjoint_weights(
        plan.tiling, plan.block, last - first, n, u + first * n, pitch, dw + first * n, plan.pairs, n);
  });
}

/// dw for few weights: every thread takes its own parts of the tiles all the way, and what lies between stays in its cache.
/// There are as many parts whatever the threads, so that sums have one order. In float32 they have the order of before.
void parted_gradients(const WinogradPlan &plan, const float *x, const float *dy, float *dw) {
  const TileSums<Short> sums{plan};
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long parts = std::min(most_parts, (total + few_tiles - 1) / few_tiles), pitch = pitch_of(plan.pairs);
  const long chunk = std::max<long>(16, own_numbers / (positions * (k + n)));
  float *partial = scratch<float>(weight_slot, parts * positions * pitch);
  parallel_for(parts, 1, [&](long first, long last) {
    const long most = sums.length(std::min(chunk, total));
    Short *v = scratch<Short>(input_slot, positions * pitch_of<Short>(most * k));
    Short *m = scratch<Short>(output_slot, positions * pitch_of<Short>(most * n));
    for (long part = first; part < last; ++part) {
      const long begin = total * part / parts, end = total * (part + 1) / parts;
      float *u = partial + part * positions * pitch;
      for (long start = begin; start < end; start += chunk) {
        const long count = std::min(chunk, end - start), length = sums.length(count);
        sums.scatter_alone(plan.in, start, count, false, x, v);
        sums.scatter_alone(plan.out, start, count, true, dy, m);
        for (long p = 0; p < positions; ++p)
          sums.multiply(
              count, k, n, v + p * pitch_of<Short>(length * k), m + p * pitch_of<Short>(length * n), start == begin,
              u + p * pitch, n);
      }
    }
  });
  parallel_for(k, 8, [&](long first, long last) {
    for (long part = 1; part < parts; ++part)
      for (long p = 0; p < positions; ++p) {
        float *sum = partial + p * pitch;
        for (long i = first * n; i < last * n; ++i) sum[i] += sum[part * positions * pitch + i];
      }
    adjoint_weights(
        plan.tiling, plan.block, last - first, n, partial + first * n, pitch, dw + first * n, plan.pairs, n);
  });
}

template <typename Number>
void gradients(const WinogradPlan &plan, const float *x, const float *dy, float *dw) {
  const bool is_short = std::is_same_v<Number, Short>;
  if (plan.total <= few_tiles) own_gradients<Number>(plan, x, dy, dw);
  else if (is_short && plan.positions * plan.pairs <= few_sums) parted_gradients(plan, x, dy, dw);
  else shared_gradients<Number>(plan, x, dy, dw);
}

}  // namespace
}  // namespace jml

int jml_winograd_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("winograd backward weights", [&] {
    const jml::WinogradPlan plan(*c);
    (c->short_products ? jml::gradients<jml::Short> : jml::gradients<float>)(plan, x, dy, dw);
  });
}
