#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// What one image adds to the calibration bins of every class.
///
/// - scores: [classes, pixels], logits, or probabilities if `probabilities` is not 0.
/// - label: [pixels], class indices; pixels with another value are left out.
/// - boundary: [pixels], not 0 where the second set of bins counts the pixel too; or NULL.
/// - bins: [2, classes, 4, 10]: over all pixels, over boundary pixels; pixels by the class's probability, its sum
///   in units of 2^-32, how many are labelled with the class, and how many of those are predicted as it; added
///   to. Bins are of equal width and left-closed, 1 is in the last.
///
/// Pixels with a score that is not finite are left out. The result does not depend on the number of threads.
void jml_classwise_calibration(
    const float *scores, int probabilities, const uint8_t *label, const uint8_t *boundary, long classes,
    long pixels, int64_t *bins);

#ifdef __cplusplus
}
#endif
