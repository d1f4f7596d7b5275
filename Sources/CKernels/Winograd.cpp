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
  const long total, positions, weight_pitch;

  explicit Plan(const jml_convolution &c)
      : c(c),
        tiling(tiling_of(c)),
        in{c.in_block, c.in_channels / c.in_block, c.in_height, c.in_width},
        out{c.out_block, c.out_channels / c.out_block, c.out_height, c.out_width},
        total(tiling.tiles.size()),
        positions(tiling.positions),
        weight_pitch(pitch_of((long)c.in_channels * c.out_channels)) {}

  jml::Tiles tiles(long start, long first, long last, long count, long channels) const {
    return {tiling.tiles.data() + start, first, last, count, c.dilation, pitch_of(count * channels)};
  }
};

void scatter_all(const Plan &plan, const Plane &plane, long start, long count, bool gradient, const float *map, float *v) {
  jml::parallel_for(count, 4, [&](long first, long last) {
    jml::scatter_tiles(
        plan.tiling, plane, plan.tiles(start, first, last, count, plane.blocks * plane.block), gradient, map, v);
  });
}

/// y = x * w, or dx = dy * turned w when `backward`.
void run(const jml_convolution &c, const float *x, const float *w, float *y, bool backward) {
  const Plan plan(c);
  const Plane &from = backward ? plan.out : plan.in, &to = backward ? plan.in : plan.out;
  const long k = backward ? c.out_channels : c.in_channels, n = backward ? c.in_channels : c.out_channels;
  const long positions = plan.positions, total = plan.total;
  const int block = c.in_block;
  float *u = scratch(weight_slot, positions * plan.weight_pitch);
  if (backward)
    jml::parallel_for(c.out_channels / block, 1, [&](long first, long last) {
      jml::transform_turned_weights(
          plan.tiling, block, c.in_channels, c.out_channels, first, last, w, plan.weight_pitch, u);
    });
  else
    jml::parallel_for(c.in_channels, 8, [&](long first, long last) {
      jml::transform_weights(plan.tiling, block, c.in_channels, c.out_channels, first, last, w, plan.weight_pitch, u);
    });
  const auto multiply = [&](long p, long count, const float *v, float *m) {
    jml::blocked_product(
        block, count, n, k, v + p * pitch_of(count * k), u + p * plan.weight_pitch, m + p * pitch_of(count * n));
  };
  if (positions * k * n <= small_weights) {
    // Every thread takes its own tiles all the way, and what lies between stays in its cache.
    const long share = (total + jml_thread_count() - 1) / jml_thread_count();
    const long chunk = std::min(std::max<long>(16, own_floats / (positions * (k + n))), share);
    const long chunks = (total + chunk - 1) / chunk;
    jml::parallel_for(chunks, 1, [&](long first, long last) {
      float *v = scratch(input_slot, positions * pitch_of(chunk * k));
      float *m = scratch(output_slot, positions * pitch_of(chunk * n));
      for (long start = first * chunk; start < std::min(last * chunk, total); start += chunk) {
        const long count = std::min(chunk, total - start);
        jml::scatter_tiles(plan.tiling, from, plan.tiles(start, 0, count, count, k), false, x, v);
        for (long p = 0; p < positions; ++p) multiply(p, count, v, m);
        jml::gather_tiles(plan.tiling, to, plan.tiles(start, 0, count, count, n), m, y);
      }
    });
    return;
  }
  const long chunk = tiles_at_once(total, positions, k, n);
  for (long start = 0; start < total; start += chunk) {
    const long count = std::min(chunk, total - start);
    float *v = scratch(input_slot, positions * pitch_of(count * k));
    float *m = scratch(output_slot, positions * pitch_of(count * n));
    scatter_all(plan, from, start, count, false, x, v);
    jml::parallel_for(positions, 1, [&](long first, long last) {
      for (long p = first; p < last; ++p) multiply(p, count, v, m);
    });
    jml::parallel_for(count, 4, [&](long first, long last) {
      jml::gather_tiles(plan.tiling, to, plan.tiles(start, first, last, count, n), m, y);
    });
  }
}

}  // namespace

long jml_winograd_tiles(const jml_convolution *c) { return tiling_of(*c).tiles.size(); }

int jml_winograd_positions(const jml_convolution *c) {
  return axis_of(c->out_height, c->dilation).points * axis_of(c->out_width, c->dilation).points;
}

int jml_winograd_forward(const jml_convolution *c, const float *x, const float *w, float *y) {
  return jml::guarded("winograd forward", [&] { run(*c, x, w, y, false); });
}

int jml_winograd_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("winograd backward data", [&] { run(*c, dy, w, dx, true); });
}

int jml_winograd_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("winograd backward weights", [&] {
    const Plan plan(*c);
    const long rows = c->in_channels, columns = c->out_channels, pairs = rows * columns;
    const long positions = plan.positions, total = plan.total, pitch = plan.weight_pitch;
    const int block = c->in_block;
    float *u = scratch(weight_slot, positions * pitch);
    const long chunk = tiles_at_once(total, positions, rows, columns);
    for (long start = 0; start < total; start += chunk) {
      const long count = std::min(chunk, total - start);
      const long v_pitch = pitch_of(count * rows), m_pitch = pitch_of(count * columns);
      float *v = scratch(input_slot, positions * v_pitch), *m = scratch(output_slot, positions * m_pitch);
      scatter_all(plan, plan.in, start, count, false, x, v);
      scatter_all(plan, plan.out, start, count, true, dy, m);
      jml::parallel_for(positions, 1, [&](long first, long last) {
        for (long p = first; p < last; ++p)
          jml::blocked_product_tn(
              block, count, columns, rows, v + p * v_pitch, m + p * m_pitch, start == 0, u + p * pitch);
      });
    }
    jml::parallel_for(pairs / block, 64, [&](long first, long last) {
      jml::adjoint_weights(plan.tiling, block, pairs, first * block, last * block, u, pitch, dw);
    });
  });
}
