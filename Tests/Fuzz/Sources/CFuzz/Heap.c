#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "CFuzz.h"

// Of the sanitizers' runtime; there is no header of the toolchain that is sure to be there.
int __sanitizer_install_malloc_and_free_hooks(
    void (*allocated)(const volatile void *, size_t), void (*released)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *memory);
int __sanitizer_get_ownership(const volatile void *memory);

static _Atomic long live;
static _Atomic long peak;
static _Atomic int filling = -1;

static void allocated(const volatile void *memory, size_t size) {
  const long now = atomic_fetch_add(&live, (long)size) + (long)size;
  if (now > atomic_load(&peak)) atomic_store(&peak, now);
  const int byte = atomic_load(&filling);
  // What is larger comes from the system, which has cleared it: calloc relies on that.
  if (byte >= 0 && memory && size < 1 << 16) memset((void *)memory, byte, size);
}

static void released(const volatile void *memory) {
  // A pointer that is nobody's is the sanitizer's to report.
  if (memory && __sanitizer_get_ownership(memory)) atomic_fetch_sub(&live, (long)__sanitizer_get_allocated_size(memory));
}

void jml_fuzz_watch(void) { __sanitizer_install_malloc_and_free_hooks(allocated, released); }

void jml_fuzz_begin(void) {
  atomic_store(&live, 0);
  atomic_store(&peak, 0);
}

long jml_fuzz_peak(void) { return atomic_load(&peak); }

void jml_fuzz_fill(int byte) { atomic_store(&filling, byte); }

double jml_fuzz_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
