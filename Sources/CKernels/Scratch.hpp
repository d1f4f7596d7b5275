#pragma once
// A thread's buffers for the operands of products, by what they hold, and how much of an operand is held at once.
#include <algorithm>

#include "Convolution.h"
#include "Parallel.h"

namespace jml {

/// Of `jml_scratch`: packed or transformed weights; Winograd's tiles and products; operands on their way into the cache.
constexpr int weight_slot = 2, input_slot = 3, output_slot = 4, source_slot = 6, gradient_slot = 7;

/// The calling thread's buffer for `count` numbers.
template <typename Number>
Number *scratch(int slot, long count) {
  return static_cast<Number *>(jml_scratch(slot, count * sizeof(Number)));
}

/// Numbers from one of many equal parts of an operand to the next, `count` or more: an odd number of cache lines, because a power of
/// two would send the lines that are touched together to one and the same set of the cache.
template <typename Number = float>
inline long pitch_of(long count) {
  constexpr long line = 64 / sizeof(Number);
  return ((count + line - 1) / line | 1) * line;
}

/// How many of `total` pixels, of `k` numbers each, a thread takes at once: a quarter of the second-level cache, and no more than
/// its share.
template <typename Number>
long cached_pixels(long k, long total) {
  constexpr long bytes = 262144;
  const long threads = jml_thread_count();
  return std::min(
      std::clamp(bytes / static_cast<long>(sizeof(Number)) / k, 56L, 512L), (total + threads - 1) / threads);
}

}  // namespace jml
