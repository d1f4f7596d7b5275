#include "JPEGReports.h"

#include <string.h>

#include <jerror.h>

static void on_error(j_common_ptr jpeg) {
  jml_jpeg_reports *reports = (jml_jpeg_reports *)jpeg->err;
  char text[JMSG_LENGTH_MAX];
  reports->manager.format_message(jpeg, text);
  jml_jpeg_fail(jpeg, text);
}

// Whether a picture that libjpeg warns of is whole all the same: every block of it was decoded from its own bits. Codes
// that are not listed, those of other versions among them, are taken for a loss.
static int is_whole(int code) {
  switch (code) {
    // Bytes between the end of a segment and the next marker are skipped: cameras and editors leave them there, and
    // every segment has given all it had to. A flipped bit may leave bytes over as well, so the caller is told how many.
    case JWRN_EXTRANEOUS_DATA:
    // Three bytes of a sequential scan's header that can have one value only and are not looked at further; some
    // cameras write zeros.
    case JWRN_NOT_SEQUENTIAL:
    // A JFIF header of another major version: it says nothing that is used here.
    case JWRN_JFIF_MAJOR:
    // An Adobe marker with an unknown transformation: three components are taken for YCbCr, as every decoder does.
    case JWRN_ADOBE_XFORM:
    // A damaged colour profile, which is not applied.
    case JWRN_BOGUS_ICC:
      return 1;
    // A segment, or the file, ends early: the rest of it would be grey.
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    // Bits that no code begins with: what follows is noise.
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    // Restart markers are missing or out of order: at least one interval is lost.
    case JWRN_MUST_RESYNC:
    // A progressive scan refines what never came, or came already: its coefficients are wrong.
    case JWRN_BOGUS_PROGRESSION:
    // Of writers.
    case JWRN_TOO_MUCH_DATA:
    default:
      return 0;
  }
}

static void on_message(j_common_ptr jpeg, int level) {
  // From 0 on: remarks on files that are in order.
  if (level >= 0) return;
  jml_jpeg_reports *reports = (jml_jpeg_reports *)jpeg->err;
  char text[JMSG_LENGTH_MAX];
  reports->manager.format_message(jpeg, text);
  if (is_whole(reports->manager.msg_code)) {
    jml_jpeg_warn(reports, text);
    return;
  }
  char reason[JML_IMAGE_ERROR_SIZE];
  snprintf(reason, sizeof reason, "%s: part of the picture is lost", text);
  jml_jpeg_fail(jpeg, reason);
}

// The library's own would print.
static void on_output(j_common_ptr jpeg) { (void)jpeg; }

struct jpeg_error_mgr *jml_jpeg_reports_start(jml_jpeg_reports *reports, char *error, char *warning) {
  memset(reports, 0, sizeof *reports);
  jpeg_std_error(&reports->manager);
  reports->manager.error_exit = on_error;
  reports->manager.emit_message = on_message;
  reports->manager.output_message = on_output;
  reports->error = error;
  reports->warning = warning;
  if (warning) warning[0] = 0;
  return &reports->manager;
}

void jml_jpeg_fail(j_common_ptr jpeg, const char *reason) {
  jml_jpeg_reports *reports = (jml_jpeg_reports *)jpeg->err;
  snprintf(reports->error, JML_IMAGE_ERROR_SIZE, "%s", reason);
  longjmp(reports->out, 1);
}

void jml_jpeg_warn(jml_jpeg_reports *reports, const char *text) {
  if (reports->warnings++ == 0 && reports->warning) {
    snprintf(reports->warning, JML_IMAGE_ERROR_SIZE, "%s", text);
  }
}

void jml_jpeg_reports_finish(jml_jpeg_reports *reports) {
  if (!reports->warning || reports->warnings < 2) return;
  size_t used = strlen(reports->warning);
  snprintf(
      reports->warning + used, JML_IMAGE_ERROR_SIZE - used, ", and %d more like it", reports->warnings - 1);
}
