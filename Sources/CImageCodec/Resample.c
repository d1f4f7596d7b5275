#include "Resample.h"

#include <string.h>

#include "Multiversion.h"

// Built without fused multiply-adds, which would give other last bits on CPUs that have them.

typedef float floats __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(4)));

MULTIVERSION
void jml_resample_row(
    const uint8_t *row, long width, const long *low, const long *high, const float *weight, long count, float *target) {
  for (long x = 0; x < count; ++x) {
    const uint8_t *a = row + 3 * low[x], *b = row + 3 * high[x];
    const float second = weight[x], first = 1 - second;
    if (high[x] + 1 < width) {
      // A pixel and the first byte of the next.
      bytes left, right;
      memcpy(&left, a, 4);
      memcpy(&right, b, 4);
      const floats sum =
          __builtin_convertvector(left, floats) * first + __builtin_convertvector(right, floats) * second;
      target[x] = sum[0];
      target[count + x] = sum[1];
      target[2 * count + x] = sum[2];
    } else {
      for (int channel = 0; channel < 3; ++channel)
        target[channel * count + x] = (float)a[channel] * first + (float)b[channel] * second;
    }
  }
}

MULTIVERSION
void jml_blend_rows(
    const float *upper, const float *lower, float weight, float mean, float inverse, long count, float *target) {
  const float first = 1 - weight;
  for (long x = 0; x < count; ++x) target[x] = ((upper[x] * first + lower[x] * weight) - mean) * inverse;
}
