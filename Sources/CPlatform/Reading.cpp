// The last words of a process that a library has brought down while it read a file.
//
// libhdf5 takes what a damaged file says of itself for true in places, and may follow a pointer that is none. What is read is
// known; so the process ends as for any other damaged file, with one line that names it.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "CPlatform.h"

namespace {

std::atomic<int> readers(0);
char name[1024] = "";

}  // namespace

void jml_reading_begin(const char *path) {
  // Of several at a time the last one is named.
  size_t count = 0;
  for (; path[count] && count < sizeof name - 1; ++count) name[count] = (unsigned char)path[count] < 32 ? '?' : path[count];
  name[count] = 0;
  readers.fetch_add(1);
}

void jml_reading_end(void) { readers.fetch_sub(1); }

void jml_reading_crashed(void) {
  if (readers.load() == 0) return;
  char line[1200];
  const int count = snprintf(
      line, sizeof line, "jml: error: %s: reading it has crashed: the file is damaged in a way that the HDF5 library does not see\n",
      name);
  if (write(STDERR_FILENO, line, count < (int)sizeof line ? (size_t)count : sizeof line - 1) < 0) _exit(JML_EXIT_DATA);
  _exit(JML_EXIT_DATA);
}
