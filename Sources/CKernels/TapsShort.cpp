// Taps.cpp with operands in bfloat16. Activations are shortened on the way: for a kernel of one pixel a band of the source at a
// time, which then lies in the second-level cache; for a larger kernel, whose taps read a pixel several times, all at once.
#include "TapsShort.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "Dnnl.hpp"
#include "Parallel.h"
#include "Scratch.hpp"
#include "ShortProducts.hpp"
#include "TapsPlan.hpp"

namespace {

using namespace jml::taps;
using jml::Maps;
using jml::Run;
using jml::Short;

constexpr int block = 16;

/// Target pixels of a band; see Taps.cpp. In bfloat16 twice as many fit.
long pixels_at_once(const jml_convolution &c, long channels) {
  return c.kernel > 1 ? 2048 : 262144 / std::min(channels, channels_at_once);
}

/// `count` channels from `start` of the runs' pixels, one run after the other: [block][pixel][16]. `runs` then tell where
/// they lie there.
void shorten_runs(
    std::vector<Run> &runs, const float *x, const Map &from, long start, long count, long pixels, Short *out) {
  long first = 0;
  for (Run &run : runs) {
    for (long b = 0; b < count / block; ++b)
      jml::shorten(
          x + run.in + (start + b * block) * from.pixels, run.count * block, out + (b * pixels + first) * block);
    run.in = first * block;
    first += run.count;
  }
}

}  // namespace

void jml::taps::run_short(
    const jml_convolution &c, const float *x, const float *w, float *y, bool backward, const Epilogue &epilogue) {
  const Plan plan(c);
  const Map &from = backward ? plan.out : plan.in, &to = backward ? plan.in : plan.out;
  const long k = from.channels, n = to.channels;
  const auto taps = taps_of(c);
  Short *u = jml::scratch<Short>(jml::weight_slot, taps.size() * k * n);
  pack_taps(taps, k, n, w, [&](const float *matrix, long start, long count, long offset) {
    if (backward) jml::pack_short_panels_transposed(count, n, matrix + start, k, u + offset);
    else jml::pack_short_panels(count, n, matrix + start * n, n, u + offset);
  });
  const bool banded = c.kernel == 1;
  Short *whole = nullptr;
  if (!banded) {
    whole = jml::scratch<Short>(jml::source_slot, c.batch * from.image());
    const long vectors = c.batch * from.image() / block;
    jml::parallel_for(vectors, 1024, [&](long first, long last) {
      jml::shorten(x + first * block, (last - first) * block, whole + first * block);
    });
  }
  const long width = jml::panel_blocks * block, panels = (n + width - 1) / width;
  over_bands(plan.bands(pixels_at_once(c, k)), panels, [&](const Band &band, long first, long last) {
    std::vector<std::vector<Run>> runs(taps.size());
    const auto find_runs = [&] {
      for (size_t tap = 0; tap < taps.size(); ++tap)
        plan.runs(band, taps[tap], backward ? -1 : 1, from, to, runs[tap]);
    };
    if (!banded) find_runs();
    const auto patches = plan.patches(band);
    for (long start = 0; start < k; start += channels_at_once) {
      const long count = std::min(channels_at_once, k - start);
      const Short *source = banded ? nullptr : whole + start * from.pixels;
      long in_pitch = from.pixels * block;
      if (banded) {
        find_runs();
        const long pixels = band.images * band.rows;
        Short *stretch = jml::scratch<Short>(jml::gradient_slot, count * pixels);
        shorten_runs(runs[0], x, from, start, count, pixels, stretch);
        source = stretch;
        in_pitch = pixels * block;
      }
      for (long panel = first; panel < last; ++panel) {
        const long channel = panel * width;
        const Maps maps{count, std::min(width, n - channel), in_pitch, to.pixels * block};
        for (size_t tap = 0; tap < taps.size(); ++tap)
          jml::short_product(
              maps, runs[tap].data(), runs[tap].size(), source, u + (tap * k + start) * n + channel * count,
              {start == 0 && tap == 0, block}, y + channel * to.pixels);
        if (epilogue && start + count == k)
          epilogue.finish(channel / block, (channel + maps.n) / block, patches.data(), patches.size());
      }
    }
  });
}

void jml::taps::run_short_weights(const jml_convolution &c, const float *x, const float *dy, float *dw) {
  const Plan plan(c);
  const long k = plan.in.channels, n = plan.out.channels;
  std::memset(dw, 0, (long)c.kernel * c.kernel * k * n * sizeof(float));
  const auto taps = taps_of(c);
  // Pixels whose pairs of a few channel blocks stay in the second-level cache.
  const auto bands = plan.bands(2048);
  // Threads split the input channels, so each number of dw is one uninterrupted sum.
  jml::parallel_for(k / block, 1, [&](long first, long last) {
    const long start = first * block, blocks = last - first;
    std::vector<Run> runs;
    for (const Band &band : bands)
      for (const Tap &tap : taps) {
        plan.runs(band, tap, 1, plan.in, plan.out, runs);
        const long most = band.images * band.rows * plan.width + 1;
        Short *pixels = jml::scratch<Short>(jml::source_slot, blocks * block * most);
        const long pairs = jml::shorten_pixel_pairs(
            runs.data(), runs.size(), &Run::in, x + start * plan.in.pixels, plan.in.pixels * block, blocks, pixels);
        Short *gradients = jml::scratch<Short>(jml::gradient_slot, jml::product_columns * block * most);
        for (long channel = 0; channel < n;) {
          const long columns = jml::next_product_columns(block, (n - channel) / block);
          jml::shorten_pixel_pairs(
              runs.data(), runs.size(), &Run::out, dy + channel * plan.out.pixels, plan.out.pixels * block, columns,
              gradients);
          jml::short_product_tn(
              blocks * block, columns * block, pairs, pixels, gradients, false,
              dw + (tap.index * k + start) * n + channel, n);
          channel += columns * block;
        }
      }
  });
}
