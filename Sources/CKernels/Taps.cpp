// Convolution as one matrix product per kernel tap, over just those pixels for which the tap sees the image.
//
// An item of work is a band of target pixels. Of a large map, what a tap sees of the source is copied into the thread's cache,
// where it serves all panels of target channels. Of a small one the source is in the cache anyhow, and products read it where it
// lies: for one panel, whose sums then stay near, all taps follow one another.
#include <algorithm>
#include <cstring>
#include <vector>

#include "BlockedProducts.hpp"
#include "Dnnl.hpp"
#include "Epilogue.hpp"
#include "MatrixConvolution.h"
#include "Parallel.h"
#include "Scratch.hpp"
#include "TapsPlan.hpp"
#include "TapsShort.hpp"

namespace {

using namespace jml::taps;
using jml::Maps;
using jml::Run;

/// Pixels of an image from which on its source is copied.
constexpr long large_map = 512;

/// Target pixels of a band. A copied source shall stay in the second-level cache; otherwise, with a larger kernel, a panel of sums
/// over all taps, and else the source over all panels.
long pixels_at_once(const jml_convolution &c, const Map &from) {
  const long channels = std::min(from.channels, channels_at_once);
  if (from.pixels >= large_map) return 98304 / channels;
  return c.kernel > 1 ? 2048 : 131072 / channels;
}

/// The source of some runs: their `in` counts from `data`, and floats from one channel block to the next are `pitch`.
struct Source {
  std::vector<Run> runs;
  const float *data;
  long pitch;
};

/// Copies `count` channels of the source from x, runs side by side. In the map channel blocks lie a power of two apart more often
/// than not, and then in so few sets of the cache that every panel would read them from farther away.
Source copied(const std::vector<Run> &runs, const float *x, const Map &map, long count, long block) {
  Source source{runs, nullptr, 0};
  for (Run &run : source.runs) {
    run.in = source.pitch;
    source.pitch += run.count * block;
  }
  source.pitch = jml::pitch_of(source.pitch);
  float *out = jml::scratch<float>(jml::input_slot, source.pitch * count / block);
  for (long b = 0; b < count / block; ++b)
    for (size_t i = 0; i < runs.size(); ++i)
      std::memcpy(out + b * source.pitch + source.runs[i].in, x + b * map.pixels * block + runs[i].in,
                  runs[i].count * block * sizeof(float));
  source.data = out;
  return source;
}

/// y = x * w, finished by `epilogue` panel by panel, or dx = dy * w^T when `backward`.
void run(const jml_convolution &c, const float *x, const float *w, float *y, bool backward,
         const jml::Epilogue &epilogue) {
  const Plan plan(c);
  const Map &from = backward ? plan.out : plan.in, &to = backward ? plan.in : plan.out;
  const long block = c.in_block, k = from.channels, n = to.channels;
  const auto taps = taps_of(c);
  float *u = jml::scratch<float>(jml::weight_slot, taps.size() * k * n);
  pack_taps(taps, k, n, w, [&](const float *matrix, long start, long count, long offset) {
    if (backward) jml::pack_panels_transposed(block, count, n, matrix + start, k, u + offset);
    else jml::pack_panels(block, count, n, matrix + start * n, n, u + offset);
  });
  const long width = jml::panel_blocks * block, panels = (n + width - 1) / width;
  const bool copies = from.pixels >= large_map;
  over_bands(plan.bands(pixels_at_once(c, from)), panels, [&](const Band &band, long first, long last) {
    std::vector<std::vector<Run>> runs(taps.size());
    for (size_t tap = 0; tap < taps.size(); ++tap)
      plan.runs(band, taps[tap], backward ? -1 : 1, from, to, runs[tap]);
    const auto patches = plan.patches(band);
    for (long start = 0; start < k; start += channels_at_once) {
      const long count = std::min(channels_at_once, k - start);
      const auto multiply = [&](size_t tap, long panel, const std::vector<Run> &where, const float *v, long pitch) {
        const long channel = panel * width;
        const Maps maps{count, std::min(width, n - channel), pitch, to.pixels * block};
        jml::blocked_product(
            block, maps, where.data(), where.size(), v, u + (tap * k + start) * n + channel * count,
            {start == 0 && tap == 0, block}, y + channel * to.pixels);
        if (epilogue && start + count == k && tap + 1 == taps.size())
          epilogue.finish(channel / block, (channel + maps.n) / block, patches.data(), patches.size());
      };
      const float *source = x + start * from.pixels;
      if (copies) {
        for (size_t tap = 0; tap < taps.size(); ++tap) {
          const Source copy = copied(runs[tap], source, from, count, block);
          for (long panel = first; panel < last; ++panel) multiply(tap, panel, copy.runs, copy.data, copy.pitch);
        }
      } else {
        for (long panel = first; panel < last; ++panel)
          for (size_t tap = 0; tap < taps.size(); ++tap) multiply(tap, panel, runs[tap], source, from.pixels * block);
      }
    }
  });
}

/// Pixels of which a few channel blocks of gradients stay in the second-level cache.
constexpr long pixels_of_gradients = 2048;

/// With a larger kernel, pixels and channel blocks of the source that stay there as well, over all taps and all gradients.
constexpr long pixels_of_taps = 1024, blocks_of_taps = 6;

}  // namespace

