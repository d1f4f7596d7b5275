// The last words of a process that has no memory left, or that a library aborts.
//
// Who asks for memory is everywhere: Swift's arrays, the standard library of C++, HDF5, image codecs. Some say when they
// get none, Swift traps without a word. So malloc and mmap remember for each thread what was refused, and who ends because of it
// says so. What a library handles by itself, such as a file that claims to be larger than any memory, goes on as before.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CPlatform.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define JML_SANITIZER 1
#endif
#endif

namespace {

/// The size of the last refused allocation of this thread, and how many it was granted since: a refusal that somebody
/// could live with has nothing to do with a crash much later.
thread_local size_t refused = 0;
thread_local unsigned granted = 0;
constexpr unsigned recent = 256;

char limit_text[512] = "unknown";
char abort_text[512] = "";
std::atomic<int> abort_code(0);
std::atomic<bool> watching(false);

#ifndef JML_SANITIZER
/// Whether Swift's own libraries have asked. They take no refusal, and would speak of it in words of their own.
bool is_of_swift(void *caller) {
  Dl_info info;
  if (dladdr(caller, &info) == 0 || info.dli_fname == nullptr) return false;
  return std::strstr(info.dli_fname, "/libswiftCore.") != nullptr || std::strstr(info.dli_fname, "/libFoundation") != nullptr;
}

void refuse(size_t bytes) {
  refused = bytes;
  granted = 0;
}

/// - caller: whose call it was.
inline void *remember(void *block, size_t bytes, void *caller) {
  if (__builtin_expect(block == nullptr, 0)) {
    refuse(bytes);
    if (watching && is_of_swift(caller)) jml_memory_end(bytes, "");
  } else if (__builtin_expect(refused != 0, 0) && ++granted > recent) {
    refused = 0;
  }
  return block;
}

/// The system's own call, since the C library keeps no other name for its function.
void *map(void *address, size_t bytes, int protection, int flags, int file, off64_t offset) {
  long found = syscall(SYS_mmap, address, bytes, protection, flags, file, offset);
  if (found == -1 && errno == ENOMEM) refuse(bytes);
  return reinterpret_cast<void *>(found);
}
#endif

/// Address space and resident memory of this process, MiB; both 0 where the system does not say.
void usage(unsigned long &space, unsigned long &resident) {
  space = resident = 0;
  char text[128];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return;
  text[count] = 0;
  char *end = nullptr;
  unsigned long pages = static_cast<unsigned long>(sysconf(_SC_PAGESIZE)) >> 10;
  space = strtoul(text, &end, 10) * pages >> 10;
  resident = strtoul(end, nullptr, 10) * pages >> 10;
}

/// Without a buffer, which would want memory.
void say(const char *line, int count) {
  for (int done = 0; done < count;) {
    ssize_t written = write(STDERR_FILENO, line + done, static_cast<size_t>(count - done));
    if (written < 0 && errno != EINTR) break;
    if (written > 0) done += static_cast<int>(written);
  }
}

struct sigaction before[NSIG];
const int crashes[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV};

/// A trap of Swift, an uncaught exception, a pointer that nobody looked at.
void on_crash(int number, siginfo_t *info, void *) {
  if (refused != 0) jml_memory_end(refused, "");
  if (int code = number == SIGABRT ? abort_code.load() : 0) {
    say(abort_text, static_cast<int>(strlen(abort_text)));
    _exit(code);
  }
  // Not for want of memory: whoever was asked before is asked again, since the instruction is.
  sigaction(number, &before[number], nullptr);
  bool was_sent = info->si_code <= 0;
  if (was_sent) raise(number);
}

void on_new() { jml_memory_end(0, ""); }

}  // namespace

#ifndef JML_SANITIZER
// The C library's own, under the names that it keeps for who replaces malloc.
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) noexcept { return remember(__libc_malloc(bytes), bytes, __builtin_return_address(0)); }

void *calloc(size_t count, size_t size) noexcept {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = static_cast<size_t>(-1);
  return remember(__libc_calloc(count, size), bytes, __builtin_return_address(0));
}

void *realloc(void *block, size_t bytes) noexcept {
  void *grown = __libc_realloc(block, bytes);
  // Nothing is what zero bytes give.
  return bytes == 0 ? grown : remember(grown, bytes, __builtin_return_address(0));
}

void *aligned_alloc(size_t alignment, size_t bytes) noexcept {
  return remember(__libc_memalign(alignment, bytes), bytes, __builtin_return_address(0));
}

int posix_memalign(void **block, size_t alignment, size_t bytes) noexcept {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *found = remember(__libc_memalign(alignment, bytes), bytes, __builtin_return_address(0));
  if (found == nullptr) return ENOMEM;
  *block = found;
  return 0;
}

// Code that oneDNN writes for a shape lies in pages of its own, and is written whether or not there are any.
void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  return map(address, bytes, protection, flags, file, offset);
}

void *mmap64(void *address, size_t bytes, int protection, int flags, int file, off64_t offset) noexcept {
  return map(address, bytes, protection, flags, file, offset);
}
}
#endif

void jml_memory_watch(const char *limit) {
  snprintf(limit_text, sizeof limit_text, "%s", limit);
  std::set_new_handler(on_new);
  if (watching.exchange(true)) return;
  struct sigaction action = {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int number : crashes) sigaction(number, &action, &before[number]);
}

void jml_abort_words(const char *line, int code) {
  // Not while it changes.
  abort_code = 0;
  if (*line == 0) return;
  snprintf(abort_text, sizeof abort_text, "%s\n", line);
  abort_code = code;
}

size_t jml_memory_refused(void) { return refused; }

void jml_memory_end(size_t bytes, const char *purpose) {
  static std::atomic<bool> ending(false);
  // Several threads come to the same end; the first speaks.
  while (ending.exchange(true)) pause();
  if (bytes == 0) bytes = refused;
  unsigned long space, resident;
  usage(space, resident);
  char line[1024];
  int count = snprintf(
      line, sizeof line,
      "jml: error: out of memory: %zu bytes (%zu MiB) were asked for%s%s%s; in use: %lu MiB of address space, "
      "%lu MiB resident; there is: %s\n",
      bytes, bytes >> 20, *purpose ? " (" : "", purpose, *purpose ? ")" : "", space, resident, limit_text);
  if (count > static_cast<int>(sizeof line) - 1) count = sizeof line - 1;
  say(line, count);
  _exit(JML_EXIT_MEMORY);
}
