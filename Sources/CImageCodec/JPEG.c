#include "CImageCodec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

// TurboJPEG keeps libjpeg's setjmp to itself and returns codes.

static int fail_with(tjhandle handle, char *error, const char *reason) {
  snprintf(error, JML_IMAGE_ERROR_SIZE, "%s", reason);
  if (handle) tjDestroy(handle);
  return -1;
}

static int read_header(
    tjhandle handle, const uint8_t *bytes, size_t count, int *width, int *height, char *error) {
  int subsampling = 0;
  int colorspace = 0;
  if (tjDecompressHeader3(handle, bytes, (unsigned long)count, width, height, &subsampling, &colorspace)) {
    return fail_with(handle, error, tjGetErrorStr2(handle));
  }
  if (colorspace == TJCS_CMYK || colorspace == TJCS_YCCK) {
    return fail_with(handle, error, "CMYK JPEG; only colour (YCbCr, RGB) and grey are read");
  }
  if (*width < 1 || *height < 1 || *width > JML_IMAGE_MAX_SIDE || *height > JML_IMAGE_MAX_SIDE ||
      (int64_t)*width * *height > JML_IMAGE_MAX_AREA) {
    return fail_with(handle, error, "image is too large");
  }
  return 0;
}

int jml_jpeg_probe(const uint8_t *bytes, size_t count, int32_t *width, int32_t *height, char *error) {
  tjhandle handle = tjInitDecompress();
  if (!handle) return fail_with(handle, error, "libturbojpeg could not start (out of memory)");
  if (read_header(handle, bytes, count, width, height, error)) return -1;
  tjDestroy(handle);
  return 0;
}

int jml_jpeg_decode_rgb(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *error) {
  tjhandle handle = tjInitDecompress();
  if (!handle) return fail_with(handle, error, "libturbojpeg could not start (out of memory)");
  int width = 0;
  int height = 0;
  if (read_header(handle, bytes, count, &width, &height, error)) return -1;
  if ((size_t)width * (size_t)height * 3 != capacity) {
    return fail_with(handle, error, "decoded size differs from the header");
  }
  // A truncated file is only a warning to libjpeg, which then fills the rest with grey.
  int flags = TJFLAG_STOPONWARNING | TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  if (tjDecompress2(handle, bytes, (unsigned long)count, pixels, width, width * 3, height, TJPF_RGB, flags)) {
    return fail_with(handle, error, tjGetErrorStr2(handle));
  }
  tjDestroy(handle);
  return 0;
}

int jml_jpeg_encode(
    const uint8_t *pixels, int32_t width, int32_t height, int32_t quality, int32_t grey,
    uint8_t **encoded, size_t *encoded_count, char *error) {
  int subsampling = grey ? TJSAMP_GRAY : TJSAMP_420;
  tjhandle handle = tjInitCompress();
  if (!handle) return fail_with(handle, error, "libturbojpeg could not start (out of memory)");
  unsigned long size = tjBufSize(width, height, subsampling);
  if (size == (unsigned long)-1) return fail_with(handle, error, "a side of the image is zero or too large");
  // Its own buffer, so that one allocator frees PNG and JPEG bytes alike.
  unsigned char *buffer = (unsigned char *)malloc(size);
  if (!buffer) return fail_with(handle, error, "out of memory");
  int flags = TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT;
  if (tjCompress2(
          handle, pixels, width, width * 3, height, TJPF_RGB, &buffer, &size, subsampling, quality, flags)) {
    free(buffer);
    return fail_with(handle, error, tjGetErrorStr2(handle));
  }
  tjDestroy(handle);
  *encoded = buffer;
  *encoded_count = size;
  return 0;
}
