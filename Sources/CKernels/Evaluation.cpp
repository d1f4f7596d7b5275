#include "Evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "Parallel.h"

namespace {

// Pixels worked on at once: the scores of a tile are read twice, and 19 classes of it fit the
// second-level cache.
constexpr long tile_pixels = 1024;

// exp(x) for x <= 0, relative error below 2e-7; NaN stays NaN.
inline __attribute__((always_inline)) float exp_nonpositive(float x) {
  x = x < -87.0f ? -87.0f : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const float magic = 12582912.0f;
  float shifted = x * 1.44269504f + magic;
  float n = shifted - magic;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t bits;
  memcpy(&bits, &shifted, 4);
  bits = (bits << 23) + (127 << 23);
  float scale;
  memcpy(&scale, &bits, 4);
  return p * scale;
}

}  // namespace

namespace jml {

// Arg max, its confidence and the bin of that, for n <= tile_pixels pixels. `exponentials`: room for
// [classes, tile_pixels] that gets exp(score - greatest) of logits; or NULL.
JML_MULTIVERSION
void evaluate_tile(
    const float *scores, long stride, long classes, long n, int probabilities, float *confidence,
    int32_t *top, int32_t *bin, float *exponentials) {
  float best[tile_pixels];
  for (long i = 0; i < n; ++i) {
    best[i] = scores[i];
    top[i] = 0;
  }
  for (long c = 1; c < classes; ++c) {
    const float *row = scores + c * stride;
    for (long i = 0; i < n; ++i) {
      bool greater = row[i] > best[i];
      best[i] = greater ? row[i] : best[i];
      top[i] = greater ? static_cast<int32_t>(c) : top[i];
    }
  }
  if (probabilities) {
    // A NaN or a negative probability anywhere spoils the pixel, as it does in the sum of exponentials below.
    for (long i = 0; i < n; ++i) confidence[i] = best[i] <= 1.0f ? best[i] : __builtin_nanf("");
    for (long c = 0; c < classes; ++c) {
      const float *row = scores + c * stride;
      for (long i = 0; i < n; ++i) confidence[i] = row[i] >= 0.0f ? confidence[i] : __builtin_nanf("");
    }
  } else {
    for (long i = 0; i < n; ++i) confidence[i] = 0;
    for (long c = 0; c < classes; ++c) {
      const float *row = scores + c * stride;
      if (exponentials) {
        float *kept = exponentials + c * tile_pixels;
        for (long i = 0; i < n; ++i) {
          kept[i] = exp_nonpositive(row[i] - best[i]);
          confidence[i] += kept[i];
        }
      } else {
        for (long i = 0; i < n; ++i) confidence[i] += exp_nonpositive(row[i] - best[i]);
      }
    }
    for (long i = 0; i < n; ++i) confidence[i] = 1.0f / confidence[i];
  }
  // Left-closed bins, 1 in the last: the number of inner edges at or below the confidence.
  for (long i = 0; i < n; ++i) {
    int32_t edges = 0;
    for (int edge = 1; edge < jml_calibration_bins; ++edge)
      edges += confidence[i] >= static_cast<float>(edge / 10.0) ? 1 : 0;
    bin[i] = edges;
  }
}

// The probabilities of one class at n pixels: counts and sums of the first bin, and where the others are. `keep`:
// not 0 where a pixel counts. `factor`: what makes probabilities of `values`; or NULL.
//
// Most probabilities of most classes are in the first bin, which needs no sorting. Sums are in units of 2^-32, and
// those below 0.1 fit 32 bits; the halves of a tile's are added apart.
JML_MULTIVERSION
void classwise_tile(
    const float *values, const float *factor, const int32_t *keep, long n, float *probability,
    uint8_t *beyond, int64_t *count, int64_t *sum) {
  if (factor) {
    for (long i = 0; i < n; ++i) probability[i] = values[i] * factor[i];
  } else {
    for (long i = 0; i < n; ++i) probability[i] = values[i];
  }
  int32_t pixels = 0, low = 0, high = 0;
  for (long i = 0; i < n; ++i) {
    const int32_t first = probability[i] < 0.1f ? keep[i] : 0;
    const float scaled = __builtin_nearbyintf(probability[i] * 4294967296.0f);
    const int32_t fixed = static_cast<int32_t>(first ? scaled : 0.0f);
    pixels += first;
    low += fixed & 0xFFFF;
    high += fixed >> 16;
  }
  for (long i = 0; i < n; ++i) beyond[i] = (keep[i] != 0) & (probability[i] >= 0.1f);
  *count += pixels;
  *sum += int64_t(low) + (int64_t(high) << 16);
}

}  // namespace jml

