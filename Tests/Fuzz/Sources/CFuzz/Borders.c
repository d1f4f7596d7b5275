#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CFuzz.h"

typedef struct {
  const uint8_t *bytes;
  size_t count, place;
  const char *outside;
  hid_t file;
} recipe;

static unsigned below(recipe *r, unsigned limit) {
  return (r->place < r->count ? r->bytes[r->place++] : 0) % limit;
}

// Extents of one to four axes, now and then immense: of two of the first a reader takes bytes, which are as many as it
// believes in, and refuses all else.
static int extents(recipe *r, hsize_t *shape, int wide) {
  static const hsize_t immense[] = {1u << 12, 1u << 25, 1ull << 31, 1ull << 40, 1ull << 62};
  const int rank = 1 + (int)below(r, 4);
  for (int axis = 0; axis < rank; ++axis) {
    const unsigned kind = below(r, 8);
    shape[axis] = wide && kind == 7 ? immense[below(r, 5)] : below(r, 5) + (kind == 6 ? 0 : 1);
  }
  return rank;
}

static hid_t space_of(recipe *r, hsize_t *shape, int *rank, int wide) {
  const unsigned kind = below(r, 10);
  *rank = 0;
  if (kind == 0) return H5Screate(H5S_NULL);
  if (kind == 1) return H5Screate(H5S_SCALAR);
  *rank = extents(r, shape, wide);
  return H5Screate_simple(*rank, shape, NULL);
}

