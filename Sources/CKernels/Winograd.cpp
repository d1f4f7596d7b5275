// Winograd convolution of channel-blocked activations: the forward pass and the data gradient.
//
// y = A^T [ (G g G^T) . (B^T d B) ] A for each input tile d and output tile y. Collecting one tile position over all
// tiles and channels makes an independent matrix product of each position.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "BlockedProducts.hpp"
#include "Dnnl.hpp"
#include "Epilogue.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "Scratch.hpp"
#include "ShortProducts.hpp"
#include "WinogradPlan.hpp"

namespace jml {
namespace {

/// Bytes of transformed weights up to which they are taken to stay in the shared cache; the same where there are tiles enough to
/// use them often.
constexpr long small_weights = 2'400'000, used_weights = 5'000'000, many_tiles = 256;

/// Floats of transformed tiles and of products that a thread keeps in its own cache.
constexpr long own_floats = 300'000;

/// The outputs of a tile that lie in the map.
Patch patch_of(const Tiling &tiling, const Plane &plane, const Tile &tile, long dilation) {
  const auto inside = [&](long outputs, long start, long extent) {
    return std::min(outputs, (extent - start + dilation - 1) / dilation);
  };
  return {tile.image,
          tile.row * plane.width + tile.column,
          inside(outputs_of(tiling.rows), tile.row, plane.height),
          dilation * plane.width,
          inside(outputs_of(tiling.columns), tile.column, plane.width),
          dilation};
}

/// y = x * w, finished by `epilogue`, or dx = dy * turned w when `backward`. `Number`: of the products' operands.
template <typename Number>
struct Pass {
  const WinogradPlan plan;
  const bool backward;
  const Plane &from, &to;
  const long k, n, width, panels;
  const float *x, *w;
  float *y;
  const Epilogue epilogue;

  Pass(const jml_convolution &c, const float *x, const float *w, float *y, bool backward, const jml_epilogue *epilogue)
      : plan(c),
        backward(backward),
        from(backward ? plan.out : plan.in),
        to(backward ? plan.in : plan.out),
        k(from.blocks * from.block),
        n(to.blocks * to.block),
        width(panel_blocks * plan.block),
        panels((n + width - 1) / width),
        x(x),
        w(w),
        y(y),
        epilogue(epilogue, output_map(c), y) {}

  /// Transformed weights of `count` channels of the source from `start`, and of `columns` of the target from `column`.
  void transform(long start, long count, long column, long columns, long pitch, Number *u) const {
    const long row = plan.c.out_channels, tap = plan.pairs;
    if (backward)
      transform_turned_weights(
          plan.tiling, plan.block, count, columns, {w + column * row + start, tap, row}, pitch, u);
    else
      transform_weights(plan.tiling, plan.block, count, columns, {w + start * row + column, tap, row}, pitch, u);
  }

  /// The products of position p: `depth` channels of `count` tiles with `columns` channels.
  void multiply(
      long count, long depth, long columns, const Number *v, const Number *u, bool fresh, float *m) const {
    const Run all{0, 0, count};
    const Maps maps{depth, columns, count * plan.block, count * plan.block};
    if constexpr (std::is_same_v<Number, Short>) short_product(maps, &all, 1, v, u, {fresh, plan.block}, m);
    else blocked_product(plan.block, maps, &all, 1, v, u, {fresh, plan.block}, m);
  }

  /// The outputs of some tiles into the map. With an epilogue one channel block after the other, which is finished while
  /// it is in the cache.
  void gather(long first_block, long last_block, const Tiles &t, const float *m) const {
    if (!epilogue) return gather_tiles(plan.tiling, to, first_block, last_block, t, m, y);
    std::vector<Patch> patches;
    for (long i = t.first; i < t.last; ++i) patches.push_back(patch_of(plan.tiling, to, t.tiles[i], t.dilation));
    for (long b = first_block; b < last_block; ++b) {
      gather_tiles(plan.tiling, to, b, b + 1, t, m, y);
      epilogue.finish(b, b + 1, patches.data(), patches.size());
    }
  }

  void run() const {
    const long weights = plan.positions * plan.pairs * sizeof(Number);
    if (weights <= (plan.total < many_tiles ? small_weights : used_weights)) own_tiles();
    else if (plan.positions * plan.total * width <= panel_floats) own_panels();
    else shared();
  }

