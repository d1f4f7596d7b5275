#pragma once
// The vector half of Evaluation.cpp: what a tile of pixels needs of every class.
#include <cstdint>

#include "Evaluation.h"

namespace jml {

/// Pixels worked on at once: the scores of a tile stay in the second-level cache, for 150 classes too.
constexpr long tile_pixels = 1024;

/// Floats from one class of a tile to the next: not a power of two, which would send all classes of a pixel to one set
/// of the cache.
constexpr long tile_pitch = tile_pixels + 16;

/// What is known of a tile of scores; its arrays are full where the tile is not.
struct EvaluationTile {
  /// In: the label. Out: the arg max (the first one on ties) and its confidence, NaN where a score is no number (or no
  /// probability).
  int32_t label[tile_pixels], top[tile_pixels];
  float confidence[tile_pixels];
  /// The bin of the labelled class's probability, left-closed, 1 in the last; 0 if ignored.
  int32_t labelled_bin[tile_pixels];
  /// What makes probabilities of the scores that `evaluate_tile` leaves behind.
  float factor[tile_pixels];
};

/// `scores`: [classes, tile_pitch], logits, or probabilities. Logits become exp(score - greatest).
void evaluate_tile(float *scores, long classes, bool probabilities, EvaluationTile &tile);

/// Which pixels count: `keep` is -1 for a class and a confidence, else 0. Adds to `problems` those with a class and no
/// confidence, and labels that are neither a class nor 255.
void judge_tile(const EvaluationTile &tile, long classes, int32_t *keep, int64_t *problems);

/// What is counted of the pixels of a tile that count.
struct Selection {
  /// (label * 10 + bin of its probability) * 2 + whether predicted; the arg max. The number after the last of those
  /// where a pixel does not count.
  int32_t labelled[tile_pixels], predicted[tile_pixels];
  /// The tile's factor, and 1; 0 where a pixel does not count, or is not predicted right.
  float factor[tile_pixels], kept[tile_pixels], correct[tile_pixels];
  int32_t pixels, hits;
};
void select_tile(const EvaluationTile &tile, long classes, const int32_t *keep, Selection &selection);

/// Adds one class's `kept` pixels and sums of probability to `bins`, [2, 10]. `factor`: what makes probabilities of the
/// scores, 0 where a pixel does not count; `next`: scores that are wanted soon, or NULL. Sums are in units of 2^-32.
void add_class(const float *scores, const float *factor, int64_t kept, const float *next, int64_t *bins);

}  // namespace jml
