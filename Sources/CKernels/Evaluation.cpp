#include "Evaluation.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

#include "EvaluationTiles.hpp"
#include "Parallel.h"

namespace {

using jml::EvaluationTile;
using jml::tile_pitch;
using jml::tile_pixels;

constexpr long width = jml_calibration_bins;

/// How often each index occurred. Neighbours are often alike, and adding to one number again and again waits for the
/// last addition, so they take turns on two sets of numbers.
class Histogram {
 public:
  explicit Histogram(long size) : even(size), odd(size) {}

  /// `n`: even.
  void add(const int32_t *index, long n) {
    for (long i = 0; i < n; i += 2) {
      ++even[index[i]];
      ++odd[index[i + 1]];
    }
  }
  int64_t operator[](long index) const { return even[index] + odd[index]; }

 private:
  std::vector<int64_t> even, odd;
};

/// What the tiles of one thread add up to, over all pixels or over boundary pixels. Integers only: the order in which
/// threads are merged changes nothing.
struct Counts {
  const long classes;
  /// Pixels predicted as a class; pixels by label, bin of its probability, and whether predicted. The last is of
  /// pixels that do not count.
  Histogram predicted, labelled;
  /// Pixels, sum of confidence and correct pixels by bin.
  int64_t bins[3][width] = {};
  /// Pixels and sum of probability by class and bin.
  std::vector<int64_t> classwise;

  explicit Counts(long classes)
      : classes(classes), predicted(classes + 1), labelled(classes * width * 2 + 1), classwise(classes * 2 * width) {}

  /// `keep`: -1 where a pixel counts, else 0; `next`: the scores of the tile after this one, rows `stride` apart, or
  /// NULL.
  void add(const EvaluationTile &tile, const float *values, const int32_t *keep, bool each_class, const float *next,
           long stride) {
    jml::Selection selection;
    jml::select_tile(tile, classes, keep, selection);
    labelled.add(selection.labelled, tile_pixels);
    predicted.add(selection.predicted, tile_pixels);
    jml::add_class(tile.confidence, selection.kept, selection.pixels, nullptr, bins[0]);
    int64_t right[2 * width] = {};
    jml::add_class(tile.confidence, selection.correct, selection.hits, nullptr, right);
    for (long bin = 0; bin < width; ++bin) bins[2][bin] += right[bin];
    if (!each_class) return;
    for (long c = 0; c < classes; ++c)
      jml::add_class(
          values + c * tile_pitch, selection.factor, selection.pixels, next ? next + c * stride : nullptr,
          classwise.data() + c * 2 * width);
  }

  int64_t labelled_as(long c, long bin, bool right) const { return labelled[(c * width + bin) * 2 + right]; }

  void add_totals(int64_t *counts) const {
    for (long c = 0; c < classes; ++c) {
      int64_t agreeing = 0, missed = 0;
      for (long bin = 0; bin < width; ++bin) {
        agreeing += labelled_as(c, bin, true);
        missed += labelled_as(c, bin, false);
      }
      counts[c] += agreeing;
      counts[classes + c] += predicted[c] - agreeing;
      counts[2 * classes + c] += missed;
    }
  }
  void add_bins(int64_t *into) const {
    for (long i = 0; i < 3 * width; ++i) into[i] += bins[i / width][i % width];
  }
  /// [classes, 4, 10]: pixels, sum, labelled, labelled and predicted.
  void add_classwise(int64_t *into) const {
    for (long c = 0; c < classes; ++c)
      for (long bin = 0; bin < width; ++bin) {
        int64_t *at = into + c * 4 * width + bin;
        at[0] += classwise[c * 2 * width + bin];
        at[width] += classwise[(c * 2 + 1) * width + bin];
        at[2 * width] += labelled_as(c, bin, true) + labelled_as(c, bin, false);
        at[3 * width] += labelled_as(c, bin, true);
      }
  }
};

/// Copies a tile, [classes, n] of rows `stride` apart. Rows a power of two apart would push each other out of the
/// cache before the second look at them.
void load_tile(const float *scores, long stride, const uint8_t *label, long classes, long n, float *values,
               EvaluationTile &tile) {
  for (long c = 0; c < classes; ++c) {
    std::memcpy(values + c * tile_pitch, scores + c * stride, n * sizeof(float));
    if (n < tile_pixels) std::fill(values + c * tile_pitch + n, values + c * tile_pitch + tile_pixels, 0.0f);
  }
  for (long i = 0; i < n; ++i) tile.label[i] = label[i];
  std::fill(tile.label + n, tile.label + tile_pixels, 255);
}

}  // namespace

void jml_evaluate_image(
    const float *scores, int probabilities, const uint8_t *label, const uint8_t *boundary, long classes,
    long pixels, int64_t *counts, int64_t *bins, uint8_t *prediction, int64_t *problems, int64_t *classwise) {
  std::mutex merging;
  const long tiles = (pixels + tile_pixels - 1) / tile_pixels;
  jml::parallel_for(tiles, 8, [&](long first_tile, long last_tile) {
    Counts all(classes), edges(classes);
    std::vector<float> values(classes * tile_pitch);
    EvaluationTile tile;
    int32_t keep[tile_pixels];
    int64_t found[2] = {};
    for (long start = first_tile * tile_pixels; start < std::min(last_tile * tile_pixels, pixels);
         start += tile_pixels) {
      const long n = std::min(tile_pixels, pixels - start);
      load_tile(scores + start, pixels, label + start, classes, n, values.data(), tile);
      jml::evaluate_tile(values.data(), classes, probabilities != 0, tile);
      jml::judge_tile(tile, classes, keep, found);
      // The next tile comes from memory while this one is counted.
      const float *next = start + 2 * tile_pixels <= pixels ? scores + start + tile_pixels : nullptr;
      all.add(tile, values.data(), keep, classwise != nullptr, next, pixels);
      if (boundary) {
        for (long i = 0; i < n; ++i) keep[i] = boundary[start + i] ? keep[i] : 0;
        edges.add(tile, values.data(), keep, classwise != nullptr, nullptr, pixels);
      }
      if (prediction)
        for (long i = 0; i < n; ++i) prediction[start + i] = static_cast<uint8_t>(tile.top[i]);
    }
    std::lock_guard<std::mutex> lock(merging);
    all.add_totals(counts);
    all.add_bins(bins);
    edges.add_bins(bins + 3 * width);
    if (classwise) {
      all.add_classwise(classwise);
      edges.add_classwise(classwise + classes * 4 * width);
    }
    problems[0] += found[0];
    problems[1] += found[1];
  });
}
