// The one depthwise direction that the library computes with its reference loop when the kernel is dilated.
#include <algorithm>

#include "Library.hpp"
#include "Parallel.h"
#include "Primitives.h"

namespace {

template <int B>
__attribute__((always_inline)) inline void weights_gradient(
    const jml_map &m, int kernel, int dilation, int padding, const float *x, const float *dy, long first, long last,
    float *dw) {
  const long blocks = (m.channels + B - 1) / B, plane = (long)m.height * m.width * B;
  for (long b = first; b < last; ++b)
    for (int r = 0; r < kernel; ++r)
      for (int s = 0; s < kernel; ++s) {
        const long dr = (long)r * dilation - padding, ds = (long)s * dilation - padding;
        const long y0 = std::max<long>(0, -dr), y1 = std::min<long>(m.height, m.height - dr);
        const long x0 = std::max<long>(0, -ds), x1 = std::min<long>(m.width, m.width - ds);
        float sum[B] = {};
        for (long n = 0; n < m.batch; ++n) {
          const float *in = x + (n * blocks + b) * plane, *out = dy + (n * blocks + b) * plane;
          for (long y = y0; y < y1; ++y)
            for (long c = x0; c < x1; ++c) {
              const float *p = in + ((y + dr) * m.width + c + ds) * B, *q = out + (y * m.width + c) * B;
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

}  // namespace

int jml_depthwise_backward_weights(const jml_map *map, int kernel, int dilation, int padding, const float *x,
                                   const float *dy, float *dw) {
  if (map->block != 8 && map->block != 16) {
    jml::set_error("depthwise backward weights: the layout must be blocked");
    return 1;
  }
  const long blocks = (map->channels + map->block - 1) / map->block;
  jml::parallel_for(blocks, 1, [&](long a, long b) {
    (map->block == 16 ? gradient16 : gradient8)(*map, kernel, dilation, padding, x, dy, a, b, dw);
  });
  return 0;
}
