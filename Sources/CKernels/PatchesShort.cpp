// Convolution as one product on gathered patches, with operands in bfloat16: for strides and biases, which the taps algorithm
// has not. A patch is shortened on its way into the cache, so that it takes little room there and none elsewhere.
#include <algorithm>
#include <cstring>
#include <vector>

#include "Dnnl.hpp"
#include "Epilogue.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "Scratch.hpp"
#include "ShortProducts.hpp"

namespace {

using jml::Maps;
using jml::Run;
using jml::Short;

constexpr long block = 16;

/// Target pixels of one image that are computed at once.
struct Stretch {
  long image, first, count;
};

struct Plan {
  const jml_convolution &c;
  const long taps, in_pixels, out_pixels;
  /// What a product sums over: taps, and channels within each.
  const long k;

  explicit Plan(const jml_convolution &c)
      : c(c),
        taps((long)c.kernel * c.kernel),
        in_pixels((long)c.in_height * c.in_width),
        out_pixels((long)c.out_height * c.out_width),
        k(taps * c.in_channels) {}

  std::vector<Stretch> stretches(long most) const {
    std::vector<Stretch> all;
    const long pieces = (out_pixels + most - 1) / most;
    for (long image = 0; image < c.batch; ++image)
      for (long piece = 0; piece < pieces; ++piece) {
        const long first = out_pixels * piece / pieces;
        all.push_back({image, first, out_pixels * (piece + 1) / pieces - first});
      }
    return all;
  }

