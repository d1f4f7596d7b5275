// Large pages for large blocks.
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

#include "CPlatform.h"

void jml_prefer_huge_pages(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
  if (bytes < JML_HUGE_PAGE) return;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(block) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(block) + bytes) & ~(page - 1);
  // Where the system has none, or is told not to, pages stay small.
  (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)block, (void)bytes;
#endif
}
