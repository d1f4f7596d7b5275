#include "Multiversion.h"
#include "Pictures.h"

// Operations on single pixels. Where Pillow computes in floating point, so does this, in the same precision and
// order.

INLINED uint32_t luminance(const uint8_t *pixel) {
  return (19595u * pixel[0] + 38470u * pixel[1] + 7471u * pixel[2] + 32768u) >> 16;
}

void jml_picture_histograms(const uint8_t *pixels, long count, int64_t *counts) {
  // Neighbours are often equal, and a counter that has just been written is slow to read.
  uint32_t even[768] = {0}, odd[768] = {0};
  long index = 0;
  for (; index + 1 < count; index += 2) {
    const uint8_t *pixel = pixels + 3 * index;
    ++even[pixel[0]];
    ++even[256 + pixel[1]];
    ++even[512 + pixel[2]];
    ++odd[pixel[3]];
    ++odd[256 + pixel[4]];
    ++odd[512 + pixel[5]];
  }
  if (index < count)
    for (int channel = 0; channel < 3; ++channel) ++even[256 * channel + pixels[3 * index + channel]];
  for (int level = 0; level < 768; ++level) counts[level] = (int64_t)even[level] + odd[level];
}

void jml_picture_map(uint8_t *pixels, long count, const uint8_t *tables) {
  for (long index = 0; index < count; ++index) {
    uint8_t *pixel = pixels + 3 * index;
    pixel[0] = tables[pixel[0]];
    pixel[1] = tables[256 + pixel[1]];
    pixel[2] = tables[512 + pixel[2]];
  }
}

MULTIVERSION
int64_t jml_picture_luminance_sum(const uint8_t *pixels, long count) {
  int64_t sum = 0;
  // Blocks whose sums fit in 32 bits.
  for (long start = 0; start < count; start += 1 << 16) {
    const long end = start + (1 << 16) < count ? start + (1 << 16) : count;
    uint32_t part = 0;
    for (long index = start; index < end; ++index) part += luminance(pixels + 3 * index);
    sum += part;
  }
  return sum;
}

MULTIVERSION
void jml_picture_grey(uint8_t *pixels, long count) {
  for (long index = 0; index < count; ++index) {
    uint8_t *pixel = pixels + 3 * index;
    const uint8_t grey = (uint8_t)luminance(pixel);
    pixel[0] = grey;
    pixel[1] = grey;
    pixel[2] = grey;
  }
}

INLINED uint8_t blended(uint32_t from, uint8_t to, float factor) {
  float value = (float)(int)from + factor * (float)((int)to - (int)from);
  value = value < 0 ? 0 : value;
  value = value > 255 ? 255 : value;
  return (uint8_t)(int)value;
}

MULTIVERSION
void jml_picture_color(uint8_t *pixels, long count, float factor) {
  for (long index = 0; index < count; ++index) {
    uint8_t *pixel = pixels + 3 * index;
    const uint32_t grey = luminance(pixel);
    const uint8_t red = blended(grey, pixel[0], factor);
    const uint8_t green = blended(grey, pixel[1], factor);
    const uint8_t blue = blended(grey, pixel[2], factor);
    pixel[0] = red;
    pixel[1] = green;
    pixel[2] = blue;
  }
}

// Pixels that are converted together, so that their steps run in vectors.
enum { BLOCK = 64 };

// 8-bit hue, saturation and value of a block: [BLOCK] each.
typedef struct {
  int32_t hue[BLOCK], saturation[BLOCK], value[BLOCK];
} hsv_block;

INLINED void to_hsv(const int32_t (*rgb)[BLOCK], hsv_block *hsv) {
  for (int x = 0; x < BLOCK; ++x) {
    const int32_t red = rgb[0][x], green = rgb[1][x], blue = rgb[2][x];
    const int32_t larger = green > blue ? green : blue, smaller = green > blue ? blue : green;
    const int32_t most = red > larger ? red : larger, least = red < smaller ? red : smaller;
    const int32_t range = most - least;
    const float width = range == 0 ? 1.0f : (float)range;
    const float r = (float)(most - red) / width;
    const float g = (float)(most - green) / width;
    const float b = (float)(most - blue) / width;
    const float from_red = b - g;
    const float from_green = (float)((2.0 + (double)r) - (double)b);
    const float from_blue = (float)((4.0 + (double)g) - (double)r);
    const float sextant = red == most ? from_red : green == most ? from_green : from_blue;
    double turn = (double)sextant / 6.0 + 1.0;
    turn = turn >= 1.0 ? turn - 1.0 : turn;
    const float hue = (float)turn, saturation = (float)range / (most == 0 ? 1.0f : (float)most);
    hsv->hue[x] = (int32_t)((double)hue * 255.0);
    hsv->saturation[x] = (int32_t)((double)saturation * 255.0);
    hsv->value[x] = most;
  }
}

INLINED void to_rgb(const hsv_block *hsv, int32_t (*rgb)[BLOCK]) {
  for (int x = 0; x < BLOCK; ++x) {
    const int32_t top = hsv->value[x];
    const double turn = (double)hsv->hue[x] * 6.0 / 255.0;
    const int32_t whole = (int32_t)turn;
    const float rest = (float)(turn - (double)whole), pale = (float)((double)hsv->saturation[x] / 255.0);
    const double value = (double)top;
    // Not negative: adding a half and cutting off rounds as round() does.
    const int32_t p = (int32_t)(value * (1.0 - (double)pale) + 0.5);
    const int32_t q = (int32_t)(value * (1.0 - (double)(pale * rest)) + 0.5);
    const int32_t t = (int32_t)(value * (1.0 - (double)pale * (1.0 - (double)rest)) + 0.5);
    const int32_t sextant = whole == 6 ? 0 : whole;
    rgb[0][x] = sextant == 0 || sextant == 5 ? top : sextant == 1 ? q : sextant == 4 ? t : p;
    rgb[1][x] = sextant == 1 || sextant == 2 ? top : sextant == 3 ? q : sextant == 0 ? t : p;
    rgb[2][x] = sextant == 3 || sextant == 4 ? top : sextant == 5 ? q : sextant == 2 ? t : p;
  }
}

MULTIVERSION
void jml_picture_hue(uint8_t *pixels, long count, uint8_t shift) {
  int32_t rgb[3][BLOCK] = {{0}};
  hsv_block hsv;
  for (long start = 0; start < count; start += BLOCK) {
    const long size = count - start < BLOCK ? count - start : BLOCK;
    uint8_t *block = pixels + 3 * start;
    for (long x = 0; x < size; ++x)
      for (int channel = 0; channel < 3; ++channel) rgb[channel][x] = block[3 * x + channel];
    to_hsv(rgb, &hsv);
    for (int x = 0; x < BLOCK; ++x) hsv.hue[x] = (hsv.hue[x] + shift) & 255;
    to_rgb(&hsv, rgb);
    for (long x = 0; x < size; ++x)
      for (int channel = 0; channel < 3; ++channel) block[3 * x + channel] = (uint8_t)rgb[channel][x];
  }
}
