#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The exit code of a process that could not have the memory it asked for: EX_OSERR.
enum { JML_EXIT_MEMORY = 71 };

/// From now on `new` without memory, and a crash right after a refused allocation, end the process with one line and
/// JML_EXIT_MEMORY. `limit`, what there is to have, is copied (up to 500 bytes).
void jml_memory_watch(const char *limit);

/// Ends the process at once with one line: `bytes` were asked for `purpose`, such as "a tensor" ("" where nobody knows). It
/// allocates nothing. With 0 bytes the size is that of this thread's last refused allocation.
__attribute__((noreturn)) void jml_memory_end(size_t bytes, const char *purpose);

/// The size of this thread's last refused allocation, if it was a moment ago; else 0.
size_t jml_memory_refused(void);

/// From now on a call of abort() in this process ends it with a line and a code of its own: where libraries end a process that
/// cannot go on, and speak of themselves alone. `line`, copied (up to 500 bytes), without its end; "" takes it back. To be
/// called after jml_memory_watch, whose watch on crashes it needs.
void jml_abort_words(const char *line, int code);

/// Bytes of a huge page.
enum { JML_HUGE_PAGE = 1 << 21 };

/// Asks the system to lay out a block that was never written in pages of 2 MiB, as far as they lie in it.
void jml_prefer_huge_pages(void *block, size_t bytes);

/// Processors that this process may run on; 0 where the system does not say.
int jml_processors_allowed(void);

/// Which kind of file system holds `path`: statfs(2)'s number; 0 where the system does not say.
uint32_t jml_file_system_number(const char *path);

#ifdef __cplusplus
}
#endif
