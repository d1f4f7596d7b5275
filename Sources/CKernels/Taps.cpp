// Convolution as one matrix product per kernel tap, over just those pixels for which the tap sees the image.
//
// Products read and write the maps where they lie. An item of work is a band of target pixels; for one panel of its
// channels, which then stays in the cache, all taps are summed.
#include <algorithm>
#include <cstring>
#include <vector>

#include "BlockedProducts.hpp"
#include "Dnnl.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "TapsPlan.hpp"
#include "TapsShort.hpp"

namespace {

using namespace jml::taps;
using jml::Maps;
using jml::Run;

constexpr int weight_slot = 2;

/// Channels of the source that one product sums: its panel of weights and its stretch of the source stay in the
/// cache.
constexpr long channels_at_once = 512;

/// Target pixels of a band. With a larger kernel a panel of their sums shall stay in the second-level cache over all
/// taps, otherwise their source shall, over all panels.
long pixels_at_once(const jml_convolution &c, long channels) {
  return c.kernel > 1 ? 2048 : 131072 / std::min(channels, channels_at_once);
}

/// y = x * w, or dx = dy * w^T when `backward`.
void run(const jml_convolution &c, const float *x, const float *w, float *y, bool backward) {
  const Plan plan(c);
  const Map &from = backward ? plan.out : plan.in, &to = backward ? plan.in : plan.out;
  const long block = c.in_block, k = from.channels, n = to.channels, threads = jml_thread_count();
  const auto taps = taps_of(c);
  // [tap][chunk of k] panels.
  float *u = static_cast<float *>(jml_scratch(weight_slot, taps.size() * k * n * sizeof(float)));
  const long chunks = (k + channels_at_once - 1) / channels_at_once, step = channels_at_once;
  jml::parallel_for(taps.size() * chunks, 1, [&](long first, long last) {
    for (long i = first; i < last; ++i) {
      const long tap = i / chunks, start = i % chunks * step, count = std::min(step, k - start);
      const float *matrix = w + taps[tap].index * k * n;
      float *panels = u + (tap * k + start) * n;
      if (backward) jml::pack_panels_transposed(block, count, n, matrix + start, k, panels);
      else jml::pack_panels(block, count, n, matrix + start * n, n, panels);
    }
  });
  const auto bands = plan.bands(pixels_at_once(c, k));
  // Threads share the bands, or when those do not divide among them, split the target's panels.
  const long bands_count = bands.size(), width = jml::panel_blocks * block, panels = (n + width - 1) / width;
  const long parts = bands_count % threads == 0 ? 1 : threads;
  jml::parallel_for(bands_count * parts, 1, [&](long first, long last) {
    std::vector<std::vector<Run>> runs(taps.size());
    for (long item = first; item < last; ++item) {
      const long part = item % parts, first_panel = panels * part / parts, last_panel = panels * (part + 1) / parts;
      for (size_t tap = 0; tap < taps.size(); ++tap)
        plan.runs(bands[item / parts], taps[tap], backward ? -1 : 1, from, to, runs[tap]);
      for (long start = 0; start < k; start += step)
        for (long panel = first_panel; panel < last_panel; ++panel) {
          const long count = std::min(step, k - start), channel = panel * width;
          const Maps maps{count, std::min(width, n - channel), from.pixels * block, to.pixels * block};
          for (size_t tap = 0; tap < taps.size(); ++tap)
            jml::blocked_product(
                block, maps, runs[tap].data(), runs[tap].size(), x + start * from.pixels,
                u + (tap * k + start) * n + channel * count, start == 0 && tap == 0, y + channel * to.pixels);
        }
    }
  });
}

/// Pixels of which a few channel blocks of gradients stay in the second-level cache.
constexpr long pixels_of_gradients = 2048;

}  // namespace

long jml_taps_pixels(const jml_convolution *c) {
  long pixels = 0;
  for (const Tap &tap : taps_of(*c))
    pixels += (c->in_height - std::abs(tap.rows)) * (c->in_width - std::abs(tap.columns));
  return pixels * c->batch;
}

int jml_taps_forward(const jml_convolution *c, const float *x, const float *w, float *y) {
  return jml::guarded("taps forward", [&] {
    (c->short_products ? run_short : run)(*c, x, w, y, false);
  });
}

int jml_taps_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("taps backward data", [&] {
    (c->short_products ? run_short : run)(*c, dy, w, dx, true);
  });
}

int jml_taps_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("taps backward weights", [&] {
    if (c->short_products) return run_short_weights(*c, x, dy, dw);
    const Plan plan(*c);
    const long block = c->in_block, k = plan.in.channels, n = plan.out.channels;
    std::memset(dw, 0, (long)c->kernel * c->kernel * k * n * sizeof(float));
    const auto taps = taps_of(*c);
    const auto bands = plan.bands(pixels_of_gradients);
    // Threads split the input channels, so each number of dw is one uninterrupted sum.
    jml::parallel_for(k / block, 1, [&](long first, long last) {
      const long start = first * block;
      const Maps maps{(last - first) * block, n, plan.in.pixels * block, plan.out.pixels * block};
      std::vector<Run> runs;
      for (const Band &band : bands)
        for (const Tap &tap : taps) {
          plan.runs(band, tap, 1, plan.in, plan.out, runs);
          jml::blocked_product_tn(
              block, maps, runs.data(), runs.size(), x + start * plan.in.pixels, dy, false,
              dw + (tap.index * k + start) * n, n);
        }
    });
  });
}
