#pragma once
// The transforms of Winograd convolution between activations or weights and the operands of its products.
//
// Operands of position p start at p * pitch. Tiles lie as [channel block][tile][block], weights as BlockedProducts.hpp
// wants them. Operands in bfloat16 are rounded when they have been transformed, and lie as ShortProducts.hpp wants them.
#include <vector>

#include "ShortProducts.hpp"
#include "WinogradSchemes.hpp"

namespace jml {

/// Where a tile of outputs lies: image, and the row and column of its first output. Its other outputs follow at steps
/// of the dilation.
struct Tile {
  int image, row, column;
};

/// The one-dimensional scheme of an axis.
enum class Scheme { wide, narrow, pair };

/// Outputs of a tile along an axis.
inline int outputs_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::wide: return WideScheme::outputs;
    case Scheme::narrow: return NarrowScheme::outputs;
    case Scheme::pair: return PairScheme::outputs;
  }
  return 0;
}

/// How one convolution is cut into tiles.
struct Tiling {
  Scheme rows, columns;
  /// Whether operands are rounded to bfloat16: tiles of four outputs then take `BalancedScheme`.
  bool rounded;
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

/// B^T d B of activations, or A d A^T when `gradient`, for tiles first..<last of `count` and channel blocks
/// first_block..<last_block.
void scatter_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                   bool gradient, const float *map, float *v);

/// The same in bfloat16.
void scatter_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                   bool gradient, const float *map, Short *v);

/// The same in bfloat16 and in pairs of tiles, [channel block][tile pair][block][2], for products that are summed over
/// tiles. `t.first` is even; an odd tile at the end is paired with zeros.
void scatter_tile_pairs(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                        bool gradient, const float *map, Short *v);

/// A^T m A into the map, for channel blocks first_block..<last_block. Every output is written once; what of a tile
/// lies beyond the map's edge is dropped.
void gather_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                  const float *m, float *map);

/// A part of the weights: from `data`, floats from one tap to the next and from one input channel to the next.
struct Weights {
  const float *data;
  long tap, row;
};

/// G g G^T of k input and n output channels, as panels of output channels.
void transform_weights(
    const Tiling &tiling, int block, long k, long n, const Weights &weights, long pitch, float *u);
void transform_weights(const Tiling &tiling, int block, long k, long n, const Weights &weights, long pitch, Short *u);

/// The same for the data gradient: kernels turned by 180 degrees, k output and n input channels, as panels of input
/// channels.
void transform_turned_weights(
    const Tiling &tiling, int block, long k, long n, const Weights &weights, long pitch, float *u);
void transform_turned_weights(
    const Tiling &tiling, int block, long k, long n, const Weights &weights, long pitch, Short *u);

/// G^T u G, the adjoint, into k input and n output channels: u is [k, n] at each position, `tap` and `row` are those of
/// `Weights`.
void adjoint_weights(
    const Tiling &tiling, int block, long k, long n, const float *u, long pitch, float *w, long tap, long row);

/// `gather_tiles` and `adjoint_weights` of a tiling that is `rounded`.
void gather_rounded_tiles(const Tiling &tiling, const Plane &plane, long first_block, long last_block, const Tiles &t,
                          const float *m, float *map);
void adjoint_rounded_weights(
    const Tiling &tiling, long k, long n, const float *u, long pitch, float *w, long tap, long row);

}  // namespace jml
