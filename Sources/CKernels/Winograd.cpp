// Winograd convolution of channel-blocked activations: the plan and the three passes.
//
// y = A^T [ (G g G^T) . (B^T d B) ] A for each input tile d and output tile y. Collecting one tile position over all
// tiles and channels makes an independent matrix product of each position. The weight gradient is the transpose of
// the same algorithm: dg = G^T [ (B^T d B) . (A dy A^T) ] G.
#include <algorithm>
#include <vector>

#include "BlockedProducts.hpp"
#include "Library.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "WinogradTransforms.hpp"

namespace {

using jml::Plane;
using jml::Scheme;
using jml::Tiling;

struct Axis {
  Scheme scheme;
  int outputs, points;
};

/// The scheme with the fewest products for an axis, a dilated one being `dilation` interleaved axes.
Axis axis_of(long extent, int dilation) {
  if (extent <= 2 * dilation) return {Scheme::pair, 2, 3};
  long wide = 0, narrow = 0;
  for (long a = 0; a < dilation; ++a) {
    const long size = (extent - a + dilation - 1) / dilation;
    wide += (size + 3) / 4 * 6;
    narrow += (size + 1) / 2 * 4;
  }
  return wide <= narrow ? Axis{Scheme::wide, 4, 6} : Axis{Scheme::narrow, 2, 4};
}

Tiling tiling_of(const jml_convolution &c) {
  const Axis rows = axis_of(c.out_height, c.dilation), columns = axis_of(c.out_width, c.dilation);
  Tiling tiling{rows.scheme, columns.scheme, rows.points * columns.points, {}};
  const int d = c.dilation;
  for (int n = 0; n < c.batch; ++n)
    for (int a = 0; a < d && a < c.out_height; ++a)
      for (int row = a; row < c.out_height; row += rows.outputs * d)
        for (int b = 0; b < d && b < c.out_width; ++b)
          for (int column = b; column < c.out_width; column += columns.outputs * d)
            tiling.tiles.push_back({n, row, column});
  return tiling;
}

constexpr int weight_slot = 2, input_slot = 3, output_slot = 4;

float *scratch(int slot, long count) { return static_cast<float *>(jml_scratch(slot, count * sizeof(float))); }

/// Floats from one position to the next: an odd number of cache lines, because a power of two would send the lines
/// that a transform touches at a time to one and the same set of the cache.
long pitch_of(long count) { return ((count + 15) / 16 | 1) * 16; }

/// Floats of transformed weights up to which they are taken to stay in the shared cache.
constexpr long small_weights = 600'000;

/// Floats of transformed tiles and of products that a thread keeps in its own cache.
constexpr long own_floats = 300'000;

/// Floats of products, and of transformed weights, that a thread keeps in its own cache while it works on a panel.
constexpr long panel_floats = 75'000;

/// Tiles handled at once: enough to amortise reading the transformed weights, few enough that both operands of the
/// products stay near the cache.
long tiles_at_once(long count, int positions, long in, long out) {
  const long budget = std::max<long>(3'000'000, positions * in * out / 2) / (positions * (in + out));
  const long chunk = std::max<long>(64, budget);
  const long pieces = (count + chunk - 1) / chunk;
  return (count + pieces - 1) / pieces;
}

/// A convolution with its tiling and the planes of both sides.
struct Plan {
  const jml_convolution &c;
  const Tiling tiling;
  const Plane in, out;
  const int block;
  const long total, positions, pairs;

  explicit Plan(const jml_convolution &c)
      : c(c),
        tiling(tiling_of(c)),
        in{c.in_block, c.in_channels / c.in_block, c.in_height, c.in_width},
        out{c.out_block, c.out_channels / c.out_block, c.out_height, c.out_width},
        block(c.in_block),
        total(tiling.tiles.size()),
        positions(tiling.positions),
        pairs((long)c.in_channels * c.out_channels) {}

  jml::Tiles tiles(long start, long first, long last, long count, long channels) const {
    return {tiling.tiles.data() + start, first, last, count, c.dilation, pitch_of(count * channels)};
  }

  /// Channels of a transformed weight that fit `panel_floats` with `width` channels of the other side.
  long channels_at_once(long width) const {
    return std::max<long>(1, panel_floats / (positions * width * block)) * block;
  }
};

void scatter_all(const Plan &plan, const Plane &plane, long start, long count, bool gradient, const float *map, float *v) {
  jml::parallel_for(count, 4, [&](long first, long last) {
    jml::scatter_tiles(
        plan.tiling, plane, plan.tiles(start, first, last, count, plane.blocks * plane.block), gradient, map, v);
  });
}

/// y = x * w, or dx = dy * turned w when `backward`.
struct Pass {
  const Plan plan;
  const bool backward;
  const Plane &from, &to;
  const long k, n, width, panels;
  const float *x, *w;
  float *y;

