#include <sys/vfs.h>

#include "CPlatform.h"

uint32_t jml_file_system_number(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? static_cast<uint32_t>(status.f_type) : 0;
}