namespace {

// Lower edges of the bins, and one that nothing reaches.
constexpr float bin_edges[jml_calibration_bins + 1] = {
    0.0 / 10, 1.0 / 10, 2.0 / 10, 3.0 / 10, 4.0 / 10, 5.0 / 10, 6.0 / 10, 7.0 / 10, 8.0 / 10, 9.0 / 10, 2};

// Left-closed bins, 1 in the last: the number of inner edges at or below the probability.
inline long bin_of(float probability) {
  const long bin = std::min(9L, static_cast<long>(probability * 10.0f));
  return bin + (probability >= bin_edges[bin + 1]) - (probability < bin_edges[bin]);
}

// One tile's share of [classes, 4, 10]: pixels, sum, labelled, labelled and predicted.
void add_classwise(
    const float *values, long stride, const float *factor, const int32_t *keep, const uint8_t *label,
    const int32_t *top, long classes, long n, int64_t *sums) {
  constexpr long width = jml_calibration_bins;
  float probability[tile_pixels];
  alignas(8) uint8_t beyond[tile_pixels];
  for (long c = 0; c < classes; ++c) {
    int64_t *bins = sums + c * 4 * width;
    jml::classwise_tile(values + c * stride, factor, keep, n, probability, beyond, bins, bins + width);
    std::fill(beyond + n, beyond + (n + 7) / 8 * 8, uint8_t(0));
    for (long i = 0; i < n; i += 8) {
      uint64_t word;
      memcpy(&word, beyond + i, 8);
      if (!word) continue;
      for (long j = i; j < i + 8; ++j) {
        if (!beyond[j]) continue;
        const long bin = bin_of(probability[j]);
        ++bins[bin];
        bins[width + bin] += static_cast<int64_t>(double(probability[j]) * 4294967296.0);
      }
    }
  }
  for (long i = 0; i < n; ++i) {
    if (!keep[i]) continue;
    const float value = values[label[i] * stride + i];
    int64_t *bins = sums + label[i] * 4 * width + bin_of(factor ? value * factor[i] : value);
    ++bins[2 * width];
    bins[3 * width] += top[i] == label[i];
  }
}

}  // namespace

void jml_evaluate_image(
    const float *scores, int probabilities, const uint8_t *label, const uint8_t *boundary, long classes,
    long pixels, int64_t *counts, int64_t *bins, uint8_t *prediction, int64_t *problems, int64_t *classwise) {
  constexpr long bin_values = 2 * 3 * jml_calibration_bins;
  std::mutex merging;
  long tiles = (pixels + tile_pixels - 1) / tile_pixels;
  jml::parallel_for(tiles, 8, [&](long first_tile, long last_tile) {
    float confidence[tile_pixels];
    int32_t top[tile_pixels], bin[tile_pixels];
    // Pixels predicted, labelled and both, per class: cheaper to count than positives and negatives.
    std::vector<int64_t> predicted(classes), labelled(classes), agreeing(classes);
    int64_t sums[2][3][jml_calibration_bins] = {};
    int64_t not_finite = 0, not_a_class = 0;
    const long set_values = classes * 4 * jml_calibration_bins;
    std::vector<int64_t> class_sums(classwise ? 2 * set_values : 0);
    std::vector<float> exponentials(classwise && !probabilities ? classes * tile_pixels : 0);
    int32_t keep[tile_pixels];
    for (long tile = first_tile; tile < last_tile; ++tile) {
      long start = tile * tile_pixels;
      long n = pixels - start < tile_pixels ? pixels - start : tile_pixels;
      jml::evaluate_tile(
          scores + start, pixels, classes, n, probabilities, confidence, top, bin,
          exponentials.empty() ? nullptr : exponentials.data());
      if (classwise) {
        const float *values = probabilities ? scores + start : exponentials.data();
        const long stride = probabilities ? pixels : tile_pixels;
        const float *factor = probabilities ? nullptr : confidence;
        const uint8_t *target = label + start;
        for (long i = 0; i < n; ++i) keep[i] = target[i] < classes && confidence[i] <= 1.0f;
        add_classwise(values, stride, factor, keep, target, top, classes, n, class_sums.data());
        if (boundary) {
          for (long i = 0; i < n; ++i) keep[i] = keep[i] && boundary[start + i];
          add_classwise(
              values, stride, factor, keep, target, top, classes, n, class_sums.data() + set_values);
        }
      }
      for (long i = 0; i < n; ++i) {
        long pixel = start + i;
        if (prediction) prediction[pixel] = static_cast<uint8_t>(top[i]);
        int target = label[pixel];
        if (target >= classes) {
          not_a_class += target != 255;
          continue;
        }
        if (!(confidence[i] <= 1.0f)) {  // NaN
          ++not_finite;
          continue;
        }
        bool correct = top[i] == target;
        ++predicted[top[i]];
        ++labelled[target];
        agreeing[target] += correct;
        int64_t fixed = static_cast<int64_t>(confidence[i] * 4294967296.0);
        int sets = boundary && boundary[pixel] ? 2 : 1;
        for (int set = 0; set < sets; ++set) {
          ++sums[set][0][bin[i]];
          sums[set][1][bin[i]] += fixed;
          sums[set][2][bin[i]] += correct;
        }
      }
    }
    // Integers only: the order in which threads arrive here changes nothing.
    std::lock_guard<std::mutex> lock(merging);
    for (long c = 0; c < classes; ++c) {
      counts[c] += agreeing[c];
      counts[classes + c] += predicted[c] - agreeing[c];
      counts[2 * classes + c] += labelled[c] - agreeing[c];
    }
    const int64_t *flat = &sums[0][0][0];
    for (long i = 0; i < bin_values; ++i) bins[i] += flat[i];
    for (size_t i = 0; i < class_sums.size(); ++i) classwise[i] += class_sums[i];
    problems[0] += not_finite;
    problems[1] += not_a_class;
  });
}