  Pass(const jml_convolution &c, const float *x, const float *w, float *y, bool backward)
      : plan(c),
        backward(backward),
        from(backward ? plan.out : plan.in),
        to(backward ? plan.in : plan.out),
        k(from.blocks * from.block),
        n(to.blocks * to.block),
        width(jml::panel_blocks * plan.block),
        panels((n + width - 1) / width),
        x(x),
        w(w),
        y(y) {}

  /// Transformed weights of `count` channels of the source from `start`, and of `columns` of the target from `column`.
  void transform(long start, long count, long column, long columns, long pitch, float *u) const {
    const long row = plan.c.out_channels, tap = plan.pairs;
    if (backward)
      jml::transform_turned_weights(
          plan.tiling, plan.block, count, columns, {w + column * row + start, tap, row}, pitch, u);
    else
      jml::transform_weights(plan.tiling, plan.block, count, columns, {w + start * row + column, tap, row}, pitch, u);
  }

  /// The products of position p: `depth` channels of `count` tiles with `columns` channels.
  void multiply(long count, long depth, long columns, const float *v, const float *u, bool fresh, float *m) const {
    const jml::Run all{0, 0, count};
    jml::blocked_product(
        plan.block, {depth, columns, count * plan.block, count * plan.block}, &all, 1, v, u, fresh, m);
  }

  void run() const {
    if (plan.positions * plan.pairs <= small_weights) own_tiles();
    else if (plan.positions * plan.total * width <= panel_floats) own_panels();
    else shared();
  }

  /// For few weights: every thread takes its own tiles all the way, and what lies between stays in its cache.
  void own_tiles() const {
    const long positions = plan.positions, total = plan.total, weight_pitch = pitch_of(plan.pairs);
    float *u = transform_all(weight_pitch);
    const long share = (total + jml_thread_count() - 1) / jml_thread_count();
    const long chunk = std::min(std::max<long>(16, own_floats / (positions * (k + n))), share);
    jml::parallel_for((total + chunk - 1) / chunk, 1, [&](long first, long last) {
      float *v = scratch(input_slot, positions * pitch_of(chunk * k));
      float *m = scratch(output_slot, positions * pitch_of(chunk * n));
      for (long start = first * chunk; start < std::min(last * chunk, total); start += chunk) {
        const long count = std::min(chunk, total - start), v_pitch = pitch_of(count * k), m_pitch = pitch_of(count * n);
        jml::scatter_tiles(plan.tiling, from, plan.tiles(start, 0, count, count, k), false, x, v);
        for (long p = 0; p < positions; ++p)
          multiply(count, k, n, v + p * v_pitch, u + p * weight_pitch, true, m + p * m_pitch);
        jml::gather_tiles(plan.tiling, to, 0, to.blocks, plan.tiles(start, 0, count, count, n), m, y);
      }
    });
  }

  /// For few tiles: every thread takes its own panels of target channels. It transforms a few of their weights, uses
  /// them at once for all tiles, and so the transformed weights, four times as large as the weights, never leave its
  /// cache.
  void own_panels() const {
    const long positions = plan.positions, total = plan.total, v_pitch = pitch_of(total * k);
    const long depth = std::min(k, plan.channels_at_once(width));
    float *v = scratch(input_slot, positions * v_pitch);
    scatter_all(plan, from, 0, total, false, x, v);
    jml::parallel_for(panels, 1, [&](long first, long last) {
      float *u = scratch(weight_slot, positions * pitch_of(depth * width));
      float *m = scratch(output_slot, positions * pitch_of(total * width));
      for (long panel = first; panel < last; ++panel) {
        const long column = panel * width, columns = std::min(width, n - column), m_pitch = pitch_of(total * columns);
        for (long start = 0; start < k; start += depth) {
          const long count = std::min(depth, k - start), pitch = pitch_of(count * columns);
          transform(start, count, column, columns, pitch, u);
          for (long p = 0; p < positions; ++p)
            multiply(
                total, count, columns, v + p * v_pitch + start * total, u + p * pitch, start == 0, m + p * m_pitch);
        }
        // The panel is a plane of its own that begins at its first block.
        const long first_block = column / plan.block, blocks = columns / plan.block;
        jml::gather_tiles(
            plan.tiling, to, first_block, first_block + blocks, plan.tiles(0, 0, total, total, columns),
            m - first_block * total * plan.block, y);
      }
    });
  }

