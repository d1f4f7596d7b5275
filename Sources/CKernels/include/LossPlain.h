#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// Softmax over classes of logits / temperature. logits, probabilities: [batch, classes, pixels].
void jml_plain_softmax(
    const float *logits, long batch, long classes, long pixels, float temperature, float *probabilities);

/// Totals of one image and class over kept pixels, in this order.
typedef enum {
  jml_plain_probability,      ///< sum of p
  jml_plain_target,           ///< sum of y
  jml_plain_distance,         ///< sum of |p - y|
  jml_plain_max_probability,  ///< max p
  jml_plain_max_target,       ///< max y
  jml_plain_max_sum,          ///< max of p + y
  jml_plain_total_count
} jml_plain_total;

/// p, y: [batch, classes, pixels]; keep: [batch, pixels], zero where ignored; totals: [batch, classes,
/// jml_plain_total_count].
void jml_plain_totals(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    double *totals);

/// Gradient by the logits, [batch, classes, pixels], of a function of the totals. coefficients: [batch,
/// classes, 2], its derivatives by the sum of p and by the sum of |p - y|.
void jml_plain_gradient(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    const double *coefficients, float *gradient);

/// Sum over kept pixels of -sum_c y log p, plus sum_c y log y if `entropy` is set, with p the softmax of
/// logits / temperature. gradient: that sum's, by the logits, times `scale`.
double jml_plain_cross_entropy(
    const float *logits, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    float temperature, int entropy, double scale, float *gradient);

#ifdef __cplusplus
}
#endif
