// Loaded into a process before its libraries: makes one of its system calls below a folder fail, or kills it there; or moves
// its clock. What is to happen stands in the environment:
//
//   FAULTS_ROLE    first argument of the program that is meant (run, train, table, ...), or any
//   FAULTS_CALL    create, write, fsync, rename, unlink, mkdir, truncate, lock; all, to count each
//   FAULTS_BELOW   a path's beginning; other files are left alone
//   FAULTS_AT      which of these calls, counted over all processes from 1
//   FAULTS_ACTION  count, kill, short (a write of half the bytes), or an errno
//   FAULTS_STAYS   1: every later call fails too, as on a full disk
//   FAULTS_LEDGER  a file with one byte a call, by which processes count together; to count, one a call: <ledger>.write
//   FAULTS_STRUCK  a file that names the call that was struck
//   FAULTS_CLOCK   seconds that the clock moves, from the FAULTS_AT-th reading on
#define _GNU_SOURCE
#include "Shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum action { NONE, COUNT, KILL, SHORT, FAIL };

static struct {
  int on;
  const char *call, *below, *ledger, *struck;
  long at;
  enum action action;
  int code;
  int stays;
  long clock;
} plan;
static atomic_long readings;

static int is_meant(const char *role) {
  char line[4096];
  int file = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY);
  if (file < 0) return 0;
  ssize_t length = syscall(SYS_read, file, line, sizeof line - 1);
  syscall(SYS_close, file);
  if (length <= 0) return 0;
  line[length] = 0;
  const char *verb = line + strlen(line) + 1;
  // The shell that starts the program has the same environment.
  const char *name = strrchr(line, '/');
  if (strcmp(name ? name + 1 : line, "jml") != 0) return 0;
  return !strcmp(role, "any") || (verb < line + length && !strcmp(verb, role));
}

__attribute__((constructor)) static void read_plan(void) {
  const char *role = getenv("FAULTS_ROLE");
  if (!role || !is_meant(role)) return;
  const char *action = getenv("FAULTS_ACTION");
  const char *at = getenv("FAULTS_AT"), *clock = getenv("FAULTS_CLOCK");
  plan.call = getenv("FAULTS_CALL");
  plan.below = getenv("FAULTS_BELOW");
  plan.ledger = getenv("FAULTS_LEDGER");
  plan.struck = getenv("FAULTS_STRUCK");
  plan.at = at ? atol(at) : 0;
  plan.stays = getenv("FAULTS_STAYS") != NULL;
  plan.clock = clock ? atol(clock) : 0;
  if (action) {
    plan.action = !strcmp(action, "count") ? COUNT : !strcmp(action, "kill") ? KILL : !strcmp(action, "short") ? SHORT : FAIL;
    plan.code = atoi(action);
  }
  plan.on = plan.call && plan.below && plan.ledger && plan.action != NONE;
}

static void note(const char *file, const char *text) {
  int out = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (out < 0) return;
  syscall(SYS_write, out, text, strlen(text));
  syscall(SYS_close, out);
}

// Which of all processes' calls this one is.
static long number_in_ledger(void) {
  int out = (int)syscall(SYS_openat, AT_FDCWD, plan.ledger, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (out < 0) return 0;
  syscall(SYS_write, out, ".", 1);
  long number = syscall(SYS_lseek, out, 0, SEEK_CUR);
  syscall(SYS_close, out);
  return number;
}

static int is_watched(const char *call) {
  return plan.on && (plan.action == COUNT || !strcmp(call, plan.call));
}

// What is to become of a call on a path; a kill does not return. errno is set for FAIL.
static enum action strike(const char *call, const char *path) {
  if (!is_watched(call) || strncmp(path, plan.below, strlen(plan.below)) != 0) return NONE;
  if (plan.action == COUNT) {
    char ledger[4608];
    snprintf(ledger, sizeof ledger, "%s.%s", plan.ledger, call);
    note(ledger, ".");
    return NONE;
  }
  int saved = errno;
  long number = number_in_ledger();
  int hit = (number == plan.at || (plan.stays && number > plan.at));
  if (hit && number == plan.at && plan.struck) {
    char text[4608];
    snprintf(text, sizeof text, "%s %ld %s\n", call, number, path);
    note(plan.struck, text);
  }
  errno = saved;
  if (!hit) return NONE;
  if (plan.action == KILL) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
  }
  if (plan.action == FAIL) errno = plan.code;
  return plan.action;
}

static enum action strike_file(const char *call, int file) {
  if (!is_watched(call)) return NONE;
  char link[64], path[4096];
  int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length <= 0) return NONE;
  path[length] = 0;
  return strike(call, path);
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  if ((flags & (O_CREAT | O_TRUNC)) && strike("create", path) == FAIL) return -1;
  return real(path, flags, mode);
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  REAL(open);
  return opened(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags)
  REAL(open64);
  return opened(real, path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t count) {
  REAL(write);
  switch (strike_file("write", file)) {
  case FAIL: return -1;
  case SHORT: return real(file, bytes, count > 1 ? count / 2 : count);
  default: return real(file, bytes, count);
  }
}

int fsync(int file) {
  REAL(fsync);
  return strike_file("fsync", file) == FAIL ? -1 : real(file);
}

int ftruncate(int file, off_t length) {
  REAL(ftruncate);
  return strike_file("truncate", file) == FAIL ? -1 : real(file, length);
}

int ftruncate64(int file, off64_t length) {
  REAL(ftruncate64);
  return strike_file("truncate", file) == FAIL ? -1 : real(file, length);
}

int flock(int file, int operation);
int flock(int file, int operation) {
  REAL(flock);
  return strike_file("lock", file) == FAIL ? -1 : real(file, operation);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  return strike("rename", to) == FAIL ? -1 : real(from, to);
}

int unlink(const char *path) {
  REAL(unlink);
  return strike("unlink", path) == FAIL ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  return strike("mkdir", path) == FAIL ? -1 : real(path, mode);
}

static long moved(void) {
  return plan.clock && atomic_fetch_add(&readings, 1) + 1 >= plan.at ? plan.clock : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  int status = real(clock, now);
  if (status == 0 && clock == CLOCK_REALTIME) now->tv_sec += moved();
  return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(gettimeofday);
  int status = real(now, zone);
  if (status == 0) now->tv_sec += moved();
  return status;
}