  /// For few weights: every thread takes its own tiles all the way, and what lies between stays in its cache.
  void own_tiles() const {
    const long positions = plan.positions, total = plan.total, weight_pitch = pitch_of<Number>(plan.pairs);
    Number *u = transform_all(weight_pitch);
    const long share = (total + jml_thread_count() - 1) / jml_thread_count();
    const long chunk = std::min(std::max<long>(16, own_floats / (positions * (k + n))), share);
    parallel_for((total + chunk - 1) / chunk, 1, [&](long first, long last) {
      Number *v = scratch<Number>(input_slot, positions * pitch_of<Number>(chunk * k));
      float *m = scratch<float>(output_slot, positions * pitch_of(chunk * n));
      for (long start = first * chunk; start < std::min(last * chunk, total); start += chunk) {
        const long count = std::min(chunk, total - start), v_pitch = pitch_of<Number>(count * k);
        const long m_pitch = pitch_of(count * n);
        scatter_tiles(
            plan.tiling, from, 0, from.blocks, plan.tiles<Number>(start, 0, count, count, k), false, x, v);
        for (long p = 0; p < positions; ++p)
          multiply(count, k, n, v + p * v_pitch, u + p * weight_pitch, true, m + p * m_pitch);
        gather(0, to.blocks, plan.tiles(start, 0, count, count, n), m);
      }
    });
  }

  /// For few tiles: every thread takes its own panels of target channels. It transforms a few of their weights, uses
  /// them at once for all tiles, and so the transformed weights, four times as large as the weights, never leave its
  /// cache.
  void own_panels() const {
    const long positions = plan.positions, total = plan.total, v_pitch = pitch_of<Number>(total * k);
    const long depth = std::min(k, plan.channels_at_once(width));
    Number *v = scratch<Number>(input_slot, positions * v_pitch);
    plan.scatter(from, 0, total, false, x, v);
    parallel_for(panels, 1, [&](long first, long last) {
      Number *u = scratch<Number>(weight_slot, positions * pitch_of<Number>(depth * width));
      float *m = scratch<float>(output_slot, positions * pitch_of(total * width));
      for (long panel = first; panel < last; ++panel) {
        const long column = panel * width, columns = std::min(width, n - column), m_pitch = pitch_of(total * columns);
        for (long start = 0; start < k; start += depth) {
          const long count = std::min(depth, k - start), pitch = pitch_of<Number>(count * columns);
          transform(start, count, column, columns, pitch, u);
          for (long p = 0; p < positions; ++p)
            multiply(
                total, count, columns, v + p * v_pitch + start * total, u + p * pitch, start == 0, m + p * m_pitch);
        }
        // The panel is a plane of its own that begins at its first block.
        const long first_block = column / plan.block, blocks = columns / plan.block;
        gather(
            first_block, first_block + blocks, plan.tiles(0, 0, total, total, columns),
            m - first_block * total * plan.block);
      }
    });
  }

  /// For much of both: threads share the positions.
  void shared() const {
    const long positions = plan.positions, total = plan.total, weight_pitch = pitch_of<Number>(plan.pairs);
    const Number *u = transform_all(weight_pitch);
    const long chunk = plan.tiles_at_once(positions * plan.pairs / 2);
    for (long start = 0; start < total; start += chunk) {
      const long count = std::min(chunk, total - start), v_pitch = pitch_of<Number>(count * k);
      const long m_pitch = pitch_of(count * n);
      Number *v = scratch<Number>(input_slot, positions * v_pitch);
      float *m = scratch<float>(output_slot, positions * m_pitch);
      plan.scatter(from, start, count, false, x, v);
      parallel_for(positions, 1, [&](long first, long last) {
        for (long p = first; p < last; ++p)
          multiply(count, k, n, v + p * v_pitch, u + p * weight_pitch, true, m + p * m_pitch);
      });
      parallel_for(count, 4, [&](long first, long last) {
        gather(0, to.blocks, plan.tiles(start, first, last, count, n), m);
      });
    }
  }

  Number *transform_all(long pitch) const {
    Number *u = scratch<Number>(weight_slot, plan.positions * pitch);
    parallel_for(panels, 1, [&](long first, long last) {
      const long column = first * width;
      transform(0, k, column, std::min(last * width, n) - column, pitch, u + column * k);
    });
    return u;
  }
};

}  // namespace
}  // namespace jml

namespace {

void run(const jml_convolution &c, const float *x, const float *w, float *y, bool backward,
         const jml_epilogue *epilogue = nullptr) {
  if (c.short_products) jml::Pass<jml::Short>(c, x, w, y, backward, epilogue).run();
  else jml::Pass<float>(c, x, w, y, backward, epilogue).run();
}

}  // namespace

int jml_winograd_forward(
    const jml_convolution *c, const float *x, const float *w, const jml_epilogue *epilogue, float *y) {
  return jml::guarded("winograd forward", [&] { run(*c, x, w, y, false, epilogue); });
}

int jml_winograd_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("winograd backward data", [&] { run(*c, dy, w, dx, true); });
}
