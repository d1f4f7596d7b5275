#pragma once

#include <stddef.h>
#include <stdint.h>

// libFuzzer's loop, which calls `run` with one input after another and never comes back unless it is told to stop.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *bytes, size_t count));

// The heap as the address sanitizer sees it. One thread at a time is watched.

// From now on allocations are counted.
void jml_fuzz_watch(void);

// Begins a new peak at what is allocated now.
void jml_fuzz_begin(void);

// The most bytes that were allocated at once since then, without those that were there before.
long jml_fuzz_peak(void);

// What fresh memory of less than 64 KiB holds from now on; -1: whatever it held. A result that depends on this byte was
// not written whole.
void jml_fuzz_fill(int byte);

// Seconds of the processor that this thread has had.
double jml_fuzz_seconds(void);

// Readies the HDF5 library for a process that makes hundreds of files a second. Before anything else of it is called.
void jml_fuzz_ready_hdf5(void);

// Builds an HDF5 file in memory of what `recipe` says, a few objects that no writer of this project makes: links out of the
// file, circles, data in other files, chunks without end, types of every class. Returns its size, or 0 if the library would
// not make it; `*image` is the caller's to free.
//   outside  a file that no reader may open by way of this one
size_t jml_fuzz_borders(const uint8_t *recipe, size_t count, const char *outside, uint8_t **image);
