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
  jml_plain_product,          ///< sum of p y
  jml_plain_square,           ///< sum of p p
  jml_plain_target_square,    ///< sum of y y
  jml_plain_total_count
} jml_plain_total;

/// p, y: [batch, classes, pixels]; keep: [batch, pixels], zero where ignored; totals: [batch, classes,
/// jml_plain_total_count].
void jml_plain_totals(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    double *totals);

/// present: [batch, classes], 1 where y's class is the greatest (the first one on ties) at a kept pixel.
void jml_plain_present(
    const float *y, const uint8_t *keep, long batch, long classes, long pixels, uint8_t *present);

/// Gradient by the logits, [batch, classes, pixels], of a function of the totals. coefficients: [batch,
/// classes, 4], its derivatives by the sums of p, |p - y|, p y and p p.
void jml_plain_gradient(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    const double *coefficients, float *gradient);

/// Sum over kept pixels of -sum_c y log p, plus sum_c y log y if `entropy` is set, with p the softmax of
/// logits / temperature. gradient: that sum's, by the logits, times `scale`.
double jml_plain_cross_entropy(
    const float *logits, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    float temperature, int entropy, double scale, float *gradient);

/// Lovasz hinge of the Jaccard loss per class over the kept pixels of the whole batch (Berman et al., 2018). y
/// is one-hot. weights: [classes]; a class of weight 0 is skipped. Returns the weighted sum; slopes: [batch,
/// classes, pixels], its derivatives by p, the order of the errors taken as constant. Equal errors keep the
/// order of their pixels. batch * pixels is less than 2^32.
double jml_plain_lovasz(
    const float *p, const float *y, const uint8_t *keep, long batch, long classes, long pixels,
    const double *weights, float *slopes);

/// Through the softmax: gradient by the logits from slopes by p, both [batch, classes, pixels]; 0 where ignored.
void jml_plain_chain(
    const float *p, const float *slopes, const uint8_t *keep, long batch, long classes, long pixels,
    float *gradient);

#ifdef __cplusplus
}
#endif
