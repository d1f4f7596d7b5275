#pragma once
// Which pixels each kernel tap of a convolution reads and writes.
#include <algorithm>
#include <vector>

#include "BlockedProducts.hpp"
#include "Convolution.h"
#include "Epilogue.hpp"
#include "Parallel.h"

namespace jml::taps {

/// A kernel tap, and how far from its target pixel it reads.
struct Tap {
  int index;
  long rows, columns;
};

/// The taps that see some of the image, the centre first: it sees all of it, so its products can begin the sums.
inline std::vector<Tap> taps_of(const jml_convolution &c) {
  std::vector<Tap> taps;
  for (int r = 0; r < c.kernel; ++r)
    for (int s = 0; s < c.kernel; ++s) {
      const Tap tap{r * c.kernel + s, (long)r * c.dilation - c.padding, (long)s * c.dilation - c.padding};
      if (std::abs(tap.rows) >= c.in_height || std::abs(tap.columns) >= c.in_width) continue;
      taps.push_back(tap);
      if (tap.rows == 0 && tap.columns == 0) std::swap(taps.front(), taps.back());
    }
  return taps;
}

/// One side of a convolution, [image][block][pixel][block].
struct Map {
  long channels, pixels;
  long image() const { return channels * pixels; }
};

/// Target pixels of one item of work: whole images, or rows of one; for a kernel of one pixel an image is one row.
struct Band {
  long image, images, row, rows;
};

struct Plan {
  const jml_convolution &c;
  const Map in, out;
  const long height, width;

  explicit Plan(const jml_convolution &c)
      : c(c),
        in{c.in_channels, (long)c.in_height * c.in_width},
        out{c.out_channels, (long)c.out_height * c.out_width},
        height(c.kernel == 1 ? in.pixels : c.in_height),
        width(c.kernel == 1 ? 1 : c.in_width) {}

  /// Bands of about `pixels` pixels.
  std::vector<Band> bands(long pixels) const {
    std::vector<Band> bands;
    const long together = std::max<long>(1, pixels / in.pixels);
    const long pieces = (in.pixels + pixels - 1) / pixels;
    for (long image = 0; image < c.batch; image += together)
      for (long piece = 0; piece < pieces; ++piece) {
        const long first = height * piece / pieces, last = height * (piece + 1) / pieces;
        bands.push_back({image, std::min<long>(together, c.batch - image), first, last - first});
      }
    return bands;
  }

  /// The pixels of a band for which a tap sees the source image. `sign` is 1 when the tap reads at its own offset,
  /// -1 when it is turned.
  void runs(const Band &band, const Tap &tap, long sign, const Map &from, const Map &to, std::vector<Run> &runs) const {
    const long dy = sign * tap.rows, dx = sign * tap.columns, block = c.in_block;
    const long top = std::max(band.row, -dy), bottom = std::min({band.row + band.rows, height, height - dy});
    const long left = std::max<long>(0, -dx), right = std::min(width, width - dx);
    runs.clear();
    for (long image = band.image; image < band.image + band.images; ++image)
      for (long row = top; row < bottom; ++row) {
        const Run run{image * from.image() + ((row + dy) * width + left + dx) * block,
                      image * to.image() + (row * width + left) * block, right - left};
        // Rows without a margin lie one after the other.
        if (row > top && run.count == width) runs.back().count += run.count;
        else runs.push_back(run);
      }
  }

  /// All target pixels of a band.
  std::vector<Patch> patches(const Band &band) const {
    std::vector<Patch> patches;
    for (long image = band.image; image < band.image + band.images; ++image)
      patches.push_back({image, band.row * width, 1, 0, band.rows * width, 1});
    return patches;
  }
};

/// Channels of the source that one product sums: its panel of weights and its stretch of the source stay in the
/// cache.
constexpr long channels_at_once = 512;

/// Where the weights of all taps are packed, [tap][chunk of k] panels: pack(matrix, start, count, offset) for `count` rows
/// from `start` on of the matrix [k, n] of a tap, to the panels' numbers from `offset` on.
template <typename Pack>
void pack_taps(const std::vector<Tap> &taps, long k, long n, const float *w, const Pack &pack) {
  const long chunks = (k + channels_at_once - 1) / channels_at_once;
  parallel_for(taps.size() * chunks, 1, [&](long first, long last) {
    for (long i = first; i < last; ++i) {
      const long tap = i / chunks, start = i % chunks * channels_at_once;
      pack(w + taps[tap].index * k * n, start, std::min(channels_at_once, k - start), (tap * k + start) * n);
    }
  });
}

/// Calls multiply(band, first, last) for all bands and target panels `first` up to `last`. Threads share the bands, or when
/// those do not divide among them, split the panels.
template <typename Multiply>
void over_bands(const std::vector<Band> &bands, long panels, const Multiply &multiply) {
  const long count = bands.size(), threads = jml_thread_count(), parts = count % threads == 0 ? 1 : threads;
  parallel_for(count * parts, 1, [&](long first, long last) {
    for (long item = first; item < last; ++item) {
      const long part = item % parts;
      multiply(bands[item / parts], panels * part / parts, panels * (part + 1) / parts);
    }
  });
}

}  // namespace jml::taps
