// The weight gradient of Winograd convolution: the transpose of the same algorithm,
// dg = G^T [ (B^T d B) . (A dy A^T) ] G.
#include <algorithm>

#include "BlockedProducts.hpp"
#include "Dnnl.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "WinogradPlan.hpp"

namespace jml {
namespace {

/// dw for few tiles: every thread takes its own input channels, and what it sums stays in its cache.
void own_gradients(const WinogradPlan &plan, const float *x, const float *dy, float *dw) {
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long v_pitch = pitch_of(total * k), m_pitch = pitch_of(total * n), block = plan.block;
  float *v = input_scratch(positions * v_pitch), *m = output_scratch(positions * m_pitch);
  plan.scatter(plan.in, 0, total, false, x, v);
  plan.scatter(plan.out, 0, total, true, dy, m);
  const long width = std::min(n, plan.channels_at_once(block));
  parallel_for(plan.in.blocks, 1, [&](long first, long last) {
    float *u = weight_scratch(positions * pitch_of(block * width));
    for (long column = 0; column < n; column += width)
      for (long start = first * block; start < last * block; start += block) {
        const long columns = std::min(width, n - column), pitch = pitch_of(block * columns);
        const Run all{0, 0, total};
        const Maps maps{block, columns, total * block, total * block};
        for (long p = 0; p < positions; ++p)
          blocked_product_tn(
              plan.block, maps, &all, 1, v + p * v_pitch + start * total, m + p * m_pitch + column * total, true,
              u + p * pitch, columns);
        adjoint_weights(
            plan.tiling, plan.block, block, columns, u, pitch, dw + start * n + column, plan.pairs, n);
      }
  });
}

/// dw for many tiles: threads share the positions.
void shared_gradients(const WinogradPlan &plan, const float *x, const float *dy, float *dw) {
  const long k = plan.c.in_channels, n = plan.c.out_channels, positions = plan.positions, total = plan.total;
  const long pitch = pitch_of(plan.pairs);
  float *u = weight_scratch(positions * pitch);
  const long chunk = plan.tiles_at_once();
  for (long start = 0; start < total; start += chunk) {
    const long count = std::min(chunk, total - start);
    const long v_pitch = pitch_of(count * k), m_pitch = pitch_of(count * n);
    float *v = input_scratch(positions * v_pitch), *m = output_scratch(positions * m_pitch);
    plan.scatter(plan.in, start, count, false, x, v);
    plan.scatter(plan.out, start, count, true, dy, m);
    const Run all{0, 0, count};
    const Maps maps{k, n, count * plan.block, count * plan.block};
    parallel_for(positions, 1, [&](long first, long last) {
      for (long p = first; p < last; ++p)
        blocked_product_tn(
            plan.block, maps, &all, 1, v + p * v_pitch, m + p * m_pitch, start == 0, u + p * pitch, n);
    });
  }
  parallel_for(k, 8, [&](long first, long last) {
    adjoint_weights(
        plan.tiling, plan.block, last - first, n, u + first * n, pitch, dw + first * n, plan.pairs, n);
  });
}

/// Tiles up to which the weight gradient is summed a few channels at a time: both operands stay near the cache.
constexpr long few_tiles = 128;

}  // namespace
}  // namespace jml

int jml_winograd_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("winograd backward weights", [&] {
    const jml::WinogradPlan plan(*c);
    (plan.total <= jml::few_tiles ? jml::own_gradients : jml::shared_gradients)(plan, x, dy, dw);
  });
}
