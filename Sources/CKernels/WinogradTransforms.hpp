#pragma once
// The transforms of Winograd convolution between activations or weights and the operands of its products.
//
// Operands of position p start at p * pitch. Tiles lie as [channel block][tile][block], weights as BlockedProducts.hpp
// wants them.
#include <vector>

#include "WinogradSchemes.hpp"

namespace jml {

/// Where a tile of outputs lies: image, and the row and column of its first output. Its other outputs follow at steps
/// of the dilation.
struct Tile {
  int image, row, column;
};

/// The one-dimensional scheme of an axis.
enum class Scheme { wide, narrow, pair };

/// How one convolution is cut into tiles.
struct Tiling {
  Scheme rows, columns;
  /// Products for each tile and pair of channels.
  int positions;
  std::vector<Tile> tiles;
};

/// Activations, [batch, blocks, height, width, block].
struct Plane {
  long block, blocks, height, width;
  long offset(long image, long b) const { return (image * blocks + b) * height * width * block; }
};

/// Some tiles of a map, and where each channel block and position of theirs lies.
struct Tiles {
  const Tile *tiles;
  long first, last, count;
  int dilation;
  long pitch;
};

/// B^T d B of activations, or A d A^T when `gradient`, for tiles first..<last of `count`.
void scatter_tiles(const Tiling &tiling, const Plane &plane, const Tiles &t, bool gradient, const float *map, float *v);

/// A^T m A into the map, which must be whole tiles' worth of outputs: every output is written once.
void gather_tiles(const Tiling &tiling, const Plane &plane, const Tiles &t, const float *m, float *map);

/// G g G^T of input channels first..<last, HWIO, as panels of output channels.
void transform_weights(
    const Tiling &tiling, int block, long in, long out, long first, long last, const float *w, long pitch, float *u);

/// The same for the data gradient: kernels turned by 180 degrees, as panels of input channels, for blocks
/// first..<last of output channels.
void transform_turned_weights(
    const Tiling &tiling, int block, long in, long out, long first, long last, const float *w, long pitch, float *u);

/// G^T u G, the adjoint: u is [in, out] at each position, w is HWIO. Pairs first..<last, a multiple of `block`.
void adjoint_weights(
    const Tiling &tiling, int block, long pairs, long first, long last, const float *u, long pitch, float *w);

}  // namespace jml