  /// Where in a channel block of the source a tap reads for a target pixel; negative where that is padding.
  long offset(long tap, long pixel) const {
    const long row = pixel / c.out_width * c.stride + tap / c.kernel * c.dilation - c.padding;
    const long column = pixel % c.out_width * c.stride + tap % c.kernel * c.dilation - c.padding;
    if (row < 0 || row >= c.in_height || column < 0 || column >= c.in_width) return -1;
    return (row * c.in_width + column) * block;
  }
};

/// Calls body(pixels) for taps' channel blocks first..<last, [tap][channel block]: where each pixel of a stretch reads, `zeros`
/// for padding and, where the stretch has an odd number of pixels, for one more.
template <typename Body>
void over_blocks(const Plan &plan, const Stretch &stretch, const float *x, long first, long last, const Body &body) {
  alignas(64) static const float zeros[block] = {};
  const long blocks = plan.c.in_channels / block;
  std::vector<long> offsets(stretch.count);
  std::vector<const float *> pixels(stretch.count + 1, zeros);
  for (long b = first; b < last; ++b) {
    if (b == first || b % blocks == 0)
      for (long i = 0; i < stretch.count; ++i) offsets[i] = plan.offset(b / blocks, stretch.first + i);
    const float *plane = x + (stretch.image * blocks + b % blocks) * plan.in_pixels * block;
    for (long i = 0; i < stretch.count; ++i) pixels[i] = offsets[i] < 0 ? zeros : plane + offsets[i];
    body(pixels.data());
  }
}

/// The patches of a stretch: [tap][channel block][pixel][16].
void gather(const Plan &plan, const Stretch &stretch, const float *x, Short *out) {
  over_blocks(plan, stretch, x, 0, plan.k / block, [&](const float *const *pixels) {
    for (long i = 0; i < stretch.count; ++i, out += block) jml::shorten(pixels[i], block, out);
  });
}

/// The same in pairs of pixels, for some of the blocks: [tap and channel block][pair][16][2]. Returns the number of pairs.
long gather_pairs(const Plan &plan, const Stretch &stretch, const float *x, long first, long last, Short *out) {
  over_blocks(plan, stretch, x, first, last, [&](const float *const *pixels) {
    for (long i = 0; i < stretch.count; i += 2, out += 2 * block) jml::shorten_pair(pixels[i], pixels[i + 1], out);
  });
  return (stretch.count + 1) / 2;
}

void forward(const jml_convolution &c, const float *x, const float *w, const float *bias, float *y,
             const jml::Epilogue &epilogue) {
  const Plan plan(c);
  const long n = c.out_channels;
  Short *u = jml::scratch<Short>(jml::weight_slot, plan.k * n);
  jml::pack_short_panels(plan.k, n, w, n, u);
  const auto stretches = plan.stretches(jml::cached_pixels<Short>(plan.k, c.batch * plan.out_pixels));
  jml::parallel_for(stretches.size(), 1, [&](long begin, long end) {
    for (long item = begin; item < end; ++item) {
      const Stretch &stretch = stretches[item];
      Short *patches = jml::scratch<Short>(jml::source_slot, plan.k * stretch.count);
      gather(plan, stretch, x, patches);
      float *out = y + (stretch.image * n * plan.out_pixels + stretch.first * block);
      const Run run{0, 0, stretch.count};
      jml::short_product(
          {plan.k, n, stretch.count * block, plan.out_pixels * block}, &run, 1, patches, u, {true, block, bias}, out);
      const jml::Patch done{stretch.image, stretch.first, 1, 0, stretch.count, 1};
      if (epilogue) epilogue.finish(0, n / block, &done, 1);
    }
  });
}

/// Gradients are scattered: each tap adds its product to the pixels that it read.
void backward_data(const jml_convolution &c, const float *dy, const float *w, float *dx) {
  const Plan plan(c);
  const long k = c.out_channels, n = c.in_channels;
  Short *u = jml::scratch<Short>(jml::weight_slot, plan.taps * k * n);
  jml::parallel_for(plan.taps, 1, [&](long first, long last) {
    for (long tap = first; tap < last; ++tap)
      jml::pack_short_panels_transposed(k, n, w + tap * k * n, k, u + tap * k * n);
  });
  Short *source = jml::scratch<Short>(jml::source_slot, c.batch * k * plan.out_pixels);
  jml::parallel_for(c.batch * k / block * plan.out_pixels, 1024, [&](long first, long last) {
    jml::shorten(dy + first * block, (last - first) * block, source + first * block);
  });
  const long width = jml::panel_blocks * block, panels = (n + width - 1) / width;
  jml::parallel_for(c.batch * panels, 1, [&](long begin, long end) {
    std::vector<Run> runs;
    for (long item = begin; item < end; ++item) {
      const long image = item / panels, channel = item % panels * width, columns = std::min(width, n - channel);
      float *out = dx + (image * n + channel) * plan.in_pixels;
      std::memset(out, 0, columns * plan.in_pixels * sizeof(float));
      for (long tap = 0; tap < plan.taps; ++tap) {
        runs.clear();
        for (long row = 0; row < c.out_height; ++row) {
          // The columns of this row whose windows have this tap in the image.
          long first = row * c.out_width, last = first + c.out_width;
          while (first < last && plan.offset(tap, first) < 0) ++first;
          while (first < last && plan.offset(tap, last - 1) < 0) --last;
          if (first < last) runs.push_back({first * block, plan.offset(tap, first), last - first});
        }
        jml::short_product(
            {k, columns, plan.out_pixels * block, plan.in_pixels * block}, runs.data(), runs.size(),
            source + image * k * plan.out_pixels, u + tap * k * n + channel * k, {false, c.stride * block},
            out);
      }
    }
  });
}

void backward_weights(const jml_convolution &c, const float *x, const float *dy, float *dw, float *dbias) {
  const Plan plan(c);
  const long n = c.out_channels, blocks = plan.k / block;
  constexpr long most = 1024;
  std::memset(dw, 0, plan.k * n * sizeof(float));
  const auto stretches = plan.stretches(most);
  // Threads split taps and input channels, so each number of dw is one uninterrupted sum.
  jml::parallel_for(blocks, 1, [&](long begin, long end) {
    constexpr long together = 16;
    Short *patches = jml::scratch<Short>(jml::source_slot, together * block * (most + 1));
    Short *gradients = jml::scratch<Short>(jml::gradient_slot, jml::product_columns * block * (most + 1));
    for (long first = begin; first < end; first += together)
      for (const Stretch &stretch : stretches) {
        const long count = std::min(together, end - first);
        const long pairs = gather_pairs(plan, stretch, x, first, first + count, patches);
        const float *given = dy + (stretch.image * n * plan.out_pixels + stretch.first * block);
        const Run run{0, 0, stretch.count};
        for (long column = 0; column < n;) {
          const long columns = jml::next_product_columns(block, (n - column) / block);
          jml::shorten_pixel_pairs(
              &run, 1, &Run::out, given + column * plan.out_pixels, plan.out_pixels * block, columns, gradients);
          jml::short_product_tn(
              count * block, columns * block, pairs, patches, gradients, false, dw + first * block * n + column, n);
          column += columns * block;
        }
      }
  });
  if (!dbias) return;
  jml::parallel_for(n / block, 1, [&](long begin, long end) {
    for (long b = begin; b < end; ++b) {
      float sums[block] = {};
      for (long image = 0; image < c.batch; ++image) {
        const float *plane = dy + (image * n + b * block) * plan.out_pixels;
        for (long pixel = 0; pixel < plan.out_pixels; ++pixel)
          for (long i = 0; i < block; ++i) sums[i] += plane[pixel * block + i];
      }
      std::memcpy(dbias + b * block, sums, sizeof sums);
    }
  });
}

}  // namespace

int jml_patches_forward(const jml_convolution *c, const float *x, const float *w, const float *bias,
                        const jml_epilogue *epilogue, float *y) {
  return jml::guarded("patches forward", [&] {
    forward(*c, x, w, bias, y, jml::Epilogue(epilogue, jml::output_map(*c), y));
  });
}

int jml_patches_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("patches backward data", [&] { backward_data(*c, dy, w, dx); });
}

int jml_patches_backward_weights(
    const jml_convolution *c, const float *x, const float *dy, float *dw, float *dbias) {
  return jml::guarded("patches backward weights", [&] { backward_weights(*c, x, dy, dw, dbias); });
}
