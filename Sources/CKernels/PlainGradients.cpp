// Gradients of weights where the library has loops without vectors: a window larger than the map, such as the last patches of
// SegFormer on small crops. The same sums in the same order, and so the same numbers, for a block of outputs at a time.
#include "PlainGradients.hpp"

#include "Parallel.h"
#include "Vectors.hpp"

namespace {

/// dw of one tap for input channel `channel`: [out].
template <int B>
__attribute__((always_inline)) inline void tap_gradient(
    const jml_convolution &c, long channel, long tap_row, long tap_column, const float *x, const float *dy, float *dw) {
  const long in_pixels = (long)c.in_height * c.in_width, out_pixels = (long)c.out_height * c.out_width;
  for (long block = 0; block < c.out_channels / B; ++block) {
    jml::Vector<B> sum{};
    for (long n = 0; n < c.batch; ++n) {
      const float *in = x + (n * c.in_channels / B + channel / B) * in_pixels * B + channel % B;
      const float *gradient = dy + (n * c.out_channels / B + block) * out_pixels * B;
      for (long row = 0; row < c.out_height; ++row) {
        const long y = row * c.stride - c.padding + tap_row * c.dilation;
        if (y < 0 || y >= c.in_height) continue;
        for (long column = 0; column < c.out_width; ++column) {
          const long z = column * c.stride - c.padding + tap_column * c.dilation;
          if (z < 0 || z >= c.in_width) continue;
          const jml::Vector<B> value = in[(y * c.in_width + z) * B] - jml::Vector<B>{};
          // The library rounds each product before it is added.
          sum += __builtin_elementwise_fma(
              value, jml::Vector<B>(JML_CONST_BLOCK(B, gradient + (row * c.out_width + column) * B)), jml::Vector<B>{});
        }
      }
    }
    JML_BLOCK(B, dw + block * B) = sum;
  }
}

template <int B>
__attribute__((always_inline)) inline void gradients(
    const jml_convolution &c, long first, long last, const float *x, const float *dy, float *dw) {
  for (long tap = 0; tap < c.kernel * c.kernel; ++tap)
    for (long channel = first; channel < last; ++channel)
      tap_gradient<B>(
          c, channel, tap / c.kernel, tap % c.kernel, x, dy, dw + (tap * c.in_channels + channel) * c.out_channels);
}

/// The sums of dy over all pixels of all images: [out].
template <int B>
__attribute__((always_inline)) inline void bias_gradients(const jml_convolution &c, const float *dy, float *dbias) {
  const long pixels = (long)c.out_height * c.out_width;
  for (long block = 0; block < c.out_channels / B; ++block) {
    jml::Vector<B> sum{};
    for (long n = 0; n < c.batch; ++n)
      for (long pixel = 0; pixel < pixels; ++pixel)
        sum += JML_CONST_BLOCK(B, dy + ((n * c.out_channels / B + block) * pixels + pixel) * B);
    JML_BLOCK(B, dbias + block * B) = sum;
  }
}

JML_MULTIVERSION16
void bias16(const jml_convolution &c, const float *dy, float *dbias) { bias_gradients<16>(c, dy, dbias); }
JML_MULTIVERSION8
void bias8(const jml_convolution &c, const float *dy, float *dbias) { bias_gradients<8>(c, dy, dbias); }

JML_MULTIVERSION16
void gradients16(const jml_convolution &c, long first, long last, const float *x, const float *dy, float *dw) {
  gradients<16>(c, first, last, x, dy, dw);
}
JML_MULTIVERSION8
void gradients8(const jml_convolution &c, long first, long last, const float *x, const float *dy, float *dw) {
  gradients<8>(c, first, last, x, dy, dw);
}

}  // namespace

bool jml::has_plain_gradients(const jml_convolution &c) {
  return c.groups == 1 && c.in_block > 1 && c.in_block == c.out_block && c.in_channels % c.in_block == 0
      && c.out_channels % c.out_block == 0;
}

void jml::plain_gradients(const jml_convolution &c, const float *x, const float *dy, float *dw, float *dbias) {
  parallel_for(c.in_channels, 1, [&](long first, long last) {
    (c.in_block == 16 ? gradients16 : gradients8)(c, first, last, x, dy, dw);
  });
  if (dbias) (c.in_block == 16 ? bias16 : bias8)(c, dy, dbias);
}
