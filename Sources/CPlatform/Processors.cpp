#include <sched.h>

#include "CPlatform.h"

int jml_processors_allowed(void) {
  // Larger machines than the fixed set's 1024 processors are asked again with more room.
  for (int most = 1024; most <= 1 << 17; most *= 2) {
    cpu_set_t *set = CPU_ALLOC(most);
    if (set == nullptr) return 0;
    unsigned long size = CPU_ALLOC_SIZE(most);
    int status = sched_getaffinity(0, size, set);
    int count = status == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (status == 0) return count;
  }
  return 0;
}
