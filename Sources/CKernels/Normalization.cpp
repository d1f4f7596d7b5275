// Batch normalisation fused with the activation behind it, on channel-blocked maps.
//
// Nothing is kept for the backward pass but the batch statistics: what the activation clamped is found again from x.
// Sums run over chunks of fixed size, whose means and squared deviations are combined in index order in double
// precision, so that the bits do not depend on the threads.
#include <algorithm>
#include <vector>

#include "Dnnl.hpp"
#include "Normalization.hpp"
#include "Parallel.h"
#include "Primitives.h"

namespace {

using jml::norm::Lanes;
using jml::norm::plane_apply;
using jml::norm::read;
using jml::norm::Vector;
using jml::norm::write;

constexpr long chunk = 256;

#define EACH for (int i = 0; i < V; ++i)

/// Mean and summed squared deviation of one plane's channels, in double.
template <int V>
__attribute__((always_inline)) inline void plane_moments(const float *x, long pixels, double *mean, double *square) {
  EACH mean[i] = square[i] = 0;
  for (long start = 0; start < pixels; start += chunk) {
    const long n = std::min(chunk, pixels - start);
    const float *in = x + start * V;
    Vector<V> sum = {}, deviation = {};
    Vector<V> lanes;
    for (long p = 0; p < n; ++p) {
      read<V>(lanes, in, p);
      sum += lanes;
    }
    const Vector<V> middle = sum / float(n);
    for (long p = 0; p < n; ++p) {
      read<V>(lanes, in, p);
      const Vector<V> d = lanes - middle;
      deviation += d * d;
    }
    // Chan, Golub, LeVeque: two sets' moments make the moments of their union.
    const double share = double(n) / (start + n);
    EACH {
      const double delta = middle[i] - mean[i];
      mean[i] += delta * share;
      square[i] += deviation[i] + delta * delta * share * start;
    }
  }
}

/// Sums of g and of g * normalised x, where g is the gradient that passes the activation.
template <int V>
__attribute__((always_inline)) inline void plane_sums(
    const Lanes<V> &lanes, const float *x, const float *dy, long pixels, double *plain, double *weighted) {
  const Vector<V> mean = lanes.mean, inverse = lanes.inverse, scale = lanes.scale, shift = lanes.shift, zero = {};
  const Vector<V> bottom = lanes.bottom + zero, top = lanes.top + zero;
  EACH plain[i] = weighted[i] = 0;
  for (long start = 0; start < pixels; start += chunk) {
    const long last = std::min(pixels, start + chunk);
    Vector<V> a = {}, b = {};
    for (long p = start; p < last; ++p) {
      Vector<V> normal, g;
      read<V>(normal, x, p);
      read<V>(g, dy, p);
      normal = (normal - mean) * inverse;
      const Vector<V> value = normal * scale + shift;
      g = ((value > bottom) & (value < top)) ? g : zero;
      a += g;
      b += g * normal;
    }
    EACH plain[i] += a[i];
    EACH weighted[i] += b[i];
  }
}

template <int V>
__attribute__((always_inline)) inline void plane_gradient(
    const Lanes<V> &lanes, const float *plain, const float *weighted, const float *x, const float *dy, long pixels,
    float *dx) {
  const Vector<V> mean = lanes.mean, inverse = lanes.inverse, scale = lanes.scale, shift = lanes.shift, zero = {};
  const Vector<V> bottom = lanes.bottom + zero, top = lanes.top + zero, factor = scale * inverse;
  Vector<V> a, b;
  read<V>(a, plain, 0);
  read<V>(b, weighted, 0);
  for (long p = 0; p < pixels; ++p) {
    Vector<V> normal, g;
    read<V>(normal, x, p);
    read<V>(g, dy, p);
    normal = (normal - mean) * inverse;
    const Vector<V> value = normal * scale + shift;
    g = ((value > bottom) & (value < top)) ? g : zero;
    g = factor * (g - a - normal * b);
    write<V>(g, dx, p);
  }
}

#define VARIANTS(V)                                                                                                    \
  JML_MULTIVERSION void moments##V(const float *x, long n, double *mean, double *square) {                             \
    plane_moments<V>(x, n, mean, square);                                                                              \
  }                                                                                                                    \
  JML_MULTIVERSION void apply##V(const Lanes<V> &l, const float *x, long n, float *y) { plane_apply<V>(l, x, n, y); }  \
  JML_MULTIVERSION void sums##V(const Lanes<V> &l, const float *x, const float *dy, long n, double *a, double *b) {    \
    plane_sums<V>(l, x, dy, n, a, b);                                                                                  \
  }                                                                                                                    \
  JML_MULTIVERSION void gradient##V(const Lanes<V> &l, const float *a, const float *b, const float *x,                 \
                                    const float *dy, long n, float *dx) {                                              \
    plane_gradient<V>(l, a, b, x, dy, n, dx);                                                                          \
  }
VARIANTS(8)
VARIANTS(16)

