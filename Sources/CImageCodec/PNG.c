#include "CImageCodec.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// libpng reports errors by longjmp. It never crosses a frame of another language: setjmp, every libpng call
// and the callbacks are in this file. What changes between setjmp and the jump, and is read after it, lives
// in the frame of a caller: a local of the frame that called setjmp would be indeterminate.

static void fail_with(char *error, const char *reason) {
  snprintf(error, JML_IMAGE_ERROR_SIZE, "%s", reason);
}

static void on_error(png_structp png, png_const_charp reason) {
  fail_with((char *)png_get_error_ptr(png), reason);
  png_longjmp(png, 1);
}

// libpng's warnings are about ancillary chunks (colour profiles, text), which are not used here.
static void on_warning(png_structp png, png_const_charp reason) {
  (void)png;
  (void)reason;
}

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
} source;

static void read_bytes(png_structp png, png_bytep destination, size_t count) {
  source *from = (source *)png_get_io_ptr(png);
  if (count > from->count - from->position) png_error(png, "file ends early (truncated PNG)");
  memcpy(destination, from->bytes + from->position, count);
  from->position += count;
}

typedef struct {
  png_structp png;
  png_infop info;
  source from;
} reader;

static int reader_open(reader *r, const uint8_t *bytes, size_t count, char *error) {
  r->png = NULL;
  r->info = NULL;
  r->from = (source){bytes, count, 0};
  if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) {
    fail_with(error, "not a PNG");
    return -1;
  }
  r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
  if (r->png) r->info = png_create_info_struct(r->png);
  if (!r->info) {
    png_destroy_read_struct(&r->png, NULL, NULL);
    fail_with(error, "libpng could not start (out of memory or another version)");
    return -1;
  }
  return 0;
}

// To be called after setjmp. Reads the header into `info` and applies the size caps.
static void read_header(reader *r, jml_png_info *info) {
  png_set_user_limits(r->png, JML_IMAGE_MAX_SIDE, JML_IMAGE_MAX_SIDE);
  png_set_chunk_malloc_max(r->png, 16u << 20);
  png_set_read_fn(r->png, &r->from, read_bytes);
  // Every chunk's CRC is checked; a second checksum over the decompressed bytes would find nothing more.
  png_set_option(r->png, PNG_IGNORE_ADLER32, PNG_OPTION_ON);
  png_read_info(r->png, r->info);
  info->width = (int32_t)png_get_image_width(r->png, r->info);
  info->height = (int32_t)png_get_image_height(r->png, r->info);
  info->color_type = png_get_color_type(r->png, r->info);
  info->bit_depth = png_get_bit_depth(r->png, r->info);
  info->interlaced = png_get_interlace_type(r->png, r->info) != PNG_INTERLACE_NONE;
  if ((int64_t)info->width * info->height > JML_IMAGE_MAX_AREA) png_error(r->png, "image is too large");
}

int jml_png_probe(const uint8_t *bytes, size_t count, jml_png_info *info, char *error) {
  reader r;
  if (reader_open(&r, bytes, count, error)) return -1;
  if (setjmp(png_jmpbuf(r.png))) {
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return -1;
  }
  read_header(&r, info);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  return 0;
}

// To be called after setjmp, with the transformations chosen. Rows before `first` go to the place of row `first`,
// which overwrites them.
static void read_rows(
    reader *r, const jml_png_info *info, int32_t first, int32_t rows, uint8_t *pixels, size_t row_bytes,
    size_t capacity) {
  int passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  if (png_get_rowbytes(r->png, r->info) != row_bytes || row_bytes * (size_t)rows != capacity) {
    png_error(r->png, "decoded size differs from the header");
  }
  const int whole = first == 0 && rows == info->height;
  if (first < 0 || rows < 1 || first > info->height - rows || (info->interlaced && !whole)) {
    png_error(r->png, "no such rows");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (int32_t y = 0; y < first + rows; y++) {
      png_read_row(r->png, pixels + (size_t)(y < first ? 0 : y - first) * row_bytes, NULL);
    }
  }
  // The checksums of the last chunks stand after the last row.
  if (whole) png_read_end(r->png, NULL);
}

