#include "Parallel.h"

extern "C" int omp_get_max_threads(void);
extern "C" void omp_set_num_threads(int);

int jml_thread_count(void) { return omp_get_max_threads(); }

void jml_set_thread_count(int threads) { omp_set_num_threads(threads < 1 ? 1 : threads); }
