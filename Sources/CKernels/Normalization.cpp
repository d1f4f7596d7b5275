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

template <int V>
void forward(const Call &call, const float *x, float *mean, float *variance, float *y) {
  const long pixels = call.pixels(), images = call.map.batch;
  std::vector<double> moments(2 * V * images * call.blocks());
  const auto of = [&](long n, long b) { return moments.data() + (n * call.blocks() + b) * 2 * V; };
  call.run(
      [&](long n, long b) { Variants<V>::moments(x + call.plane(n, b), pixels, of(n, b), of(n, b) + V); },
      [&](long b) {
        for (long i = 0; i < V && b * V + i < call.map.channels; ++i) {
          double middle = 0, square = 0;
          for (long n = 0; n < images; ++n) {
            const double delta = of(n, b)[i] - middle;
            middle += delta / (n + 1);
            square += of(n, b)[V + i] + delta * delta * pixels * n / (n + 1);
          }
          mean[b * V + i] = middle;
          variance[b * V + i] = square / (double(pixels) * images);
        }
      },
      [&](long n, long b) {
        const long at = call.plane(n, b);
        Variants<V>::apply(call.lanes<V>(b, mean, variance), x + at, pixels, y + at);
      });
}

template <int V>
void inference(const Call &call, const float *x, const float *mean, const float *variance, float *y) {
  call.run([](long, long) {}, [](long) {},
           [&](long n, long b) {
             const long at = call.plane(n, b);
             Variants<V>::apply(call.lanes<V>(b, mean, variance), x + at, call.pixels(), y + at);
           });
}

template <int V>
void backward(const Call &call, const float *x, const float *mean, const float *variance, const float *dy, float *dx,
              float *dscale, float *dshift) {
  const long pixels = call.pixels(), images = call.map.batch;
  const double count = double(pixels) * images;
  std::vector<double> sums(2 * V * images * call.blocks());
  std::vector<float> averages(2 * V * call.blocks());
  const auto of = [&](long n, long b) { return sums.data() + (n * call.blocks() + b) * 2 * V; };
  call.run(
      [&](long n, long b) {
        const long at = call.plane(n, b);
        Variants<V>::sums(call.lanes<V>(b, mean, variance), x + at, dy + at, pixels, of(n, b), of(n, b) + V);
      },
      [&](long b) {
        for (long i = 0; i < V && b * V + i < call.map.channels; ++i) {
          double plain = 0, weighted = 0;
          for (long n = 0; n < images; ++n) {
            plain += of(n, b)[i];
            weighted += of(n, b)[V + i];
          }
          dshift[b * V + i] = plain;
          dscale[b * V + i] = weighted;
          averages[2 * V * b + i] = plain / count;
          averages[2 * V * b + V + i] = weighted / count;
        }
      },
      [&](long n, long b) {
        const long at = call.plane(n, b);
        const float *average = averages.data() + 2 * V * b;
        Variants<V>::gradient(call.lanes<V>(b, mean, variance), average, average + V, x + at, dy + at, pixels, dx + at);
      });
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
    backward<block>({*map, epsilon, activation, scale, shift}, x, mean, variance, dy, dx, dscale, dshift);
  });
}
