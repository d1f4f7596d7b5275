#pragma once
// What a convolution does to its own output while that is in the cache; see jml_epilogue.
#include <vector>

#include "Convolution.h"
#include "Normalization.hpp"
#include "Primitives.h"

namespace jml {

/// Pixels of an image: `rows` rows of `columns` pixels from pixel `first` on, and how many pixels lie from one to the next.
struct Patch {
  long image, first, rows, row_step, columns, column_step;
};

/// A jml_epilogue made ready for one output; every pixel of every channel block has to be finished once.
class Epilogue {
 public:
  /// Does nothing.
  Epilogue() = default;

  /// `epilogue` null: does nothing. `map`: of the output y, channel-blocked.
  Epilogue(const jml_epilogue *epilogue, const jml_map &map, float *y);

  /// Whether there is anything to do.
  explicit operator bool() const { return block != 0; }

  /// Finishes `count` patches in channel blocks first..<last, by any thread.
  void finish(long first, long last, const Patch *patches, long count) const;

 private:
  /// Of the map's layout; 0: there is nothing to do.
  long block = 0;
  /// What every channel block is normalised with: `wide` for blocks of 16, `narrow` for blocks of 8.
  std::vector<norm::Lanes<8>> narrow;
  std::vector<norm::Lanes<16>> wide;
  long blocks = 0, pixels = 0;
  float *y = nullptr;
  const float *residual = nullptr;
  float bottom = 0, top = 0;
};

/// Of a convolution's output.
inline jml_map output_map(const jml_convolution &c) {
  return {c.batch, c.out_channels, c.out_height, c.out_width, c.out_block};
}

}  // namespace jml
