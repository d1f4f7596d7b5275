#pragma once

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include "CImageCodec.h"

// What libjpeg has to say, for one call: errors end it, and so do warnings of pictures that are not whole; the other
// warnings are told to the caller.

typedef struct {
  struct jpeg_error_mgr manager;  // First: libjpeg has the address of this part.
  jmp_buf out;
  char *error;    // of JML_IMAGE_ERROR_SIZE bytes
  char *warning;  // of JML_IMAGE_ERROR_SIZE bytes; NULL: nobody wants to know
  int warnings;
} jml_jpeg_reports;

// Fills `reports`, whose `out` the caller sets next, and gives what goes to a codec's `err`.
struct jpeg_error_mgr *jml_jpeg_reports_start(jml_jpeg_reports *reports, char *error, char *warning);

// Ends the call with a reason of our own: writes it and jumps.
_Noreturn void jml_jpeg_fail(j_common_ptr jpeg, const char *reason);

// Tells the caller of something that is no loss.
void jml_jpeg_warn(jml_jpeg_reports *reports, const char *text);

// To be called when the picture is there: says how many warnings there were besides the first.
void jml_jpeg_reports_finish(jml_jpeg_reports *reports);