template <int V>
struct Variants;
template <>
struct Variants<8> {
  static constexpr auto moments = moments8;
  static constexpr auto apply = apply8;
  static constexpr auto sums = sums8;
  static constexpr auto gradient = gradient8;
};
template <>
struct Variants<16> {
  static constexpr auto moments = moments16;
  static constexpr auto apply = apply16;
  static constexpr auto sums = sums16;
  static constexpr auto gradient = gradient16;
};

/// Geometry and parameters of one call.
struct Call {
  const jml_map &map;
  float epsilon;
  int activation;
  const float *scale, *shift;

  long blocks() const { return (map.channels + map.block - 1) / map.block; }
  long pixels() const { return (long)map.height * map.width; }
  long plane(long image, long block) const { return (image * blocks() + block) * pixels() * map.block; }

  template <int V>
  Lanes<V> lanes(long block, const float *mean, const float *variance) const {
    return jml::norm::lanes_of<V>(map.channels, block, epsilon, activation, scale, shift, mean, variance);
  }

  /// Runs `measure(image, block)` on every plane, then `combine(block)`, then `finish(image, block)` on every plane.
  /// A thread takes a block through all three while its planes are in the cache, unless there are too few blocks.
  template <typename Measure, typename Combine, typename Finish>
  void run(const Measure &measure, const Combine &combine, const Finish &finish) const {
    const long images = map.batch;
    if (blocks() >= jml_thread_count()) {
      jml::parallel_for(blocks(), 1, [&](long first, long last) {
        for (long b = first; b < last; ++b) {
          for (long n = 0; n < images; ++n) measure(n, b);
          combine(b);
          for (long n = 0; n < images; ++n) finish(n, b);
        }
      });
      return;
    }
    const auto planes = [&](const auto &body) {
      jml::parallel_for(images * blocks(), 1, [&](long first, long last) {
        for (long p = first; p < last; ++p) body(p / blocks(), p % blocks());
      });
    };
    planes(measure);
    for (long b = 0; b < blocks(); ++b) combine(b);
    planes(finish);
  }
};

/// Doubles of one image: two numbers a lane of each block.
template <int V>
long row(const Call &call) {
  return 2 * V * call.blocks();
}

/// Mean and biased variance of a block's channels, from the moments of every image in order.
template <int V>
void combine_moments(const Call &call, long images, long b, const double *moments, float *mean, float *variance) {
  const long pixels = call.pixels();
  for (long i = 0; i < V && b * V + i < call.map.channels; ++i) {
    double middle = 0, square = 0;
    for (long n = 0; n < images; ++n) {
      const double *of = moments + n * row<V>(call) + b * 2 * V;
      const double delta = of[i] - middle;
      middle += delta / (n + 1);
      square += of[V + i] + delta * delta * pixels * n / (n + 1);
    }
    mean[b * V + i] = middle;
    variance[b * V + i] = square / (double(pixels) * images);
  }
}

template <int V>
void measure_plane(const Call &call, const float *x, long n, long b, double *moments) {
  double *of = moments + n * row<V>(call) + b * 2 * V;
  Variants<V>::moments(x + call.plane(n, b), call.pixels(), of, of + V);
}

template <int V>
void forward(const Call &call, const float *x, float *mean, float *variance, float *y) {
  std::vector<double> moments(row<V>(call) * call.map.batch);
  call.run([&](long n, long b) { measure_plane<V>(call, x, n, b, moments.data()); },
           [&](long b) { combine_moments<V>(call, call.map.batch, b, moments.data(), mean, variance); },
           [&](long n, long b) {
             const long at = call.plane(n, b);
             Variants<V>::apply(call.lanes<V>(b, mean, variance), x + at, call.pixels(), y + at);
           });
}

template <int V>
void moments(const Call &call, const float *x, double *moments) {
  call.run([&](long n, long b) { measure_plane<V>(call, x, n, b, moments); }, [](long) {}, [](long, long) {});
}

template <int V>
void statistics(const Call &call, long images, const double *moments, float *mean, float *variance) {
  for (long b = 0; b < call.blocks(); ++b) combine_moments<V>(call, images, b, moments, mean, variance);
}

template <int V>
void inference(const Call &call, const float *x, const float *mean, const float *variance, float *y) {
  call.run([](long, long) {}, [](long) {},
           [&](long n, long b) {
             const long at = call.plane(n, b);
             Variants<V>::apply(call.lanes<V>(b, mean, variance), x + at, call.pixels(), y + at);
           });
}

/// What the backward pass of a call works on.
struct Gradients {
  const float *x, *mean, *variance, *dy;
  float *dx;
};

template <int V>
void sum_plane(const Call &call, const Gradients &g, long n, long b, double *sums) {
  const long at = call.plane(n, b);
  double *of = sums + n * row<V>(call) + b * 2 * V;
  Variants<V>::sums(call.lanes<V>(b, g.mean, g.variance), g.x + at, g.dy + at, call.pixels(), of, of + V);
}

