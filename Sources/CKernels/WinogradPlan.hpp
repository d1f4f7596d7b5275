#pragma once
// What the three passes of Winograd convolution share: the tiling of a convolution, and sizes that fit the caches.
#include <algorithm>

#include "Convolution.h"
#include "Parallel.h"
#include "Scratch.hpp"
#include "WinogradTransforms.hpp"

namespace jml {

/// A convolution with its tiling and the planes of both sides.
struct WinogradPlan {
  const jml_convolution &c;
  const Tiling tiling;
  const Plane in, out;
  const int block;
  const long total, positions, pairs;

  explicit WinogradPlan(const jml_convolution &c);

  /// Tiles first..<last of `count` from `start`, of an operand with `channels` channels in `Number`s.
  template <typename Number = float>
  Tiles tiles(long start, long first, long last, long count, long channels) const;

  /// The same in bfloat16 and pairs of tiles, of all channels of a plane. `first` is even.
  Tiles pair_tiles(const Plane &plane, long start, long first, long last, long count) const;

  /// Channels of a transformed weight that fit a thread's cache with `width` channels of the other side.
  long channels_at_once(long width) const;

  /// Tiles handled at once: enough to amortise reading the transformed weights, few enough that both operands of the
  /// products stay near the cache. `numbers`: of both operands that are worth it for the sake of the weights.
  long tiles_at_once(long numbers) const;

  /// Shares channel blocks and `count` tiles among the threads: body(first block, last block, first tile, last tile), where the
  /// first tile is even.
  template <typename Body>
  void split(const Plane &plane, long count, const Body &body) const;

  /// Transforms `count` tiles from `start` of all channels, on all threads. With `gradient` as gradients of outputs.
  template <typename Number>
  void scatter(const Plane &plane, long start, long count, bool gradient, const float *map, Number *v) const;
  /// The same in bfloat16 and in pairs of tiles.
  void scatter_pairs(const Plane &plane, long start, long count, bool gradient, const float *map, Short *v) const;
};

/// Floats of products, and of transformed weights, that a thread keeps in its own cache while it works on a panel.
constexpr long panel_floats = 75'000;

/// Tiles of a channel block that lie in a stretch too short to be split among threads: they would wait for each other's lines of
/// the cache.
constexpr long short_stretch = 64;

template <typename Number>
Tiles WinogradPlan::tiles(long start, long first, long last, long count, long channels) const {
  return {tiling.tiles.data() + start, first, last, count, c.dilation, pitch_of<Number>(count * channels)};
}

template <typename Body>
void WinogradPlan::split(const Plane &plane, long count, const Body &body) const {
  if (count < short_stretch) {
    parallel_for(plane.blocks, 1, [&](long first, long last) { body(first, last, 0, count); });
  } else {
    parallel_for((count + 1) / 2, 2, [&](long first, long last) {
      body(0, plane.blocks, 2 * first, std::min(2 * last, count));
    });
  }
}

template <typename Number>
void WinogradPlan::scatter(
    const Plane &plane, long start, long count, bool gradient, const float *map, Number *v) const {
  split(plane, count, [&](long first_block, long last_block, long first, long last) {
    scatter_tiles(
        tiling, plane, first_block, last_block,
        tiles<Number>(start, first, last, count, plane.blocks * plane.block), gradient, map, v);
  });
}

}  // namespace jml
