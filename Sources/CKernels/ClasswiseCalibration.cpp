#include "ClasswiseCalibration.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

#include "Evaluation.h"
#include "Parallel.h"

namespace {

constexpr long bins_per_class = jml_calibration_bins;
constexpr long fields = 4;

/// Left-closed bins: the number of inner edges at or below the probability.
inline long bin_of(float probability) {
  long edges = 0;
  for (int edge = 1; edge < bins_per_class; ++edge)
    edges += probability >= static_cast<float>(edge / 10.0) ? 1 : 0;
  return edges;
}

}  // namespace

void jml_classwise_calibration(
    const float *scores, int probabilities, const uint8_t *label, const uint8_t *boundary, long classes,
    long pixels, int64_t *bins) {
  const long set_values = classes * fields * bins_per_class;
  std::mutex merging;
  jml::parallel_for(pixels, 1024, [&](long first, long last) {
    std::vector<int64_t> sums(2 * set_values, 0);
    std::vector<float> p(classes);
    for (long i = first; i < last; ++i) {
      if (label[i] >= classes) continue;
      long top = 0;
      for (long c = 0; c < classes; ++c) {
        p[c] = scores[c * pixels + i];
        if (p[c] > p[top]) top = c;
      }
      if (!probabilities) {
        const float greatest = p[top];
        float total = 0;
        for (long c = 0; c < classes; ++c) total += p[c] = std::exp(p[c] - greatest);
        for (long c = 0; c < classes; ++c) p[c] /= total;
      }
      if (std::any_of(p.begin(), p.end(), [](float value) { return !(value >= 0 && value <= 1); })) continue;
      const int sets = boundary && boundary[i] ? 2 : 1;
      for (long c = 0; c < classes; ++c) {
        const long at = c * fields * bins_per_class + bin_of(p[c]);
        const bool labelled = label[i] == c;
        for (int set = 0; set < sets; ++set) {
          int64_t *bin = sums.data() + set * set_values + at;
          bin[0] += 1;
          bin[bins_per_class] += std::llrint(double(p[c]) * 4294967296.0);
          bin[2 * bins_per_class] += labelled;
          bin[3 * bins_per_class] += labelled && top == c;
        }
      }
    }
    // Integers only: the order in which threads arrive here changes nothing.
    std::lock_guard<std::mutex> lock(merging);
    for (long i = 0; i < 2 * set_values; ++i) bins[i] += sums[i];
  });
}
