#pragma once
// Batch norm with the activation behind it, one pixel of a channel block at a time: Normalization.cpp and the epilogues of
// convolutions (Epilogue.cpp) compute with this one piece of code, so that both give the same bits.
#include <cmath>
#include <cstring>

#include "Primitives.h"

namespace jml::norm {

/// The lanes of one pixel.
template <int V>
using Vector = float __attribute__((vector_size(V * sizeof(float))));

// By reference: to return a vector would depend on the instruction set a function is compiled for.
template <int V>
__attribute__((always_inline)) inline void read(Vector<V> &lanes, const float *map, long p) {
  std::memcpy(&lanes, map + p * V, sizeof lanes);
}

template <int V>
__attribute__((always_inline)) inline void write(const Vector<V> &lanes, float *map, long p) {
  std::memcpy(map + p * V, &lanes, sizeof lanes);
}

/// What one channel block is normalised with, one number a lane.
template <int V>
struct Lanes {
  Vector<V> mean, inverse, scale, shift;
  float bottom, top;
};

/// Of channel block `block` of `channels`. Lanes beyond the last channel stay zero in every map.
template <int V>
Lanes<V> lanes_of(long channels, long block, float epsilon, int activation, const float *scale, const float *shift,
                  const float *mean, const float *variance) {
  Lanes<V> l = {};
  l.bottom = activation == jml_activation_none ? -INFINITY : 0.0f;
  l.top = activation == jml_activation_relu6 ? 6.0f : INFINITY;
  for (int i = 0; i < V; ++i) {
    const long c = block * V + i;
    const bool real = c < channels;
    l.mean[i] = real ? mean[c] : 0;
    l.inverse[i] = real ? 1.0f / std::sqrt(variance[c] + epsilon) : 0;
    l.scale[i] = real ? scale[c] : 0;
    l.shift[i] = real ? shift[c] : 0;
  }
  return l;
}

/// Lanes made ready for many pixels. Without constructors, which clang forgets to emit for functions of several targets.
template <int V>
struct Apply {
  Vector<V> mean, factor, shift, bottom, top;

  static __attribute__((always_inline)) inline Apply of(const Lanes<V> &lanes) {
    return {lanes.mean, lanes.scale * lanes.inverse, lanes.shift, lanes.bottom + Vector<V>{}, lanes.top + Vector<V>{}};
  }

  __attribute__((always_inline)) inline void operator()(Vector<V> &value) const {
    value = (value - mean) * factor + shift;
    value = value > bottom ? value : bottom;
    value = value < top ? value : top;
  }
};

/// y = activation(norm(x)) of `pixels` pixels; in place is allowed.
template <int V>
__attribute__((always_inline)) inline void plane_apply(const Lanes<V> &lanes, const float *x, long pixels, float *y) {
  const Apply<V> apply = Apply<V>::of(lanes);
  for (long p = 0; p < pixels; ++p) {
    Vector<V> value;
    read<V>(value, x, p);
    apply(value);
    write<V>(value, y, p);
  }
}

}  // namespace jml::norm
