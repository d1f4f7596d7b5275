#include "ClasswiseCalibration.h"

#include <vector>

#include "Evaluation.h"

void jml_classwise_calibration(
    const float *scores, int probabilities, const uint8_t *label, const uint8_t *boundary, long classes,
    long pixels, int64_t *bins) {
  std::vector<int64_t> counts(3 * classes), calibration(2 * 3 * jml_calibration_bins), problems(2);
  jml_evaluate_image(
      scores, probabilities, label, boundary, classes, pixels, counts.data(), calibration.data(), nullptr,
      problems.data(), bins);
}
