#pragma once

#include <stddef.h>
#include <stdint.h>

#include "Pictures.h"
#include "Resample.h"

#ifdef __cplusplus
extern "C" {
#endif

// PNG and JPEG to and from bytes. Every function returns 0, or -1 with a one-line reason in `error` (of
// JML_IMAGE_ERROR_SIZE bytes). Nothing here prints, exits or keeps state between calls; all functions are
// thread-safe.

#define JML_IMAGE_ERROR_SIZE 256

// The largest accepted side, in pixels, and the largest accepted area, in pixels.
#define JML_IMAGE_MAX_SIDE 32768
#define JML_IMAGE_MAX_AREA (1 << 27)

typedef enum {
  JML_IMAGE_UNKNOWN = 0,
  JML_IMAGE_PNG = 1,
  JML_IMAGE_JPEG = 2,
} jml_image_format;

typedef enum {
  JML_PNG_GREY = 0,
  JML_PNG_RGB = 2,
  JML_PNG_PALETTE = 3,
  JML_PNG_GREY_ALPHA = 4,
  JML_PNG_RGB_ALPHA = 6,
} jml_png_color_type;

typedef struct {
  int32_t width;       // pixels
  int32_t height;      // pixels
  int32_t color_type;  // jml_png_color_type
  int32_t bit_depth;   // bits a channel: 1, 2, 4, 8 or 16
  int32_t interlaced;  // not 0: only all rows at once can be decoded
} jml_png_info;

// Tells the format by the first bytes of the content.
jml_image_format jml_image_sniff(const uint8_t *bytes, size_t count);

// Reads the header only.
int jml_png_probe(const uint8_t *bytes, size_t count, jml_png_info *info, char *error);

// Decodes `rows` rows of any PNG from row `first` on to `pixels`, [rows, width, 3] RGB: grey and palette are
// expanded, alpha is dropped, 16 bits are scaled to 8. Nothing after the last of these rows is read, so that a
// file that ends early is found out only where it ends before them. `capacity` is the size of `pixels` in bytes
// and must be exactly rows * width * 3.
int jml_png_decode_rgb(
    const uint8_t *bytes, size_t count, int32_t first, int32_t rows, uint8_t *pixels, size_t capacity,
    char *error);

// Decodes rows of an 8-bit grey or a palette PNG to `values`, [rows, width]: grey levels or raw palette indices
// (1, 2 and 4-bit indices unpacked to one a byte), never colours. `capacity` must be exactly rows * width.
int jml_png_decode_index(
    const uint8_t *bytes, size_t count, int32_t first, int32_t rows, uint8_t *values, size_t capacity,
    char *error);

// Encodes 8-bit rows as PNG. `color_type` is grey, RGB or palette; `palette` holds `palette_count` RGB
// triplets. `level` is zlib's, 0 to 9. On success `*encoded` is to be given to jml_image_free.
int jml_png_encode(
    const uint8_t *pixels, int32_t width, int32_t height, int32_t color_type, const uint8_t *palette,
    int32_t palette_count, int32_t level, uint8_t **encoded, size_t *encoded_count, char *error);

// Reads the header only; refuses CMYK.
int jml_jpeg_probe(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height, char *error);

// Decodes a colour or grey JPEG of any sampling factors to `pixels`, [height, width, 3] RGB, as it is stored, whatever
// its EXIF orientation. Where a part of the picture is not there (premature end of data, a corrupt segment), that is an
// error. What the decoder objects to in a picture that is whole (stray bytes before a marker) goes to `warning`, of
// JML_IMAGE_ERROR_SIZE bytes, which is empty otherwise. `capacity` must be exactly width * height * 3.
int jml_jpeg_decode_rgb(
    const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *warning, char *error);

// Encodes [height, width, 3] RGB as a 4:2:0 JPEG, or its luminance as a JPEG of one component if `grey` is not 0.
// `quality` is 1 to 100. On success `*encoded` is to be given to jml_image_free.
int jml_jpeg_encode(
    const uint8_t *pixels, int32_t width, int32_t height, int32_t quality, int32_t grey,
    uint8_t **encoded, size_t *encoded_count, char *error);

// Frees what an encoder returned.
void jml_image_free(uint8_t *encoded);

#ifdef __cplusplus
}
#endif