  /// For much of both: threads share the positions.
  void shared() const {
    const long positions = plan.positions, total = plan.total, weight_pitch = pitch_of(plan.pairs);
    const float *u = transform_all(weight_pitch);
    const long chunk = tiles_at_once(total, positions, k, n);
    for (long start = 0; start < total; start += chunk) {
      const long count = std::min(chunk, total - start), v_pitch = pitch_of(count * k), m_pitch = pitch_of(count * n);
      float *v = scratch(input_slot, positions * v_pitch);
      float *m = scratch(output_slot, positions * m_pitch);
      scatter_all(plan, from, start, count, false, x, v);
      jml::parallel_for(positions, 1, [&](long first, long last) {
        for (long p = first; p < last; ++p)
          multiply(count, k, n, v + p * v_pitch, u + p * weight_pitch, true, m + p * m_pitch);
      });
      jml::parallel_for(count, 4, [&](long first, long last) {
        jml::gather_tiles(plan.tiling, to, 0, to.blocks, plan.tiles(start, first, last, count, n), m, y);
      });
    }
  }

  float *transform_all(long pitch) const {
    float *u = scratch(weight_slot, plan.positions * pitch);
    jml::parallel_for(panels, 1, [&](long first, long last) {
      const long column = first * width;
      transform(0, k, column, std::min(last * width, n) - column, pitch, u + column * k);
    });
    return u;
  }
};

/// dw for few tiles: every thread takes its own input channels, and what it sums stays in its cache.
void own_gradients(const Plan &plan, const float *x, const float *dy, float *dw) {
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long v_pitch = pitch_of(total * k), m_pitch = pitch_of(total * n), block = plan.block;
  float *v = scratch(input_slot, positions * v_pitch), *m = scratch(output_slot, positions * m_pitch);
  scatter_all(plan, plan.in, 0, total, false, x, v);
  scatter_all(plan, plan.out, 0, total, true, dy, m);
  const long width = std::min(n, plan.channels_at_once(block));
  jml::parallel_for(plan.in.blocks, 1, [&](long first, long last) {
    float *u = scratch(weight_slot, positions * pitch_of(block * width));
    for (long column = 0; column < n; column += width)
      for (long start = first * block; start < last * block; start += block) {
        const long columns = std::min(width, n - column), pitch = pitch_of(block * columns);
        const jml::Run all{0, 0, total};
        const jml::Maps maps{block, columns, total * block, total * block};
        for (long p = 0; p < positions; ++p)
          jml::blocked_product_tn(
              plan.block, maps, &all, 1, v + p * v_pitch + start * total, m + p * m_pitch + column * total, true,
              u + p * pitch, columns);
        jml::adjoint_weights(
            plan.tiling, plan.block, block, columns, u, pitch, dw + start * n + column, plan.pairs, n);
      }
  });
}

/// dw for many tiles: threads share the positions.
void shared_gradients(const Plan &plan, const float *x, const float *dy, float *dw) {
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long pitch = pitch_of(plan.pairs);
  float *u = scratch(weight_slot, positions * pitch);
  const long chunk = tiles_at_once(total, positions, k, n);
  for (long start = 0; start < total; start += chunk) {
    const long count = std::min(chunk, total - start);
    const long v_pitch = pitch_of(count * k), m_pitch = pitch_of(count * n);
    float *v = scratch(input_slot, positions * v_pitch), *m = scratch(output_slot, positions * m_pitch);
    scatter_all(plan, plan.in, start, count, false, x, v);
    scatter_all(plan, plan.out, start, count, true, dy, m);
    const jml::Run all{0, 0, count};
    const jml::Maps maps{k, n, count * plan.block, count * plan.block};
    jml::parallel_for(positions, 1, [&](long first, long last) {
      for (long p = first; p < last; ++p)
        jml::blocked_product_tn(
            plan.block, maps, &all, 1, v + p * v_pitch, m + p * m_pitch, start == 0, u + p * pitch, n);
    });
  }
  jml::parallel_for(k, 8, [&](long first, long last) {
    jml::adjoint_weights(
        plan.tiling, plan.block, last - first, n, u + first * n, pitch, dw + first * n, plan.pairs, n);
  });
}

/// Tiles up to which the weight gradient is summed a few channels at a time: both operands stay near the cache.
constexpr long few_tiles = 128;

}  // namespace

long jml_winograd_tiles(const jml_convolution *c) { return tiling_of(*c).tiles.size(); }

int jml_winograd_positions(const jml_convolution *c) {
  return axis_of(c->out_height, c->dilation).points * axis_of(c->out_width, c->dilation).points;
}

int jml_winograd_forward(const jml_convolution *c, const float *x, const float *w, float *y) {
  return jml::guarded("winograd forward", [&] { Pass(*c, x, w, y, false).run(); });
}

int jml_winograd_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("winograd backward data", [&] { Pass(*c, dy, w, dx, true).run(); });
}

int jml_winograd_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("winograd backward weights", [&] {
    const Plan plan(*c);
    (plan.total <= few_tiles ? own_gradients : shared_gradients)(plan, x, dy, dw);
  });
}
