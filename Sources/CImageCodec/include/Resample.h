#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The inner loops of bilinear resampling. Bits are the same on every CPU.

/// One source row, [width, 3] bytes, along x to [3, count]: row[low] * (1 - weight) + row[high] * weight,
/// low <= high < width.
void jml_resample_row(
    const uint8_t *row, long width, const long *low, const long *high, const float *weight, long count, float *target);

/// (upper * (1 - weight) + lower * weight - mean) * inverse.
void jml_blend_rows(
    const float *upper, const float *lower, float weight, float mean, float inverse, long count, float *target);

#ifdef __cplusplus
}
#endif
