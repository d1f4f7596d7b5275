#pragma once
// Softmax over the classes of some pixels of plain maps, which the softmax of whole maps and the summaries of what a network
// says of its pixels share.
#include <algorithm>
#include <cmath>

namespace jml {

/// Pixels of a tile, at most.
constexpr long softmax_pixels = 512;

/// `classes` planes of `count` pixels, `x_pitch` and `y_pitch` floats from one to the next.
inline void softmax_tile(long classes, long count, const float *x, long x_pitch, float *y, long y_pitch) {
  float greatest[softmax_pixels], sums[softmax_pixels];
  std::copy(x, x + count, greatest);
  for (long c = 1; c < classes; ++c) {
    const float *plane = x + c * x_pitch;
    for (long i = 0; i < count; ++i) greatest[i] = std::max(greatest[i], plane[i]);
  }
  std::fill(sums, sums + count, 0.0f);
  for (long c = 0; c < classes; ++c) {
    const float *plane = x + c * x_pitch;
    float *out = y + c * y_pitch;
    for (long i = 0; i < count; ++i) sums[i] += out[i] = std::exp(plane[i] - greatest[i]);
  }
  for (long c = 0; c < classes; ++c) {
    float *out = y + c * y_pitch;
    for (long i = 0; i < count; ++i) out[i] /= sums[i];
  }
}

}  // namespace jml
