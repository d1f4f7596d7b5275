#include "CImageCodec.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "JPEGReports.h"

// libjpeg reports errors by longjmp. It never crosses a frame of another language: setjmp, every libjpeg call and the
// callbacks are in the C files of this room. What changes between setjmp and the jump, and is read after it, lives in
// the frame of a caller: a local of the frame that called setjmp would be indeterminate.

// A scan more costs a pass over the whole picture and a few bytes of the file.
#define MAX_SCANS 500

// Bytes that libjpeg may take for one picture, which also keeps the variable JPEGMEM of the environment out: more than
// the coefficients of JML_IMAGE_MAX_AREA pixels of three components, two bytes each, that progressive files need.
#define MEMORY_BUDGET (1L << 30)

typedef struct {
  struct jpeg_decompress_struct jpeg;
  jml_jpeg_reports reports;
  struct jpeg_progress_mgr progress;
  // Bit i: a scan had component i.
  unsigned seen;
} decoder;

// Called between the scans of a file that has several, and between rows.
static void on_progress(j_common_ptr common) {
  decoder *d = (decoder *)common->client_data;
  if (d->jpeg.input_scan_number > MAX_SCANS) {
    jml_jpeg_fail(common, "Progressive JPEG image has more than 500 scans");
  }
  for (int i = 0; i < d->jpeg.comps_in_scan; i++) d->seen |= 1u << d->jpeg.cur_comp_info[i]->component_index;
}

// To be called after setjmp. Reads up to the first scan and refuses what is not read further.
static void read_header(decoder *d, const uint8_t *bytes, size_t count) {
  j_common_ptr common = (j_common_ptr)&d->jpeg;
  d->jpeg.client_data = d;
  jpeg_create_decompress(&d->jpeg);
  d->jpeg.mem->max_memory_to_use = MEMORY_BUDGET;
  jpeg_mem_src(&d->jpeg, bytes, (unsigned long)count);
  jpeg_read_header(&d->jpeg, TRUE);
  switch (d->jpeg.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      jml_jpeg_fail(common, "CMYK JPEG; only colour (YCbCr, RGB) and grey are read");
    default:
      jml_jpeg_fail(common, "a JPEG of unknown colours; only colour (YCbCr, RGB) and grey are read");
  }
  const int64_t width = d->jpeg.image_width;
  const int64_t height = d->jpeg.image_height;
  if (width < 1 || height < 1 || width > JML_IMAGE_MAX_SIDE || height > JML_IMAGE_MAX_SIDE ||
      width * height > JML_IMAGE_MAX_AREA) {
    jml_jpeg_fail(common, "image is too large");
  }
  // Each block has at least one Huffman code, and each code a bit. Arithmetic codes have no such bound.
  int64_t blocks = 0;
  for (int i = 0; i < d->jpeg.num_components; i++) {
    blocks += (int64_t)d->jpeg.comp_info[i].width_in_blocks * d->jpeg.comp_info[i].height_in_blocks;
  }
  if (!d->jpeg.arith_code && blocks / 8 > (int64_t)count) {
    char reason[JML_IMAGE_ERROR_SIZE];
    snprintf(
        reason, sizeof reason, "the file's %zu bytes are too few for the %d x %d pixels of its header", count,
        (int)width, (int)height);
    jml_jpeg_fail(common, reason);
  }
}

// To be called when every scan of a file with several has been read.
static void check_scans(decoder *d) {
  for (int i = 0; i < d->jpeg.num_components; i++) {
    // libjpeg leaves it grey without a word.
    if (!(d->seen >> i & 1)) {
      jml_jpeg_fail((j_common_ptr)&d->jpeg, "no scan has one of its components: part of the picture is lost");
    }
  }
  if (!d->jpeg.progressive_mode || !d->jpeg.coef_bits) return;
  for (int i = 0; i < d->jpeg.num_components; i++) {
    for (int k = 0; k < DCTSIZE2; k++) {
      if (d->jpeg.coef_bits[i][k] != 0) {
        jml_jpeg_warn(&d->reports, "a progressive JPEG without its last scans, coarser than it could be");
        return;
      }
    }
  }
}

// To be called after setjmp.
static void read_pixels(decoder *d, const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity) {
  struct jpeg_decompress_struct *jpeg = &d->jpeg;
  read_header(d, bytes, count);
  const size_t row_bytes = (size_t)jpeg->image_width * 3;
  if (row_bytes * jpeg->image_height != capacity) {
    jml_jpeg_fail((j_common_ptr)jpeg, "decoded size differs from the header");
  }
  d->progress.progress_monitor = on_progress;
  jpeg->progress = &d->progress;
  jpeg->out_color_space = JCS_RGB;
  // As common readers do, and with the same bits.
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_fancy_upsampling = TRUE;
  jpeg_start_decompress(jpeg);
  if (jpeg_has_multiple_scans(jpeg)) check_scans(d);
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = pixels + row_bytes * jpeg->output_scanline;
    jpeg_read_scanlines(jpeg, &row, 1);
  }
  // Reads to the end marker.
  jpeg_finish_decompress(jpeg);
}

static int probe(decoder *d, const uint8_t *bytes, size_t count) {
  if (setjmp(d->reports.out)) return -1;
  read_header(d, bytes, count);
  return 0;
}

static int decode(decoder *d, const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity) {
  if (setjmp(d->reports.out)) return -1;
  read_pixels(d, bytes, count, pixels, capacity);
  return 0;
}

int jml_jpeg_probe(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height, char *error) {
  decoder d;
  memset(&d, 0, sizeof d);
  d.jpeg.err = jml_jpeg_reports_start(&d.reports, error, NULL);
  int status = probe(&d, bytes, count);
  if (status == 0) {
    *width = (int32_t)d.jpeg.image_width;
    *height = (int32_t)d.jpeg.image_height;
  }
  jpeg_destroy_decompress(&d.jpeg);
  return status;
}

int jml_jpeg_decode_rgb(
    const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *warning, char *error) {
  decoder d;
  memset(&d, 0, sizeof d);
  d.jpeg.err = jml_jpeg_reports_start(&d.reports, error, warning);
  int status = decode(&d, bytes, count, pixels, capacity);
  if (status == 0) jml_jpeg_reports_finish(&d.reports);
  jpeg_destroy_decompress(&d.jpeg);
  return status;
}
