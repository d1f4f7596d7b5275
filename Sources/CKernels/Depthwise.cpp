// Depthwise convolutions with dilated kernels and stride 1, which the library computes with reference loops: the weight
// gradient always, the others as soon as the padding is larger than the kernel.
#include <algorithm>

#include "Dnnl.hpp"
#include "Epilogue.hpp"
#include "Parallel.h"
#include "Primitives.h"
#include "Vectors.hpp"

namespace {

/// Of a 7 x 7 kernel.
constexpr int max_taps = 49;

/// The outputs for which a kernel tap reads inside the image: y0..<y1, x0..<x1, reading dr and ds away.
struct Window {
  long dr, ds, y0, y1, x0, x1;
};

__attribute__((always_inline)) inline Window window_of(const jml_map &m, int dilation, int padding, int r, int s) {
  const long dr = (long)r * dilation - padding, ds = (long)s * dilation - padding;
  return {dr, ds, std::max<long>(0, -dr), std::min<long>(m.height, m.height - dr), std::max<long>(0, -ds),
          std::min<long>(m.width, m.width - ds)};
}

/// A tap that sees the image: how far away it reads, in floats, and its weights.
template <int B>
struct Tap {
  long offset;
  jml::Vector<B> weight;
};

/// Planes first..<last of [batch * blocks], each row finished at once. Rows fall into stretches of columns that see the
/// same taps.
template <int B>
__attribute__((always_inline)) inline void convolve(
    const jml_map &m, int kernel, int dilation, int padding, bool turned, const float *x, const float *w, long first,
    long last, const jml::Epilogue &epilogue, float *y) {
  const long blocks = (m.channels + B - 1) / B, plane = (long)m.height * m.width * B;
  const int taps = kernel * kernel;
  Window windows[max_taps];
  for (int tap = 0; tap < taps; ++tap)
    windows[tap] = window_of(m, dilation, padding, tap / kernel, tap % kernel);
  for (long i = first; i < last; ++i) {
    jml::Vector<B> weights[max_taps];
    for (int tap = 0; tap < taps; ++tap)
      for (long c = 0, channel = i % blocks * B; c < B; ++c, ++channel)
        weights[tap][c] = channel < m.channels ? w[channel * taps + (turned ? taps - 1 - tap : tap)] : 0.0f;
    for (long row = 0; row < m.height; ++row) {
      for (long column = 0, end; column < m.width; column = end) {
        Tap<B> seen[max_taps];
        int count = 0;
        end = m.width;
        for (int tap = 0; tap < taps; ++tap) {
          const Window &v = windows[tap];
          // The set changes where a tap begins or ceases to see the image.
          if (v.x0 > column) end = std::min(end, v.x0);
          if (v.x1 > column) end = std::min(end, v.x1);
          if (row >= v.y0 && row < v.y1 && column >= v.x0 && column < v.x1)
            seen[count++] = {(v.dr * m.width + v.ds) * B, weights[tap]};
        }
        for (long place = i * plane + (row * m.width + column) * B, stop = place + (end - column) * B; place < stop;
             place += B) {
          jml::Vector<B> sum{};
          for (int tap = 0; tap < count; ++tap)
            sum += JML_CONST_BLOCK(B, x + place + seen[tap].offset) * seen[tap].weight;
          JML_BLOCK(B, y + place) = sum;
        }
      }
      if (epilogue) {
        const jml::Patch patch{i / blocks, row * m.width, 1, 0, m.width, 1};
        epilogue.finish(i % blocks, i % blocks + 1, &patch, 1);
      }
    }
  }
}

template <int B>
__attribute__((always_inline)) inline void weights_gradient(
    const jml_map &m, int kernel, int dilation, int padding, const float *x, const float *dy, long first, long last,
    float *dw) {
  const long blocks = (m.channels + B - 1) / B, plane = (long)m.height * m.width * B;
  for (long b = first; b < last; ++b)
    for (int r = 0; r < kernel; ++r)
      for (int s = 0; s < kernel; ++s) {
        const Window v = window_of(m, dilation, padding, r, s);
        float sum[B] = {};
        for (long n = 0; n < m.batch; ++n) {
          const float *in = x + (n * blocks + b) * plane, *out = dy + (n * blocks + b) * plane;
          for (long y = v.y0; y < v.y1; ++y)
            for (long c = v.x0; c < v.x1; ++c) {
              const float *p = in + ((y + v.dr) * m.width + c + v.ds) * B, *q = out + (y * m.width + c) * B;
              for (int i = 0; i < B; ++i) sum[i] += p[i] * q[i];
            }
        }
        for (int i = 0; i < B && b * B + i < m.channels; ++i)
          dw[((b * B + i) * kernel + r) * kernel + s] = sum[i];
      }
}

JML_MULTIVERSION
void gradient8(const jml_map &m, int k, int d, int p, const float *x, const float *dy, long a, long b, float *dw) {
  weights_gradient<8>(m, k, d, p, x, dy, a, b, dw);
}
JML_MULTIVERSION
void gradient16(const jml_map &m, int k, int d, int p, const float *x, const float *dy, long a, long b, float *dw) {
  weights_gradient<16>(m, k, d, p, x, dy, a, b, dw);
}

JML_MULTIVERSION8
void convolve8(const jml_map &m, int k, int d, int p, bool turned, const float *x, const float *w, long a, long b,
               const jml::Epilogue &epilogue, float *y) {
  convolve<8>(m, k, d, p, turned, x, w, a, b, epilogue, y);
}
JML_MULTIVERSION16
void convolve16(const jml_map &m, int k, int d, int p, bool turned, const float *x, const float *w, long a, long b,
                const jml::Epilogue &epilogue, float *y) {
  convolve<16>(m, k, d, p, turned, x, w, a, b, epilogue, y);
}

bool is_supported(const jml_map &map, int kernel) {
  const bool is_blocked = map.block == 8 || map.block == 16;
  if (!is_blocked) jml::set_error("depthwise convolution: the layout must be blocked");
  else if (kernel * kernel > max_taps) jml::set_error("depthwise convolution: the kernel has more than 49 taps");
  else return true;
  return false;
}

}  // namespace

int jml_depthwise(const jml_map *map, int kernel, int dilation, int padding, int turned, const float *x,
                  const float *w, const jml_epilogue *epilogue, float *y) {
  if (!is_supported(*map, kernel)) return 1;
  return jml::guarded("depthwise convolution", [&] {
    const jml::Epilogue ready(epilogue, *map, y);
    const long blocks = (map->channels + map->block - 1) / map->block;
    jml::parallel_for(map->batch * blocks, 1, [&](long a, long b) {
      (map->block == 16 ? convolve16 : convolve8)(
          *map, kernel, dilation, padding, turned != 0, x, w, a, b, ready, y);
    });
  });
}

int jml_depthwise_backward_weights(const jml_map *map, int kernel, int dilation, int padding, const float *x,
                                   const float *dy, float *dw) {
  if (!is_supported(*map, kernel)) return 1;
  const long blocks = (map->channels + map->block - 1) / map->block;
  jml::parallel_for(blocks, 1, [&](long a, long b) {
    (map->block == 16 ? gradient16 : gradient8)(*map, kernel, dilation, padding, x, dy, a, b, dw);
  });
  return 0;
}
