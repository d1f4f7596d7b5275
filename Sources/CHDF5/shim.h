#pragma once
#include <hdf5.h>
#include <stdio.h>

// Swift does not import macros that call functions; each one used has a function here.

static inline hid_t jml_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t jml_h5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t jml_h5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t jml_h5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t jml_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t jml_h5_file_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t jml_h5_file_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t jml_h5_file_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t jml_h5_file_int32(void) { return H5T_STD_I32LE; }
static inline hid_t jml_h5_file_int64(void) { return H5T_STD_I64LE; }
static inline hid_t jml_h5_c_string(void) { return H5T_C_S1; }
static inline size_t jml_h5_variable_length(void) { return H5T_VARIABLE; }

static inline hid_t jml_h5_class_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t jml_h5_class_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t jml_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t jml_h5_all(void) { return H5S_ALL; }

static inline unsigned jml_h5_truncate(void) { return H5F_ACC_TRUNC; }

static inline hid_t jml_h5_class_dataset_transfer(void) { return H5P_DATASET_XFER; }

/// Stops the library from printing its errors. The setting is per thread, so every entry point calls this.
static inline void jml_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct jml_h5_text {
  char *bytes;
  size_t capacity, used;
};

static inline herr_t jml_h5_append(unsigned n, const H5E_error2_t *error, void *data) {
  struct jml_h5_text *text = (struct jml_h5_text *)data;
  if (!error->desc || text->used + 1 >= text->capacity) return 0;
  size_t room = text->capacity - text->used;
  int written = snprintf(text->bytes + text->used, room, "%s%s", n ? "; " : "", error->desc);
  if (written > 0) text->used += (size_t)written;
  if (text->used >= text->capacity) text->used = text->capacity - 1;
  return 0;
}

/// The current thread's error stack on one line, innermost cause first; the stack is cleared.
static inline void jml_h5_last_error(char *bytes, size_t capacity) {
  struct jml_h5_text text = {bytes, capacity, 0};
  bytes[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, jml_h5_append, &text);
  H5Eclear2(H5E_DEFAULT);
}
