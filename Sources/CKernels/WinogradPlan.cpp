#include "WinogradPlan.hpp"

#include <algorithm>

#include "MatrixConvolution.h"
#include "Parallel.h"

namespace {

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
  Tiling tiling{rows.scheme, columns.scheme, c.short_products != 0, rows.points * columns.points, {}};
  const int d = c.dilation;
  for (int n = 0; n < c.batch; ++n)
    for (int a = 0; a < d && a < c.out_height; ++a)
      for (int row = a; row < c.out_height; row += rows.outputs * d)
        for (int b = 0; b < d && b < c.out_width; ++b)
          for (int column = b; column < c.out_width; column += columns.outputs * d)
            tiling.tiles.push_back({n, row, column});
  return tiling;
}

}  // namespace

namespace jml {

WinogradPlan::WinogradPlan(const jml_convolution &c)
    : c(c),
      tiling(tiling_of(c)),
      in{c.in_block, c.in_channels / c.in_block, c.in_height, c.in_width},
      out{c.out_block, c.out_channels / c.out_block, c.out_height, c.out_width},
      block(c.in_block),
      total(tiling.tiles.size()),
      positions(tiling.positions),
      pairs((long)c.in_channels * c.out_channels) {}

Tiles WinogradPlan::pair_tiles(const Plane &plane, long start, long first, long last, long count) const {
  const long numbers = (count + 1) / 2 * 2 * plane.blocks * plane.block;
  return {tiling.tiles.data() + start, first, last, count, c.dilation, pitch_of<Short>(numbers)};
}

long WinogradPlan::channels_at_once(long width) const {
  return std::max<long>(1, panel_floats / (positions * width * block)) * block;
}

long WinogradPlan::tiles_at_once(long numbers) const {
  const long channels = c.in_channels + c.out_channels;
  const long budget = std::max<long>(3'000'000, numbers) / (positions * channels);
  const long chunk = std::max<long>(64, budget);
  const long pieces = (total + chunk - 1) / chunk;
  return (total + pieces - 1) / pieces;
}

void WinogradPlan::scatter_pairs(
    const Plane &plane, long start, long count, bool gradient, const float *map, Short *v) const {
  split(plane, count, [&](long first_block, long last_block, long first, long last) {
    scatter_tile_pairs(
        tiling, plane, first_block, last_block, pair_tiles(plane, start, first, last, count), gradient, map, v);
  });
}

}  // namespace jml

long jml_winograd_tiles(const jml_convolution *c) { return tiling_of(*c).tiles.size(); }

int jml_winograd_positions(const jml_convolution *c) {
  return axis_of(c->out_height, c->dilation).points * axis_of(c->out_width, c->dilation).points;
}