long jml_taps_pixels(const jml_convolution *c) {
  long pixels = 0;
  for (const Tap &tap : taps_of(*c))
    pixels += (c->in_height - std::abs(tap.rows)) * (c->in_width - std::abs(tap.columns));
  return pixels * c->batch;
}

int jml_taps_forward(
    const jml_convolution *c, const float *x, const float *w, const jml_epilogue *epilogue, float *y) {
  return jml::guarded("taps forward", [&] {
    const jml::Epilogue ready(epilogue, jml::output_map(*c), y);
    (c->short_products ? run_short : run)(*c, x, w, y, false, ready);
  });
}

int jml_taps_backward_data(const jml_convolution *c, const float *dy, const float *w, float *dx) {
  return jml::guarded("taps backward data", [&] {
    (c->short_products ? run_short : run)(*c, dy, w, dx, true, {});
  });
}

int jml_taps_backward_weights(const jml_convolution *c, const float *x, const float *dy, float *dw) {
  return jml::guarded("taps backward weights", [&] {
    if (c->short_products) return run_short_weights(*c, x, dy, dw);
    const Plan plan(*c);
    const long block = c->in_block, k = plan.in.channels, n = plan.out.channels;
    const auto taps = taps_of(*c);
    std::vector<bool> is_blind(c->kernel * c->kernel, true);
    for (const Tap &tap : taps) is_blind[tap.index] = false;
    const bool large = c->kernel > 1;
    const auto bands = plan.bands(large ? pixels_of_taps : pixels_of_gradients);
    // Threads split the input channels, so each number of dw is one uninterrupted sum.
    jml::parallel_for(k / block, 1, [&](long begin, long end) {
      for (size_t index = 0; index < is_blind.size(); ++index)
        if (is_blind[index]) std::fill_n(dw + (index * k + begin * block) * n, (end - begin) * block * n, 0.0f);
      std::vector<Run> runs;
      for (long first = begin, last; first < end; first = last) {
        last = large ? std::min(first + blocks_of_taps, end) : end;
        const long start = first * block;
        const Maps maps{(last - first) * block, n, plan.in.pixels * block, plan.out.pixels * block};
        for (const Band &band : bands)
          for (const Tap &tap : taps) {
            plan.runs(band, tap, 1, plan.in, plan.out, runs);
            jml::blocked_product_tn(
                block, maps, runs.data(), runs.size(), x + start * plan.in.pixels, dy, &band == &bands.front(),
                dw + (tap.index * k + start) * n, n);
          }
      }
    });
  });
}
