#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// One head of a segmentation network and what it is trained towards. Logits are low-resolution, row-major
/// [batch, classes, rows, columns]; labels are full-resolution [batch, height, width]. The loss is that of
/// the logits up-sampled bilinearly (half-pixel centres, clamped at the border) to height x width, which
/// never exist as a whole.
typedef struct {
  long batch, classes, height, width;
  long rows, columns;
  const float *logits;
  /// [batch, height, width]. A value of `ignore`, or not below `classes`, is left out of everything.
  const uint8_t *labels;
  uint8_t ignore;
  /// [batch, height, width], not zero where the label is smoothed: (1 - epsilon) one-hot + epsilon / classes.
  /// Or null.
  const uint8_t *boundary;
  float epsilon;
  /// [batch, classes, teacher_rows, teacher_columns], or null. Up-sampled on the fly in the same way.
  const float *teacher;
  long teacher_rows, teacher_columns;
  /// Divides both logits in the Kullback-Leibler term alone.
  float temperature;
} jml_loss_head;

/// Totals over the kept pixels of one image and class, in this order.
typedef enum {
  jml_total_probability,       ///< sum of p
  jml_total_label_distance,    ///< sum of |p - y|
  jml_total_teacher,           ///< sum of t
  jml_total_teacher_distance,  ///< sum of |p - t|
  jml_total_max_probability,   ///< max p
  jml_total_max_label_sum,     ///< max of p + y
  jml_total_max_teacher,       ///< max t
  jml_total_max_teacher_sum,   ///< max of p + t
  jml_total_count
} jml_head_total;

/// Bytes of scratch memory, 64-byte aligned, that the two functions below need.
long jml_loss_head_workspace(const jml_loss_head *head);

/// First pass. totals: [batch, classes, jml_total_count]; the maxima are zero unless `maxima` is set. sums:
/// [2], cross entropy against the label (in its KL form where the label is smoothed) and T^2 KL(t || p), each
/// summed over the kept pixels of the batch.
void jml_loss_head_totals(
    const jml_loss_head *head, int maxima, void *workspace, double *totals, double *sums);

/// Second pass: gradient, [batch, classes, rows, columns], of cross_entropy * sums[0] + divergence * sums[1]
/// + J(totals) where coefficients [batch, classes, 3] hold dJ/d(sum of p), dJ/d(sum |p - y|), dJ/d(sum |p -
/// t|), or is null for J = 0. `sums` as above, or null. The bits do not depend on the number of threads.
void jml_loss_head_gradient(
    const jml_loss_head *head, const float *coefficients, float cross_entropy, float divergence,
    void *workspace, float *gradient, double *sums);

#ifdef __cplusplus
}
#endif
