// Batch norm by given statistics, activation and the end of a residual block, in place on what a convolution has just
// written. The arithmetic is that of jml_norm_inference and jml_add, so that a convolution with an epilogue has the bits
// of these three one after the other.
#include "Epilogue.hpp"

#include <stdexcept>

#include "Activation.hpp"
#include "Dnnl.hpp"
#include "Parallel.h"

namespace {

using jml::Patch;
using jml::norm::Apply;
using jml::norm::Lanes;
using jml::norm::Vector;

/// One channel block of all images: an image's begins `pitch` pixels after the last one's. `residual` lies like y.
struct Planes {
  float *y;
  const float *residual;
  float bottom, top;
  long pitch;
};

template <int V, bool adds>
__attribute__((always_inline)) inline void finish_patches(
    const Lanes<V> &lanes, const Planes &given, const Patch *patches, long count) {
  const Apply<V> apply = Apply<V>::of(lanes);
  // A copy: what is written to y might be thought to change the original.
  const Planes planes = given;
  const Vector<V> bottom = planes.bottom + Vector<V>{}, top = planes.top + Vector<V>{};
  for (long i = 0; i < count; ++i) {
    const Patch patch = patches[i];
    for (long row = 0; row < patch.rows; ++row) {
      const long start = patch.image * planes.pitch + patch.first + row * patch.row_step;
      for (long column = 0; column < patch.columns; ++column) {
        const long p = start + column * patch.column_step;
        Vector<V> value;
        jml::norm::read<V>(value, planes.y, p);
        apply(value);
        if constexpr (adds) {
          Vector<V> other;
          jml::norm::read<V>(other, planes.residual, p);
          value = value + other;
          // As std::max and std::min in jml_add, which leave a NaN and a zero's sign alone.
          value = value < bottom ? bottom : value;
          value = top < value ? top : value;
        }
        jml::norm::write<V>(value, planes.y, p);
      }
    }
  }
}

#define VARIANTS(V)                                                                                              \
  JML_MULTIVERSION void finish##V(const Lanes<V> &lanes, const Planes &planes, const Patch *patches, long n) {   \
    finish_patches<V, false>(lanes, planes, patches, n);                                                         \
  }                                                                                                              \
  JML_MULTIVERSION void add##V(const Lanes<V> &lanes, const Planes &planes, const Patch *patches, long n) {      \
    finish_patches<V, true>(lanes, planes, patches, n);                                                          \
  }
VARIANTS(8)
VARIANTS(16)

}  // namespace

jml::Epilogue::Epilogue(const jml_epilogue *epilogue, const jml_map &map, float *y) {
  if (!epilogue) return;
  if (map.block != 8 && map.block != 16) throw std::invalid_argument("the map is not channel-blocked");
  block = map.block;
  blocks = (map.channels + map.block - 1) / map.block;
  pixels = (long)map.height * map.width;
  this->y = y;
  residual = epilogue->residual;
  bottom = sum_floor(epilogue->residual_activation);
  top = sum_ceiling(epilogue->residual_activation);
  const auto fill = [&](auto &lanes, auto lane_count) {
    lanes.reserve(blocks);
    for (long b = 0; b < blocks; ++b)
      lanes.push_back(norm::lanes_of<lane_count>(
          map.channels, b, epilogue->epsilon, epilogue->activation, epilogue->scale, epilogue->shift, epilogue->mean,
          epilogue->variance));
  };
  if (block == 16) fill(wide, std::integral_constant<int, 16>());
  else fill(narrow, std::integral_constant<int, 8>());
}

void jml::Epilogue::finish(long first, long last, const Patch *patches, long count) const {
  for (long b = first; b < last; ++b) {
    const long start = b * pixels * block;
    const Planes planes{y + start, residual ? residual + start : nullptr, bottom, top, blocks * pixels};
    if (block == 16) (residual ? add16 : finish16)(wide[b], planes, patches, count);
    else (residual ? add8 : finish8)(narrow[b], planes, patches, count);
  }
}

int jml_epilogue_apply(const jml_map *map, const jml_epilogue *epilogue, float *y) {
  return jml::guarded("epilogue", [&] {
    const jml::Epilogue ready(epilogue, *map, y);
    if (!ready) return;
    const long blocks = (map->channels + map->block - 1) / map->block, pixels = (long)map->height * map->width;
    jml::parallel_for(map->batch * blocks, 1, [&](long first, long last) {
      for (long plane = first; plane < last; ++plane) {
        const Patch whole{plane / blocks, 0, 1, 0, pixels, 1};
        ready.finish(plane % blocks, plane % blocks + 1, &whole, 1);
      }
    });
  });
}
