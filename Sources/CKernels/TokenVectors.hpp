#pragma once
// Vectors of a token's channels, of which the last may be no whole one.
#include <cstring>

#include "LossTile.h"

namespace jml {

/// Loads up to 16 values; the rest is zero.
JML_INLINE void load(const float *p, long count, Vector &v) {
  v = Vector{};
  if (count >= lanesPerVector) v = loose(p);
  else std::memcpy(&v, p, count * sizeof(float));
}

JML_INLINE void store(const Vector &v, float *p, long count) {
  if (count >= lanesPerVector) loose(p) = v;
  else std::memcpy(p, &v, count * sizeof(float));
}

}  // namespace jml
