#pragma once
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// Marks labelled pixels with no ignored pixel, but another class, in the kernel x kernel window around them
/// (cells outside the image do not count). labels, boundary: [batch, height, width]; `kernel` is odd. Values
/// of `ignore` or not below `classes` are ignored.
void jml_label_boundary(
    const uint8_t *labels, long batch, long height, long width, long classes, uint8_t ignore, long kernel,
    uint8_t *boundary);

/// Pixels per image and class: counts [batch, classes, 2], those with boundary == 0 first, then the others.
/// `boundary` may be null. Returns the greatest label that is neither `ignore` nor below `classes`, or -1.
int jml_label_counts(
    const uint8_t *labels, const uint8_t *boundary, long batch, long pixels, long classes, uint8_t ignore,
    int64_t *counts);

/// Expands labels [batch, pixels] to soft labels [batch, classes, pixels]: (1 - epsilon) one-hot + epsilon /
/// classes where boundary != 0, one-hot at other labelled pixels, zero at ignored ones. `boundary` may be
/// null.
void jml_label_expand(
    const uint8_t *labels, const uint8_t *boundary, long batch, long pixels, long classes, uint8_t ignore,
    float epsilon, float *soft);

#ifdef __cplusplus
}
#endif
