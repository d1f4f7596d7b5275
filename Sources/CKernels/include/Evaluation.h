#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// Calibration bins of equal width over confidence [0, 1].
enum { jml_calibration_bins = 10 };

/// What one image adds to the metrics, in one pass over its full-resolution scores.
///
/// - scores: [classes, pixels], logits, or probabilities if `probabilities` is not 0.
/// - label: [pixels], class indices, 255 where ignored.
/// - boundary: [pixels], not 0 where the boundary bins count the pixel too; or NULL.
/// - counts: [3, classes], true positives, false positives, false negatives; added to.
/// - bins: [2, 3, 10]: over all pixels, over boundary pixels; count, sum of confidence in units of 2^-32,
///   count of correct pixels; added to. Confidences of 2^-8 and more are multiples of that unit, so the
///   sums are exact and do not depend on order or on threads.
/// - prediction: [pixels], the arg max (the first one on ties), also where ignored; or NULL.
/// - problems: [2]: labelled pixels whose confidence is not finite, or for probabilities not within 0...1;
///   labels that are neither a class nor 255. Neither kind is counted anywhere.
/// - classwise: [2, classes, 4, 10]: over all pixels, over boundary pixels; every class's probability in bins:
///   pixels, sum in units of 2^-32, pixels labelled with the class, and those also predicted as it; added to;
///   or NULL.
void jml_evaluate_image(
    const float *scores, int probabilities, const uint8_t *label, const uint8_t *boundary, long classes,
    long pixels, int64_t *counts, int64_t *bins, uint8_t *prediction, int64_t *problems,
    int64_t *classwise);

#ifdef __cplusplus
}
#endif
