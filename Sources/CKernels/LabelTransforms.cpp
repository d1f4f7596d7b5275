#include "LabelTransforms.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "Parallel.h"

namespace {

constexpr long bandRows = 32;

/// Window extremes of the rows of one band: first along the row, then across rows. An ignored pixel is 255,
/// so the window's maximum says whether there is one, and two extremes that differ say that there are two
/// classes.
JML_MULTIVERSION
void boundary_band(
    const uint8_t *labels, long height, long width, long classes, uint8_t ignore, long radius, long first,
    long last, uint8_t *scratch, uint8_t *boundary) {
  const long stride = width + 2 * radius;
  uint8_t *low = scratch, *high = low + stride;       // one padded row each
  uint8_t *lows = high + stride;                      // [rows, width]
  const long top = std::max(0L, first - radius), bottom = std::min(height, last + radius);
  uint8_t *highs = lows + (bottom - top) * width;
  uint8_t *least = highs + (bottom - top) * width, *most = least + width;
  memset(low, 255, stride);
  memset(high, 0, stride);
  for (long y = top; y < bottom; ++y) {
    const uint8_t *row = labels + y * width;
    for (long x = 0; x < width; ++x) {
      uint8_t value = row[x] == ignore || row[x] >= classes ? 255 : row[x];
      low[radius + x] = value;
      high[radius + x] = value;
    }
    uint8_t *__restrict a = lows + (y - top) * width, *__restrict b = highs + (y - top) * width;
    memcpy(a, low, width);
    memcpy(b, high, width);
    for (long k = 1; k <= 2 * radius; ++k)
      for (long x = 0; x < width; ++x) {
        a[x] = std::min(a[x], low[x + k]);
        b[x] = std::max(b[x], high[x + k]);
      }
  }
  for (long y = first; y < last; ++y) {
    const long from = std::max(0L, y - radius), to = std::min(height, y + radius + 1);
    memset(least, 255, width);
    memset(most, 0, width);
    for (long r = from; r < to; ++r) {
      const uint8_t *__restrict a = lows + (r - top) * width, *__restrict b = highs + (r - top) * width;
      for (long x = 0; x < width; ++x) least[x] = std::min(least[x], a[x]);
      for (long x = 0; x < width; ++x) most[x] = std::max(most[x], b[x]);
    }
    uint8_t *__restrict out = boundary + y * width;
    for (long x = 0; x < width; ++x) out[x] = (most[x] != 255) & (least[x] != most[x]);
  }
}

}  // namespace

void jml_label_boundary(
    const uint8_t *labels, long batch, long height, long width, long classes, uint8_t ignore, long kernel,
    uint8_t *boundary) {
  // A window of twice the image sees no more than one of the image.
  const long radius = std::min(kernel / 2, std::max(height, width));
  const long bands = (height + bandRows - 1) / bandRows;
  const long rows = std::min(height, bandRows + 2 * radius);
  jml::parallel_for(batch * bands, 1, [&](long begin, long end) {
    std::vector<uint8_t> scratch(2 * (width + 2 * radius) + 2 * (rows + 1) * width);
    for (long unit = begin; unit < end; ++unit) {
      const long offset = unit / bands * height * width, first = unit % bands * bandRows;
      boundary_band(
          labels + offset, height, width, classes, ignore, radius, first, std::min(height, first + bandRows),
          scratch.data(), boundary + offset);
    }
  });
}

int jml_label_counts(
    const uint8_t *labels, const uint8_t *boundary, long batch, long pixels, long classes, uint8_t ignore,
    int64_t *counts) {
  constexpr long block = 1 << 16;
  const long blocks = (pixels + block - 1) / block;
  std::vector<int64_t> histograms(batch * blocks * 512);
  jml::parallel_for(batch * blocks, 1, [&](long begin, long end) {
    for (long unit = begin; unit < end; ++unit) {
      const long first = unit % blocks * block, count = std::min(block, pixels - first);
      const uint8_t *y = labels + unit / blocks * pixels + first;
      const uint8_t *edge = boundary ? boundary + unit / blocks * pixels + first : nullptr;
      // Four counters a value: neighbours are often equal, and adding to one address is a chain of loads and
      // stores.
      uint32_t bins[4][512] = {};
      if (edge) {
        for (long i = 0; i < count; ++i) ++bins[i & 3][y[i] + (edge[i] ? 256 : 0)];
      } else {
        for (long i = 0; i < count; ++i) ++bins[i & 3][y[i]];
      }
      for (long v = 0; v < 512; ++v)
        histograms[unit * 512 + v] = int64_t(bins[0][v]) + bins[1][v] + bins[2][v] + bins[3][v];
    }
  });
  std::fill(counts, counts + batch * classes * 2, int64_t(0));
  int stray = -1;
  for (long unit = 0; unit < batch * blocks; ++unit)
    for (long v = 0; v < 512; ++v) {
      const long count = histograms[unit * 512 + v], value = v & 255;
      if (count == 0 || value == ignore) continue;
      if (value >= classes) {
        stray = std::max(stray, int(value));
      } else {
        counts[(unit / blocks * classes + value) * 2 + (v >> 8)] += count;
      }
    }
  return stray;
}

void jml_label_expand(
    const uint8_t *labels, const uint8_t *boundary, long batch, long pixels, long classes, uint8_t ignore,
    float epsilon, float *soft) {
  const float base = epsilon / float(classes);
  jml::parallel_for(batch * classes, 1, [&](long begin, long end) {
    for (long unit = begin; unit < end; ++unit) {
      const uint8_t *y = labels + unit / classes * pixels;
      const uint8_t *edge = boundary ? boundary + unit / classes * pixels : nullptr;
      float *out = soft + unit * pixels;
      for (long i = 0; i < pixels; ++i) {
        const float hard = y[i] == unit % classes ? 1.f : 0.f;
        const float value = edge && edge[i] ? (1 - epsilon) * hard + base : hard;
        out[i] = y[i] == ignore || y[i] >= classes ? 0.f : value;
      }
    }
  });
}