int jml_png_decode_rgb(
    const uint8_t *bytes, size_t count, int32_t first, int32_t rows, uint8_t *pixels, size_t capacity,
    char *error) {
  reader r;
  if (reader_open(&r, bytes, count, error)) return -1;
  if (setjmp(png_jmpbuf(r.png))) {
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return -1;
  }
  jml_png_info info;
  read_header(&r, &info);
  switch (info.color_type) {
    case JML_PNG_PALETTE:
      png_set_palette_to_rgb(r.png);
      break;
    case JML_PNG_GREY:
    case JML_PNG_GREY_ALPHA:
      if (info.bit_depth < 8) png_set_expand_gray_1_2_4_to_8(r.png);
      png_set_gray_to_rgb(r.png);
      break;
    default:
      break;
  }
  if (info.bit_depth == 16) png_set_scale_16(r.png);
  png_set_strip_alpha(r.png);
  read_rows(&r, &info, first, rows, pixels, (size_t)info.width * 3, capacity);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  return 0;
}

int jml_png_decode_index(
    const uint8_t *bytes, size_t count, int32_t first, int32_t rows, uint8_t *values, size_t capacity,
    char *error) {
  reader r;
  if (reader_open(&r, bytes, count, error)) return -1;
  if (setjmp(png_jmpbuf(r.png))) {
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return -1;
  }
  jml_png_info info;
  read_header(&r, &info);
  int grey = info.color_type == JML_PNG_GREY && info.bit_depth == 8;
  if (!grey && info.color_type != JML_PNG_PALETTE) png_error(r.png, "neither 8-bit grey nor palette");
  if (info.bit_depth < 8) png_set_packing(r.png);
  read_rows(&r, &info, first, rows, values, (size_t)info.width, capacity);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  return 0;
}

typedef struct {
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} sink;

static void write_bytes(png_structp png, png_bytep bytes, size_t count) {
  sink *to = (sink *)png_get_io_ptr(png);
  if (to->count + count > to->capacity) {
    size_t capacity = (to->count + count) * 2;
    uint8_t *grown = (uint8_t *)realloc(to->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    to->bytes = grown;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->count, bytes, count);
  to->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

typedef struct {
  png_structp png;
  png_infop info;
  sink to;
  png_color colors[256];
} writer;

// Returns -1 after an error, with `w` still to be destroyed.
static int write_rows(
    writer *w, const uint8_t *pixels, int32_t width, int32_t height, int32_t color_type,
    int32_t palette_count, int32_t level) {
  if (setjmp(png_jmpbuf(w->png))) return -1;
  png_set_write_fn(w->png, &w->to, write_bytes, flush_nothing);
  png_set_compression_level(w->png, level);
  png_set_IHDR(
      w->png, w->info, (png_uint_32)width, (png_uint_32)height, 8, color_type, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (color_type == JML_PNG_PALETTE) png_set_PLTE(w->png, w->info, w->colors, palette_count);
  png_write_info(w->png, w->info);
  size_t row_bytes = (size_t)width * (color_type == JML_PNG_RGB ? 3 : 1);
  for (int32_t y = 0; y < height; y++) png_write_row(w->png, pixels + (size_t)y * row_bytes);
  png_write_end(w->png, w->info);
  return 0;
}

int jml_png_encode(
    const uint8_t *pixels, int32_t width, int32_t height, int32_t color_type, const uint8_t *palette,
    int32_t palette_count, int32_t level, uint8_t **encoded, size_t *encoded_count, char *error) {
  writer w;
  memset(&w, 0, sizeof w);
  if (color_type != JML_PNG_GREY && color_type != JML_PNG_RGB && color_type != JML_PNG_PALETTE) {
    fail_with(error, "only 8-bit grey, RGB and palette can be written");
    return -1;
  }
  if (color_type == JML_PNG_PALETTE && (palette_count < 1 || palette_count > 256)) {
    fail_with(error, "a palette has 1 to 256 colours");
    return -1;
  }
  for (int32_t i = 0; color_type == JML_PNG_PALETTE && i < palette_count; i++) {
    w.colors[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
  }
  w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
  if (w.png) w.info = png_create_info_struct(w.png);
  if (!w.info) {
    png_destroy_write_struct(&w.png, NULL);
    fail_with(error, "libpng could not start (out of memory or another version)");
    return -1;
  }
  int status = write_rows(&w, pixels, width, height, color_type, palette_count, level);
  png_destroy_write_struct(&w.png, &w.info);
  if (status) {
    free(w.to.bytes);
    return -1;
  }
  *encoded = w.to.bytes;
  *encoded_count = w.to.count;
  return 0;
}

jml_image_format jml_image_sniff(const uint8_t *bytes, size_t count) {
  if (count >= 8 && png_sig_cmp(bytes, 0, 8) == 0) return JML_IMAGE_PNG;
  // The next marker may come after stray bytes.
  if (count >= 2 && bytes[0] == 0xFF && bytes[1] == 0xD8) return JML_IMAGE_JPEG;
  return JML_IMAGE_UNKNOWN;
}

void jml_image_free(uint8_t *encoded) { free(encoded); }
