#include "EvaluationTiles.hpp"

#include "Parallel.h"

namespace {

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef float FloatsInMemory __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t IntsInMemory __attribute__((vector_size(64), aligned(4), may_alias));

constexpr long lanes = 16;
/// Vectors of pixels that are looked at together.
constexpr int group = 8;
constexpr int inner_edges = jml_calibration_bins - 1;

#define INLINE __attribute__((always_inline)) inline
#define FLOATS(p) (*reinterpret_cast<FloatsInMemory *>(p))
#define CONST_FLOATS(p) (*reinterpret_cast<const FloatsInMemory *>(p))
#define INTS(p) (*reinterpret_cast<IntsInMemory *>(p))
#define CONST_INTS(p) (*reinterpret_cast<const IntsInMemory *>(p))

/// A vector of equal numbers.
#define ALL(x) ((x) - Floats{})

// Vectors go by reference: by value their calling convention would depend on the instruction set.

/// exp(x) for x <= 0, relative error below 2e-7; NaN stays NaN.
INLINE void exponential(Floats &x) {
  x = x < -87.0f ? ALL(-87.0f) : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Floats shifted = x * 1.44269504f + 12582912.0f, n = shifted - 12582912.0f;
  Floats r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Floats p = ALL(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  x = p * (Floats)(((Ints)shifted << 23) + (127 << 23));
}

/// Left-closed bins, 1 in the last: the number of inner edges at or below the probability.
INLINE void bin_of(const Floats &probability, int32_t *bin) {
  Ints edges{};
  for (int edge = 1; edge <= inner_edges; ++edge) edges -= probability >= static_cast<float>(edge / 10.0);
  INTS(bin) = edges;
}

INLINE int64_t total(const Ints &values) {
  typedef int64_t Longs __attribute__((vector_size(lanes * 8)));
  return __builtin_reduce_add(__builtin_convertvector(values, Longs));
}

/// `count` vectors of pixels, whose running values stay in registers over the classes.
template <int count>
INLINE void evaluate(float *scores, long classes, bool probabilities, long pixel, jml::EvaluationTile &tile) {
  Floats best[count], sum[count] = {}, labelled[count] = {};
  Ints top[count] = {}, label[count];
  for (int i = 0; i < count; ++i) {
    best[i] = CONST_FLOATS(scores + pixel + i * lanes);
    label[i] = CONST_INTS(tile.label + pixel + i * lanes);
  }
  for (long c = 1; c < classes; ++c)
    for (int i = 0; i < count; ++i) {
      const Floats score = CONST_FLOATS(scores + c * jml::tile_pitch + pixel + i * lanes);
      const Ints greater = score > best[i];
      best[i] = greater ? score : best[i];
      top[i] = greater ? static_cast<int32_t>(c) - Ints{} : top[i];
    }
  for (long c = 0; c < classes; ++c)
    for (int i = 0; i < count; ++i) {
      float *place = scores + c * jml::tile_pitch + pixel + i * lanes;
      Floats score = CONST_FLOATS(place);
      if (probabilities) {
        // A NaN or a negative probability anywhere spoils the pixel, as it does in a sum of exponentials.
        sum[i] = score >= 0.0f ? sum[i] : ALL(__builtin_nanf(""));
      } else {
        score -= best[i];
        exponential(score);
        sum[i] += score;
        FLOATS(place) = score;
      }
      labelled[i] = label[i] == static_cast<int32_t>(c) ? score : labelled[i];
    }
  for (int i = 0; i < count; ++i) {
    const long at = pixel + i * lanes;
    const Floats factor = probabilities ? ALL(1.0f) : 1.0f / sum[i];
    const Floats confidence =
        probabilities ? (best[i] <= 1.0f ? best[i] + sum[i] : ALL(__builtin_nanf(""))) : factor;
    INTS(tile.top + at) = top[i];
    FLOATS(tile.factor + at) = factor;
    FLOATS(tile.confidence + at) = confidence;
    bin_of(labelled[i] * factor, tile.labelled_bin + at);
  }
}

/// Sums over the pixels at or above each inner edge, in units of 2^-27, of which floats from 0.1 on are multiples. The
/// halves are added apart; the upper half of a tile's sum needs 21 bits, so the count of pixels travels above it.
struct Above {
  static constexpr int count_shift = 22;
  Ints lower[inner_edges] = {}, upper[inner_edges] = {};
};

/// A group's pixels whose probabilities reach none but the first `edges` inner edges.
template <int edges>
INLINE void add_above(const Floats *p, Above &sums) {
  Ints lower[edges], upper[edges];
  for (int edge = 0; edge < edges; ++edge) {
    lower[edge] = sums.lower[edge];
    upper[edge] = sums.upper[edge];
  }
  for (int i = 0; i < group; ++i) {
    const Ints fixed = __builtin_convertvector(p[i] * 134217728.0f, Ints);
    const Ints low = fixed & 0xFFFF, high = (fixed >> 16) + (1 << Above::count_shift);
    for (int edge = 0; edge < edges; ++edge) {
      const Ints above = p[i] >= static_cast<float>((edge + 1) / 10.0);
      lower[edge] += above ? low : Ints{};
      upper[edge] += above ? high : Ints{};
    }
  }
  for (int edge = 0; edge < edges; ++edge) {
    sums.lower[edge] = lower[edge];
    sums.upper[edge] = upper[edge];
  }
}

}  // namespace

namespace jml {

JML_MULTIVERSION
void evaluate_tile(float *scores, long classes, bool probabilities, EvaluationTile &tile) {
  constexpr int count = 2;
  for (long pixel = 0; pixel < tile_pixels; pixel += count * lanes)
    evaluate<count>(scores, classes, probabilities, pixel, tile);
}

JML_MULTIVERSION
void judge_tile(const EvaluationTile &tile, long classes, int32_t *keep, int64_t *problems) {
  const auto count = static_cast<int32_t>(classes);
  int32_t not_finite = 0, not_a_class = 0;
  for (long i = 0; i < tile_pixels; ++i) {
    const int32_t is_class = tile.label[i] < count, finite = tile.confidence[i] <= 1.0f;
    keep[i] = -(is_class & finite);
    not_finite += is_class & !finite;
    not_a_class += !is_class & (tile.label[i] != 255);
  }
  problems[0] += not_finite;
  problems[1] += not_a_class;
}

JML_MULTIVERSION
void select_tile(const EvaluationTile &tile, long classes, const int32_t *keep, Selection &selection) {
  const auto count = static_cast<int32_t>(classes);
  int32_t pixels = 0, hits = 0;
  for (long i = 0; i < tile_pixels; ++i) {
    const int32_t keeps = keep[i], right = -(tile.top[i] == tile.label[i]) & keeps;
    const int32_t index = (tile.label[i] * jml_calibration_bins + tile.labelled_bin[i]) * 2 - right;
    selection.labelled[i] = keeps ? index : count * jml_calibration_bins * 2;
    selection.predicted[i] = keeps ? tile.top[i] : count;
    selection.factor[i] = keeps ? tile.factor[i] : 0.0f;
    selection.kept[i] = keeps ? 1.0f : 0.0f;
    selection.correct[i] = right ? 1.0f : 0.0f;
    pixels -= keeps;
    hits -= right;
  }
  selection.pixels = pixels;
  selection.hits = hits;
}

// Most probabilities of most classes lie in the first bin, and a group in which all do is done with it. Numbers below
// 0.1 fit 32 bits in units of 2^-32, the sum of a group as well when taken in four parts. A NaN is above no edge and
// adds nothing.
JML_MULTIVERSION
void add_class(const float *scores, const float *factor, int64_t kept, const float *next, int64_t *bins) {
  Above above;
  Ints low{}, high{};
  bool beyond = false;
  for (long start = 0; start < tile_pixels; start += group * lanes) {
    Floats p[group], greatest{};
    if (next)
      for (int i = 0; i < group; ++i) __builtin_prefetch(next + start + i * lanes, 0, 2);
    Ints fixed[group];
    for (int i = 0; i < group; ++i) {
      p[i] = CONST_FLOATS(scores + start + i * lanes) * CONST_FLOATS(factor + start + i * lanes);
      greatest = p[i] > greatest ? p[i] : greatest;
      const Floats scaled = p[i] < 0.1f ? p[i] * 4294967296.0f : Floats{};
      fixed[i] = __builtin_convertvector(__builtin_elementwise_nearbyint(scaled), Ints);
    }
    for (int i = 0; i < group; i += 4) {
      const Ints sum = fixed[i] + fixed[i + 1] + fixed[i + 2] + fixed[i + 3];
      low += sum & 0xFFFF;
      high += sum >> 16;
    }
    const float most = __builtin_reduce_max(greatest);
    if (most < 0.1f) continue;
    beyond = true;
    if (most < 0.4f) add_above<3>(p, above);
    else add_above<inner_edges>(p, above);
  }
  int64_t *sums = bins + jml_calibration_bins;
  sums[0] += total(low) + (total(high) << 16);
  int64_t pixels_next = 0, sum_next = 0;
  for (int edge = beyond ? inner_edges - 1 : -1; edge >= 0; --edge) {
    const int64_t both = total(above.upper[edge]), pixels = both >> Above::count_shift;
    const int64_t upper = both & ((int64_t(1) << Above::count_shift) - 1);
    const int64_t sum = (total(above.lower[edge]) + (upper << 16)) << 5;
    bins[edge + 1] += pixels - pixels_next;
    sums[edge + 1] += sum - sum_next;
    pixels_next = pixels;
    sum_next = sum;
  }
  bins[0] += kept - pixels_next;
}

}  // namespace jml
