#include <string.h>

#include "Multiversion.h"
#include "Pictures.h"

// Operations on pixels and their neighbours.

/// One row but for its outermost pixels, from copies of it and of the row above: `count` bytes. Sums are whole
/// numbers: Pillow's sums of floats stay 1/26 away from where their rounding could tell.
INLINED void sharpen_row(
    const uint8_t *restrict above, const uint8_t *restrict here, const uint8_t *restrict below, long count,
    float factor, uint8_t *restrict target) {
  for (long x = 3; x < count - 3; ++x) {
    const uint16_t ring = (uint16_t)(above[x - 3] + above[x] + above[x + 3] + here[x - 3] + here[x + 3] +
                                     below[x - 3] + below[x] + below[x + 3]);
    // (sum + 6) / 13; the factor is exact up to 6500.
    const uint16_t smooth = (uint16_t)(((uint32_t)(uint16_t)(ring + 5 * here[x] + 6) * 5042u) >> 16);
    float value = (float)(int)smooth + factor * (float)((int)here[x] - (int)smooth);
    value = value < 0 ? 0 : value;
    value = value > 255 ? 255 : value;
    target[x] = (uint8_t)(int)value;
  }
}

MULTIVERSION
void jml_picture_sharpness(uint8_t *pixels, long height, long width, float factor, uint8_t *scratch) {
  if (height < 3 || width < 3) return;
  const long row = 3 * width;
  uint8_t *above = scratch, *here = scratch + row;
  memcpy(above, pixels, row);
  for (long y = 1; y < height - 1; ++y) {
    uint8_t *target = pixels + y * row;
    memcpy(here, target, row);
    sharpen_row(above, here, target + row, row, factor, target);
    uint8_t *const old = above;
    above = here;
    here = old;
  }
}

// Bytes of a row that go through the passes along y together: a strip of a picture of 512 rows, twice, stays in
// the second-level cache.
enum { STRIP = 256 };

INLINED uint8_t average(uint32_t sum, uint32_t ends, jml_box box) {
  return (uint8_t)((sum * box.whole + ends * box.fraction + (1u << 23)) >> 24);
}

/// Averages along x. `from` goes on 3 * (radius + 1) bytes beyond both ends of its `count`.
INLINED void average_row(
    const uint8_t *restrict from, uint8_t *restrict to, long count, jml_box box, uint32_t *restrict sums) {
  if (box.radius == 0) {
    for (long x = 0; x < count; ++x) to[x] = average(from[x], (uint32_t)from[x - 3] + from[x + 3], box);
  } else if (box.radius == 1) {
    for (long x = 0; x < count; ++x)
      to[x] = average((uint32_t)from[x - 3] + from[x] + from[x + 3], (uint32_t)from[x - 6] + from[x + 6], box);
  } else {
    const long reach = 3 * (long)box.radius;
    for (long x = 0; x < 3 && x < count; ++x) {
      uint32_t sum = 0;
      for (long offset = -reach; offset <= reach; offset += 3) sum += from[x + offset];
      sums[x] = sum;
    }
    for (long x = 3; x < count; ++x) sums[x] = sums[x - 3] + from[x + reach] - from[x - reach - 3];
    for (long x = 0; x < count; ++x)
      to[x] = average(sums[x], (uint32_t)from[x - reach - 3] + from[x + reach + 3], box);
  }
}

/// Repeats the outermost pixels of a row `pixels` times.
INLINED void extend(uint8_t *row, long count, long pixels) {
  for (long x = 1; x <= pixels; ++x) {
    memcpy(row - 3 * x, row, 3);
    memcpy(row + count + 3 * (x - 1), row + count - 3, 3);
  }
}

INLINED long inside(long y, long height) { return y < 0 ? 0 : y >= height ? height - 1 : y; }

/// Averages along y of a strip of `count` bytes, from one place to another. Rows are `from_row` and `to_row` bytes
/// apart.
INLINED void average_columns(
    const uint8_t *restrict from, long from_row, uint8_t *restrict to, long to_row, long count, long height,
    jml_box box, uint32_t *restrict sums) {
  // Of the box around the row above the first.
  memset(sums, 0, sizeof(uint32_t) * (size_t)count);
  for (long offset = -(long)box.radius - 1; offset < box.radius; ++offset) {
    const uint8_t *row = from + inside(offset, height) * from_row;
    for (long x = 0; x < count; ++x) sums[x] += row[x];
  }
  for (long y = 0; y < height; ++y) {
    const uint8_t *before = from + inside(y - box.radius - 1, height) * from_row;
    const uint8_t *last = from + inside(y + box.radius, height) * from_row;
    const uint8_t *after = from + inside(y + box.radius + 1, height) * from_row;
    uint8_t *target = to + y * to_row;
    for (long x = 0; x < count; ++x) {
      const uint32_t sum = sums[x] + last[x] - before[x];
      sums[x] = sum;
      target[x] = average(sum, (uint32_t)before[x] + after[x], box);
    }
  }
}

static long row_scratch(long width, int32_t radius) { return 3 * (width + 2 * ((long)radius + 1)); }

long jml_picture_blur_scratch(long height, long width, int32_t radius) {
  const long rows = 2 * row_scratch(width, radius), strips = 2 * height * STRIP;
  const long sums = 4 * (3 * width > STRIP ? 3 * width : STRIP);
  return sums + (rows > strips ? rows : strips);
}

MULTIVERSION
void jml_picture_blur(uint8_t *pixels, long height, long width, jml_box box, void *scratch) {
  const long row = 3 * width, padding = (long)box.radius + 1;
  uint32_t *sums = scratch;
  uint8_t *bytes = (uint8_t *)(sums + (row > STRIP ? row : STRIP));
  uint8_t *first = bytes + 3 * padding, *second = first + row_scratch(width, box.radius);
  for (long y = 0; y < height; ++y) {
    uint8_t *target = pixels + y * row;
    memcpy(first, target, (size_t)row);
    extend(first, row, padding);
    average_row(first, second, row, box, sums);
    extend(second, row, padding);
    average_row(second, first, row, box, sums);
    extend(first, row, padding);
    average_row(first, target, row, box, sums);
  }
  first = bytes;
  second = bytes + height * STRIP;
  for (long start = 0; start < row; start += STRIP) {
    const long count = row - start < STRIP ? row - start : STRIP;
    average_columns(pixels + start, row, first, STRIP, count, height, box, sums);
    average_columns(first, STRIP, second, STRIP, count, height, box, sums);
    average_columns(second, STRIP, pixels + start, row, count, height, box, sums);
  }
}
