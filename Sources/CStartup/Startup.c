// How the threads of the kernels wait for work, and whose they are.
//
// libgomp and OpenBLAS read their settings when they are loaded, before `main`. So the program is started once more with
// them in its environment, by the one piece of its code that runs before its libraries' own: had OpenBLAS been loaded first, it
// would have started threads that never get work, and where a limit on processes forbids that it ends the program.
//
// A training step enters hundreds of parallel regions. When another process wants a core, threads that spin at the end of
// each region keep the one they wait for from running: steps then take three times as long. On an idle machine sleeping
// costs a few microseconds a region.
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "CStartup.h"

static _Bool names(const char *setting, const char *name) {
  const size_t length = strlen(name);
  return strncmp(setting, name, length) == 0 && setting[length] == '=';
}

/// Does nothing where the user has chosen how threads wait. On failure the program simply goes on, spinning.
__attribute__((no_sanitize("address", "undefined"))) static void start_again(
    int argc, char **arguments, char **environment) {
  (void)argc;
  size_t count = 0;
  _Bool own_threads = 0;
  for (; environment[count]; ++count) {
    if (names(environment[count], "OMP_WAIT_POLICY") || names(environment[count], "GOMP_SPINCOUNT")) return;
    if (names(environment[count], "OPENBLAS_NUM_THREADS")) own_threads = 1;
  }
  // The stack holds it; nobody has that many.
  if (count > 65536) return;
  char program[4096];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program);
  if (length <= 0 || (size_t)length == sizeof program) return;
  program[length] = 0;
  static char spin[] = "GOMP_SPINCOUNT=1000", single[] = "OPENBLAS_NUM_THREADS=1";
  char *settings[count + 3];
  memcpy(settings, environment, count * sizeof *settings);
  settings[count++] = spin;
  if (!own_threads) settings[count++] = single;
  settings[count] = NULL;
  execve(program, arguments, settings);
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(int, char **, char **) =
    start_again;
