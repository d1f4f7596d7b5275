#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Operations on 8-bit pictures, [height, width, 3] RGB, in place: the same bytes as Pillow's. Nothing is kept
// between calls; bits are the same on every CPU. `count` is in pixels.

/// How often each level occurs: counts[channel * 256 + level].
void jml_picture_histograms(const uint8_t *pixels, long count, int64_t *counts);

/// Levels through a table of 256 for each channel.
void jml_picture_map(uint8_t *pixels, long count, const uint8_t *tables);

/// Sum of the pixels' luminances, each (19595 R + 38470 G + 7471 B + 32768) >> 16.
int64_t jml_picture_luminance_sum(const uint8_t *pixels, long count);

/// All channels become the luminance.
void jml_picture_grey(uint8_t *pixels, long count);

/// From the luminance (factor 0) to the picture (1) and beyond, cut off at 0 and 255.
void jml_picture_color(uint8_t *pixels, long count, float factor);

/// Turns hues by `shift` of 256 levels, by way of 8-bit hue, saturation and value.
void jml_picture_hue(uint8_t *pixels, long count, uint8_t shift);

/// From the picture smoothed over 3 x 3 pixels (factor 0; its outermost pixels stay as they are) to the picture
/// (1) and beyond, cut off at 0 and 255. `scratch` has 6 * width bytes.
void jml_picture_sharpness(uint8_t *pixels, long height, long width, float factor, uint8_t *scratch);

/// A box of 2 * radius + 1 whole pixels and a fraction at both ends. Weights are of 2^24:
/// (2 * radius + 1) * whole + 2 * fraction <= 2^24.
typedef struct {
  int32_t radius;
  uint32_t whole;
  uint32_t fraction;
} jml_box;

/// Bytes of scratch that jml_picture_blur wants.
long jml_picture_blur_scratch(long height, long width, int32_t radius);

/// Three averages over a box along x and three along y, each rounded to 8 bits; the outermost pixels go on beyond
/// the edges. `scratch` is aligned to 4 bytes.
void jml_picture_blur(uint8_t *pixels, long height, long width, jml_box box, void *scratch);

#ifdef __cplusplus
}
#endif