static hid_t string_type(recipe *r) {
  hid_t type = H5Tcopy(H5T_C_S1);
  static const size_t sizes[] = {1, 7, 255, 1u << 16, 1u << 30};
  H5Tset_size(type, below(r, 2) ? H5T_VARIABLE : sizes[below(r, 5)]);
  H5Tset_strpad(type, (H5T_str_t)below(r, 3));
  if (below(r, 2)) H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

static hid_t type_of(recipe *r) {
  switch (below(r, 16)) {
    case 0: return H5Tcopy(H5T_IEEE_F32LE);
    case 1: return H5Tcopy(H5T_IEEE_F64BE);
    case 2: return H5Tcopy(H5T_STD_I8LE);
    case 3: return H5Tcopy(H5T_STD_U8LE);
    case 4: return H5Tcopy(H5T_STD_I32BE);
    case 5: return H5Tcopy(H5T_STD_U64LE);
    case 6: return H5Tcopy(H5T_STD_I64LE);
    case 7: return H5Tcopy(H5T_NATIVE_LDOUBLE);
    case 8: return H5Tcopy(H5T_STD_B16LE);
    case 9: return H5Tcreate(H5T_OPAQUE, 1 + below(r, 40));
    case 10: return H5Tvlen_create(H5T_STD_I32LE);
    case 11: {
      const hsize_t inner[] = {1 + below(r, 3), 1 + below(r, 3)};
      return H5Tarray_create2(H5T_IEEE_F32LE, 2, inner);
    }
    case 12: {
      hid_t type = H5Tcreate(H5T_COMPOUND, 16);
      H5Tinsert(type, "a", 0, H5T_IEEE_F32LE);
      H5Tinsert(type, "b", 8, H5T_STD_I64LE);
      return type;
    }
    case 13: {
      hid_t type = H5Tenum_create(below(r, 2) ? H5T_STD_I8LE : H5T_STD_I32LE);
      const int value = 1;
      H5Tenum_insert(type, "one", &value);
      return type;
    }
    case 14: return H5Tcopy(H5T_STD_REF_OBJ);
    default: return string_type(r);
  }
}

// Bytes of `rank` extents of a type, or more than there can be.
static double bytes_of(const hsize_t *extents, int rank, hid_t type) {
  double bytes = (double)H5Tget_size(type);
  for (int axis = 0; axis < rank; ++axis) bytes *= (double)extents[axis];
  return bytes;
}

// Small data, if there is any: pieces of the recipe. The caller's to free.
static void *values_of(recipe *r, hid_t type, hid_t space) {
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  const size_t size = H5Tget_size(type);
  // More than an input can say would be zeros.
  if (points < 1 || points > 1024 || size > 1024 || (size_t)points * size > 1024 || !below(r, 3)) return NULL;
  if (H5Tis_variable_str(type) > 0) {
    const char **texts = calloc((size_t)points, sizeof *texts);
    for (hssize_t i = 0; texts && i < points; ++i) texts[i] = below(r, 4) ? "text \xC3\xA9 \xFF" : NULL;
    return texts;
  }
  if (H5Tget_class(type) == H5T_VLEN || H5Tget_class(type) == H5T_REFERENCE) return NULL;
  uint8_t *values = malloc((size_t)points * size);
  for (size_t i = 0; values && i < (size_t)points * size; ++i) values[i] = (uint8_t)below(r, 250);
  return values;
}

// The library would clear a MiB for each write.
static hid_t small_room(void) {
  static hid_t transfer = -1;
  if (transfer < 0) {
    transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_buffer(transfer, 1 << 13, NULL, NULL);
  }
  return transfer;
}

static void dataset(recipe *r, const char *name) {
  hsize_t shape[4] = {0}, chunk[4] = {0};
  int rank = 0, promised = 0;
  hid_t type = type_of(r), space = space_of(r, shape, &rank, 1), creation = H5Pcreate(H5P_DATASET_CREATE);
  switch (below(r, 6)) {
    case 0:
      H5Pset_layout(creation, H5D_COMPACT);
      break;
    case 1:
    case 2:
      for (int axis = 0; axis < rank; ++axis) chunk[axis] = 1 + below(r, 4);
      if (rank && below(r, 4) == 0) chunk[0] = 1u << (8 + below(r, 22));
      if (rank) H5Pset_chunk(creation, rank, chunk);
      if (below(r, 2)) H5Pset_deflate(creation, 1);
      if (below(r, 4) == 0) H5Pset_fletcher32(creation);
      if (below(r, 3) == 0) H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
      if (rank) {
        // So that a chunk may be larger than the data.
        const hsize_t most[] = {H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED};
        H5Sset_extent_simple(space, rank, shape, most);
      }
      // What is stored costs the writer its memory, not the reader: the immense is only promised.
      hsize_t whole[4] = {0};
      double chunks = 1;
      for (int axis = 0; axis < rank; ++axis) {
        const hsize_t count = (shape[axis] + chunk[axis] - 1) / chunk[axis];
        whole[axis] = count * chunk[axis];
        chunks *= (double)count;
      }
      // Chunks of a byte are deflated one by one, 65536 of them in a minute.
      if (bytes_of(shape, rank, type) > 1 << 16 || bytes_of(whole, rank, type) > 1 << 20 || chunks > 256) {
        H5Pset_alloc_time(creation, H5D_ALLOC_TIME_INCR);
        promised = 1;
      }
      break;
    case 3:
      H5Pset_external(creation, r->outside, below(r, 3), H5F_UNLIMITED);
      break;
    case 4: {
      hsize_t four[] = {4};
      hid_t from = H5Screate_simple(1, four, NULL);
      if (rank == 1) H5Pset_virtual(creation, space, r->outside, "d", from);
      H5Sclose(from);
      break;
    }
    default: break;
  }
  hid_t made = H5Dcreate2(r->file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  if (made >= 0) {
    if (!promised && H5Pget_layout(creation) != H5D_VIRTUAL && H5Pget_external_count(creation) == 0) {
      void *values = values_of(r, type, space);
      if (values) H5Dwrite(made, type, H5S_ALL, H5S_ALL, small_room(), values);
      free(values);
    }
    H5Dclose(made);
  }
  H5Pclose(creation);
  H5Sclose(space);
  H5Tclose(type);
}

static void attribute(recipe *r, const char *owner, const char *name) {
  hsize_t shape[4] = {0};
  int rank = 0;
  hid_t type = type_of(r), space = space_of(r, shape, &rank, 0);
  // An attribute is stored as it is made.
  hid_t made = bytes_of(shape, rank, type) > 1 << 16
                   ? -1
                   : H5Acreate_by_name(r->file, owner, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (made >= 0) {
    void *values = values_of(r, type, space);
    if (values) H5Awrite(made, type, values);
    free(values);
    H5Aclose(made);
  }
  H5Sclose(space);
  H5Tclose(type);
}

static void step(recipe *r) {
  static const char *const names[] = {"a", "b", "g/c", "g/d", "g/h/e", "state", "\xFF", "e\xCC\x81", "\xC3\xA9"};
  static const char *const targets[] = {"/a", "b", "..", ".", "/", "g", "/g/h/loop", "nowhere", "/loop", "a/b"};
  enum { name_count = sizeof names / sizeof *names, target_count = sizeof targets / sizeof *targets };
  const char *name = names[below(r, name_count)];
  const unsigned kind = below(r, 12);
  hid_t linking = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(linking, 1);
  switch (kind) {
    case 0: H5Lcreate_external(r->outside, "/d", r->file, name, linking, H5P_DEFAULT); break;
    case 1: H5Lcreate_soft(targets[below(r, target_count)], r->file, name, linking, H5P_DEFAULT); break;
    case 2: H5Lcreate_soft(targets[below(r, target_count)], r->file, "loop", linking, H5P_DEFAULT); break;
    case 3: H5Lcreate_hard(r->file, below(r, 2) ? "g" : "/", r->file, "g/h/loop", linking, H5P_DEFAULT); break;
    case 4: {
      hid_t type = type_of(r);
      H5Tcommit2(r->file, name, type, linking, H5P_DEFAULT, H5P_DEFAULT);
      H5Tclose(type);
      break;
    }
    case 5:
    case 6: attribute(r, below(r, 2) ? "/" : name, names[below(r, name_count)]); break;
    default: dataset(r, name); break;
  }
  H5Pclose(linking);
}

size_t jml_fuzz_borders(const uint8_t *bytes, size_t count, const char *outside, uint8_t **image) {
  recipe r = {bytes, count, 0, outside, -1};
  *image = NULL;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fapl_core(access, 1 << 16, 0);
  H5Pset_libver_bounds(access, below(&r, 2) ? H5F_LIBVER_LATEST : H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
  // Nothing is left free for what may come, so that the file is small, and most of its bytes mean something.
  H5Pset_meta_block_size(access, 0);
  H5Pset_small_data_block_size(access, 0);
  hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_sym_k(creation, 2, 2);
  r.file = H5Fcreate("borders", H5F_ACC_TRUNC, creation, access);
  H5Pclose(creation);
  H5Pclose(access);
  if (r.file < 0) return 0;
  hid_t group = H5Gcreate2(r.file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  hid_t inner = H5Gcreate2(r.file, "g/h", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(inner);
  H5Gclose(group);
  for (int steps = 0; steps < 12 && r.place < count; ++steps) step(&r);
  H5Fflush(r.file, H5F_SCOPE_LOCAL);
  ssize_t size = H5Fget_file_image(r.file, NULL, 0);
  if (size > 0 && size <= 1 << 24) {
    *image = malloc((size_t)size);
    if (*image && H5Fget_file_image(r.file, *image, (size_t)size) != size) size = 0;
  } else {
    size = 0;
  }
  H5Fclose(r.file);
  return size > 0 ? (size_t)size : 0;
}
