// Gradients of weights where the library has loops without vectors: a window larger than the map, such as the last patches of
// SegFormer on small crops. The same sums in the same order, and so the same numbers, for a block of outputs at a time.
#include "PlainGradients.hpp"

#include "Parallel.h"
#include "Vectors.hpp"

namespace {

/// Where a convolution's maps lie, and its steps.
struct Shape {
  long batch, in_channels, in_height, in_width, out_channels, out_height, out_width, kernel, stride, padding, dilation;
};

/// dw of one tap for input channel `channel`: [out].
template <int B>
__attribute__((always_inline)) inline void tap_gradient(
    const Shape &s, long channel, long tap_row, long tap_column, const float *x, const float *dy, float *dw) {
  const long in_pixels = s.in_height * s.in_width, out_pixels = s.out_height * s.out_width;
  for (long block = 0; block < s.out_channels / B; ++block) {
    jml::Vector<B> sum{};
    for (long n = 0; n < s.batch; ++n) {
      const float *in = x + (n * s.in_channels / B + channel / B) * in_pixels * B + channel % B;
      const float *gradient = dy + (n * s.out_channels / B + block) * out_pixels * B;
      for (long row = 0; row < s.out_height; ++row) {
        const long y = row * s.stride - s.padding + tap_row * s.dilation;
        if (y < 0 || y >= s.in_height) continue;
        for (long column = 0; column < s.out_width; ++column) {
          const long z = column * s.stride - s.padding + tap_column * s.dilation;
          if (z < 0 || z >= s.in_width) continue;
          const jml::Vector<B> value = in[(y * s.in_width + z) * B] - jml::Vector<B>{};
          // The library rounds each product before it is added.
          sum += __builtin_elementwise_fma(
              value, jml::Vector<B>(JML_CONST_BLOCK(B, gradient + (row * s.out_width + column) * B)), jml::Vector<B>{});
        }
      }
    }
    JML_BLOCK(B, dw + block * B) = sum;
  }
}

template <int B>
__attribute__((always_inline)) inline void gradients(
    const Shape &s, long first, long last, const float *x, const float *dy, float *dw) {
  for (long tap = 0; tap < s.kernel * s.kernel; ++tap)
    for (long channel = first; channel < last; ++channel)
      tap_gradient<B>(
          s, channel, tap / s.kernel, tap % s.kernel, x, dy, dw + (tap * s.in_channels + channel) * s.out_channels);
}

/// The sums of dy over all pixels of all images: [out].
template <int B>
__attribute__((always_inline)) inline void bias_gradients(const Shape &s, const float *dy, float *dbias) {
  const long pixels = s.out_height * s.out_width;
  for (long block = 0; block < s.out_channels / B; ++block) {
    jml::Vector<B> sum{};
    for (long n = 0; n < s.batch; ++n)
      for (long pixel = 0; pixel < pixels; ++pixel)
        sum += JML_CONST_BLOCK(B, dy + ((n * s.out_channels / B + block) * pixels + pixel) * B);
    JML_BLOCK(B, dbias + block * B) = sum;
  }
}

JML_MULTIVERSION16
void bias16(const Shape &s, const float *dy, float *dbias) { bias_gradients<16>(s, dy, dbias); }
JML_MULTIVERSION8
void bias8(const Shape &s, const float *dy, float *dbias) { bias_gradients<8>(s, dy, dbias); }

JML_MULTIVERSION16
void gradients16(const Shape &s, long first, long last, const float *x, const float *dy, float *dw) {
  gradients<16>(s, first, last, x, dy, dw);
}
JML_MULTIVERSION8
void gradients8(const Shape &s, long first, long last, const float *x, const float *dy, float *dw) {
  gradients<8>(s, first, last, x, dy, dw);
}

}  // namespace

bool jml::has_plain_gradients(const jml_convolution &c) {
  return c.groups == 1 && c.in_block > 1 && c.in_block == c.out_block && c.in_channels % c.in_block == 0
      && c.out_channels % c.out_block == 0;
}

void jml::plain_gradients(const jml_convolution &c, const float *x, const float *dy, float *dw, float *dbias) {
  const Shape shape{c.batch, c.in_channels, c.in_height, c.in_width, c.out_channels, c.out_height,
                    c.out_width, c.kernel, c.stride, c.padding, c.dilation};
  parallel_for(c.in_channels, 1, [&](long first, long last) {
    (c.in_block == 16 ? gradients16 : gradients8)(shape, first, last, x, dy, dw);
  });
  if (dbias) (c.in_block == 16 ? bias16 : bias8)(shape, dy, dbias);
}
