#pragma once
// What both directions of the bilinear resize share: where positions lie, and how a map falls into planes.
#include <algorithm>

#include "Primitives.h"

namespace jml {

/// Where position `i` of an axis of `from` lies on one of `to`, half-pixel centres.
inline float resized_position(long i, long from, long to) { return ((float)i + 0.5f) * (float)to / (float)from - 0.5f; }

/// Planes of a map: its channels, or blocks of them.
inline long planes_of(const jml_map &m) {
  const long block = std::max(m.block, 1);
  return m.batch * ((m.channels + block - 1) / block);
}

/// Numbers of one plane.
inline long plane_size(const jml_map &m) { return (long)m.height * m.width * std::max(m.block, 1); }

}  // namespace jml
