#include "CImageCodec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "JPEGReports.h"

typedef struct {
  struct jpeg_compress_struct jpeg;
  jml_jpeg_reports reports;
  struct jpeg_destination_mgr to;
} encoder;

static void on_begin(j_compress_ptr jpeg) { (void)jpeg; }

static boolean on_full(j_compress_ptr jpeg) {
  // The buffer holds the largest file that there can be.
  ERREXIT(jpeg, JERR_BUFFER_SIZE);
  return FALSE;
}

static void on_end(j_compress_ptr jpeg) { (void)jpeg; }

// Bytes that suffice for any picture: what the blocks, whole ones at the edges, may take at worst, and the headers.
static size_t bound(size_t width, size_t height, int grey) {
  const size_t side = grey ? 8 : 16;
  const size_t columns = (width + side - 1) / side * side;
  const size_t rows = (height + side - 1) / side * side;
  return columns * rows * (grey ? 2 : 3) + 2048;
}

static int write_pixels(
    encoder *e, const uint8_t *pixels, int32_t width, int32_t height, int32_t quality, int32_t grey) {
  struct jpeg_compress_struct *jpeg = &e->jpeg;
  if (setjmp(e->reports.out)) return -1;
  jpeg_create_compress(jpeg);
  e->to.init_destination = on_begin;
  e->to.empty_output_buffer = on_full;
  e->to.term_destination = on_end;
  jpeg->dest = &e->to;
  jpeg->image_width = (JDIMENSION)width;
  jpeg->image_height = (JDIMENSION)height;
  jpeg->in_color_space = JCS_RGB;
  jpeg->input_components = 3;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, quality, TRUE);
  jpeg->dct_method = JDCT_ISLOW;
  // 4:2:0 by default.
  jpeg_set_colorspace(jpeg, grey ? JCS_GRAYSCALE : JCS_YCbCr);
  jpeg_start_compress(jpeg, TRUE);
  while (jpeg->next_scanline < jpeg->image_height) {
    // libjpeg only reads it.
    JSAMPROW row = (JSAMPROW)pixels + (size_t)jpeg->next_scanline * (size_t)width * 3;
    jpeg_write_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_compress(jpeg);
  return 0;
}

int jml_jpeg_encode(
    const uint8_t *pixels, int32_t width, int32_t height, int32_t quality, int32_t grey,
    uint8_t **encoded, size_t *encoded_count, char *error) {
  if (width < 1 || height < 1 || width > JPEG_MAX_DIMENSION || height > JPEG_MAX_DIMENSION) {
    snprintf(error, JML_IMAGE_ERROR_SIZE, "a side of the image is zero or too large");
    return -1;
  }
  const size_t capacity = bound((size_t)width, (size_t)height, grey);
  uint8_t *buffer = (uint8_t *)malloc(capacity);
  if (!buffer) {
    snprintf(error, JML_IMAGE_ERROR_SIZE, "out of memory");
    return -1;
  }
  encoder e;
  memset(&e, 0, sizeof e);
  e.to.next_output_byte = buffer;
  e.to.free_in_buffer = capacity;
  e.jpeg.err = jml_jpeg_reports_start(&e.reports, error, NULL);
  int status = write_pixels(&e, pixels, width, height, quality, grey);
  jpeg_destroy_compress(&e.jpeg);
  if (status) {
    free(buffer);
    return -1;
  }
  *encoded = buffer;
  *encoded_count = capacity - e.to.free_in_buffer;
  return 0;
}
