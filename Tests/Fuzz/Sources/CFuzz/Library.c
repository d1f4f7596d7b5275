#include <hdf5.h>

#include "CFuzz.h"

// What the library keeps of fixed-size objects that were let go, bytes, all kinds and one.
enum { all_objects = 8 << 20, objects = 2 << 20 };
// Its own limits for all else: arrays, and blocks of any size.
enum { all_arrays = 4 << 20, arrays = 1 << 18, all_blocks = 16 << 20, blocks = 1 << 20 };

void jml_fuzz_ready_hdf5(void) {
  // As the package's own writer has it, which comes too late for that where another comes first.
  H5dont_atexit();
  H5open();
  // Every open file has a table of 512 KB, which the library gives back when the file is closed. Under the address
  // sanitizer fresh memory of that size comes from the system, page by page, and takes ten times what opening does.
  H5set_free_list_limits(all_objects, objects, all_arrays, arrays, all_blocks, blocks);
}