/// Averages over every image's sums, as float; and the parameters' gradients, which are the sums of the images from
/// `first` on, as many as the map has.
template <int V>
void combine_sums(const Call &call, long images, long first, long b, const double *sums, float *averages, float *dscale,
                  float *dshift) {
  const double count = double(call.pixels()) * images;
  const long last = first + call.map.batch;
  for (long i = 0; i < V && b * V + i < call.map.channels; ++i) {
    double plain = 0, weighted = 0, own_plain = 0, own_weighted = 0;
    for (long n = 0; n < images; ++n) {
      const double *of = sums + n * row<V>(call) + b * 2 * V;
      plain += of[i];
      weighted += of[V + i];
      if (n >= first && n < last) {
        own_plain += of[i];
        own_weighted += of[V + i];
      }
    }
    dshift[b * V + i] = own_plain;
    dscale[b * V + i] = own_weighted;
    averages[2 * V * b + i] = plain / count;
    averages[2 * V * b + V + i] = weighted / count;
  }
}

template <int V>
void finish_plane(const Call &call, const Gradients &g, long n, long b, const float *averages) {
  const long at = call.plane(n, b);
  const float *average = averages + 2 * V * b;
  Variants<V>::gradient(call.lanes<V>(b, g.mean, g.variance), average, average + V, g.x + at, g.dy + at, call.pixels(),
                        g.dx + at);
}

template <int V>
void backward(const Call &call, const Gradients &g, float *dscale, float *dshift) {
  std::vector<double> sums(row<V>(call) * call.map.batch);
  std::vector<float> averages(row<V>(call));
  call.run([&](long n, long b) { sum_plane<V>(call, g, n, b, sums.data()); },
           [&](long b) {
             combine_sums<V>(call, call.map.batch, 0, b, sums.data(), averages.data(), dscale, dshift);
           },
           [&](long n, long b) { finish_plane<V>(call, g, n, b, averages.data()); });
}

template <int V>
void backward_sums(const Call &call, const Gradients &g, double *sums) {
  call.run([&](long n, long b) { sum_plane<V>(call, g, n, b, sums); }, [](long) {}, [](long, long) {});
}

template <int V>
void backward_finish(const Call &call, const Gradients &g, long images, long first, const double *sums, float *dscale,
                     float *dshift) {
  std::vector<float> averages(row<V>(call));
  call.run([](long, long) {},
           [&](long b) { combine_sums<V>(call, images, first, b, sums, averages.data(), dscale, dshift); },
           [&](long n, long b) { finish_plane<V>(call, g, n, b, averages.data()); });
}

/// Calls `body` with the map's channel block as a constant.
template <typename Body>
int dispatch(const char *operation, const jml_map *map, const Body &body) {
  return jml::guarded(operation, [&] {
    if (map->block == 8) body(std::integral_constant<int, 8>());
    else if (map->block == 16) body(std::integral_constant<int, 16>());
    else throw std::invalid_argument("the map is not channel-blocked");
  });
}

}  // namespace

int jml_norm_forward(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                     const float *shift, float *mean, float *variance, float *y) {
  return dispatch("batch norm forward", map, [&](auto block) {
    forward<block>({*map, epsilon, activation, scale, shift}, x, mean, variance, y);
  });
}

int jml_norm_inference(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                       const float *shift, const float *mean, const float *variance, float *y) {
  return dispatch("batch norm inference", map, [&](auto block) {
    inference<block>({*map, epsilon, activation, scale, shift}, x, mean, variance, y);
  });
}

int jml_norm_backward(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                      const float *shift, const float *mean, const float *variance, const float *dy, float *dx,
                      float *dscale, float *dshift) {
  return dispatch("batch norm backward", map, [&](auto block) {
    backward<block>({*map, epsilon, activation, scale, shift}, {x, mean, variance, dy, dx}, dscale, dshift);
  });
}

long jml_norm_row(const jml_map *map) {
  return 2l * map->block * ((map->channels + map->block - 1) / map->block);
}

int jml_norm_moments(const jml_map *map, const float *x, double *values) {
  return dispatch("batch norm moments", map, [&](auto block) {
    moments<block>({*map, 0, jml_activation_none, nullptr, nullptr}, x, values);
  });
}

int jml_norm_statistics(const jml_map *map, long images, const double *values, float *mean, float *variance) {
  return dispatch("batch norm statistics", map, [&](auto block) {
    statistics<block>({*map, 0, jml_activation_none, nullptr, nullptr}, images, values, mean, variance);
  });
}

int jml_norm_backward_sums(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                           const float *shift, const float *mean, const float *variance, const float *dy,
                           double *sums) {
  return dispatch("batch norm backward sums", map, [&](auto block) {
    backward_sums<block>({*map, epsilon, activation, scale, shift}, {x, mean, variance, dy, nullptr}, sums);
  });
}

int jml_norm_backward_finish(const jml_map *map, float epsilon, int activation, const float *x, const float *scale,
                             const float *shift, const float *mean, const float *variance, const float *dy,
                             long images, long first, const double *sums, float *dx, float *dscale, float *dshift) {
  return dispatch("batch norm backward finish", map, [&](auto block) {
    backward_finish<block>({*map, epsilon, activation, scale, shift}, {x, mean, variance, dy, dx}, images, first, sums,
                           dscale, dshift);
  });
}
