#include <algorithm>

#include "Activation.hpp"
#include "Dnnl.hpp"
#include "Parallel.h"
#include "Primitives.h"
#include "SoftmaxTile.hpp"

using namespace dnnl;

namespace {

memory::desc desc_of(const jml_map &m) { return jml::map_desc(m.batch, m.channels, m.height, m.width, m.block); }

long vector_of(const jml_map &m) { return m.block ? m.block : 1; }

long plane_size(const jml_map &m) { return (long)m.height * m.width * vector_of(m); }

long planes(const jml_map &m) { return (m.channels + vector_of(m) - 1) / vector_of(m); }

long elements(const jml_map &m) { return m.batch * planes(m) * plane_size(m); }

constexpr long grain = 16384;

JML_MULTIVERSION
void clamp_range(const float *x, float *y, float top, long n) {
  for (long i = 0; i < n; ++i) y[i] = std::min(std::max(x[i], 0.0f), top);
}

JML_MULTIVERSION
void clamp_gradient(const float *y, const float *dy, float *dx, float top, long n) {
  for (long i = 0; i < n; ++i) dx[i] = y[i] > 0 && y[i] < top ? dy[i] : 0.0f;
}

JML_MULTIVERSION
void add_range(const float *a, const float *b, float *y, float bottom, float top, long n) {
  for (long i = 0; i < n; ++i) y[i] = std::min(std::max(a[i] + b[i], bottom), top);
}

JML_MULTIVERSION
void sum_range(const float *a, const float *b, float *y, long n) {
  for (long i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

const jml::Compiled &softmax(const jml_map &m, bool backward) {
  return jml::cached({400, backward, m.batch, m.channels, m.height, m.width, m.block}, [&]() -> jml::Compiled {
    const auto desc = desc_of(m);
    softmax_forward::primitive_desc forward({prop_kind::forward_training, desc, 1}, jml::user_scratchpad(),
                                            jml::engine());
    if (!backward) return {softmax_forward(forward), forward.scratchpad_desc(), {}, {}};
    softmax_backward::primitive_desc pd({desc, desc, 1}, jml::user_scratchpad(), jml::engine(), forward);
    return {softmax_backward(pd), pd.scratchpad_desc(), {}, {}};
  });
}

/// Softmax over the classes of plain maps, tile by tile of pixels; the library has a reference loop for these, which takes
/// ten times as long and whose bits these are.
void softmax_of_planes(const jml_map &m, const float *x, float *y) {
  constexpr long tile = jml::softmax_pixels;
  const long pixels = (long)m.height * m.width, tiles = (pixels + tile - 1) / tile;
  jml::parallel_for(m.batch * tiles, 1, [&](long a, long b) {
    for (long item = a; item < b; ++item) {
      const long first = item % tiles * tile, start = item / tiles * m.channels * pixels + first;
      jml::softmax_tile(m.channels, std::min(tile, pixels - first), x + start, pixels, y + start, pixels);
    }
  });
}

}  // namespace

int jml_convert(const jml_map *from, const float *source, const jml_map *to, float *target) {
  return jml::guarded("layout conversion", [&] { jml::reorder(desc_of(*from), source, desc_of(*to), target); });
}

int jml_activation_forward(const jml_map *map, int activation, const float *x, float *y) {
  const float top = jml::sum_ceiling(activation);
  jml::parallel_for(elements(*map), grain, [&](long a, long b) { clamp_range(x + a, y + a, top, b - a); });
  return 0;
}

int jml_activation_backward(const jml_map *map, int activation, const float *y, const float *dy, float *dx) {
  const float top = jml::sum_ceiling(activation);
  jml::parallel_for(elements(*map), grain, [&](long a, long b) { clamp_gradient(y + a, dy + a, dx + a, top, b - a); });
  return 0;
}

int jml_add(const jml_map *map, int activation, const float *a, const float *b, float *y) {
  const float bottom = jml::sum_floor(activation), top = jml::sum_ceiling(activation);
  jml::parallel_for(elements(*map), grain,
                    [&](long p, long q) { add_range(a + p, b + p, y + p, bottom, top, q - p); });
  return 0;
}

void jml_sum(const float *a, const float *b, float *y, long count) {
  jml::parallel_for(count, grain, [&](long p, long q) { sum_range(a + p, b + p, y + p, q - p); });
}

int jml_softmax_forward(const jml_map *map, const float *x, float *y) {
  return jml::guarded("softmax forward", [&] {
    if (map->block == 0 && (long)map->height * map->width > 1) return softmax_of_planes(*map, x, y);
    const auto desc = desc_of(*map);
    jml::Arguments arguments{{DNNL_ARG_SRC, jml::wrap(desc, x)}, {DNNL_ARG_DST, jml::wrap(desc, y)}};
    jml::execute(softmax(*map, false), arguments);
  });
}

int jml_softmax_backward(const jml_map *map, const float *y, const float *dy, float *dx) {
  return jml::guarded("softmax backward", [&] {
    const auto desc = desc_of(*map);
    jml::Arguments arguments{{DNNL_ARG_DST, jml::wrap(desc, y)},
                             {DNNL_ARG_DIFF_DST, jml::wrap(desc, dy)},
                             {DNNL_ARG_DIFF_SRC, jml::wrap(desc, dx)}};
    jml::execute(softmax(*map, true), arguments);
  });
}

int jml_concat_part(const jml_map *whole, float *all, const jml_map *part, float *piece, int first, int extract) {
  const long vector = vector_of(*whole);
  if (first % vector != 0 || whole->block != part->block) {
    jml::set_error("concat: a part must start on a channel block");
    return 1;
  }
  const long size = plane_size(*part), count = planes(*part), stride = planes(*whole), start = first / vector;
  jml::parallel_for(part->batch * count, std::max<long>(1, grain / size), [&](long a, long b) {
    for (long p = a; p < b; ++p) {
      float *inside = all + ((p / count) * stride + start + p % count) * size;
      if (extract) std::memcpy(piece + p * size, inside, size * sizeof(float));
      else std::memcpy(inside, piece + p * size, size * sizeof(float));
    }
  });
  return 0;
}

int jml_scale_channels(const jml_map *map, const float *factors, const float *x, float *y) {
  const long vector = vector_of(*map), count = planes(*map), pixels = (long)map->height * map->width;
  jml::parallel_for(map->batch * count, std::max<long>(1, grain / (pixels * vector)), [&](long a, long b) {
    for (long p = a; p < b; ++p) {
      float lanes[16];
      for (long i = 0; i < vector; ++i) {
        const long channel = p % count * vector + i;
        lanes[i] = channel < map->channels ? factors[p / count * map->channels + channel] : 0.0f;
      }
      for (long q = 0; q < pixels; ++q)
        for (long i = 0; i < vector; ++i) y[(p * pixels + q) * vector + i] = x[(p * pixels + q) * vector + i] * lanes[i];
    }
  });
  return 0;
}

const char *jml_dnnl_version(void) {
  static const std::string text = [] {
    const auto *v = dnnl_version();
    return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
  }();
  return text.c_str();
}
