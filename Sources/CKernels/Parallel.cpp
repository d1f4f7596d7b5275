#include "Parallel.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <vector>

extern "C" int omp_get_max_threads(void);
extern "C" void omp_set_num_threads(int);
extern "C" void omp_set_dynamic(int);
extern "C" int omp_get_max_active_levels(void);
extern "C" void omp_set_max_active_levels(int);

int jml_thread_count(void) { return omp_get_max_threads(); }

void jml_set_thread_count(int threads) {
  // A team whose size changes with the machine's load would change bits, and oneDNN waits for all that it counts on.
  omp_set_dynamic(0);
  if (omp_get_max_active_levels() < 1) omp_set_max_active_levels(1);
  omp_set_num_threads(threads < 1 ? 1 : threads);
}

namespace {
/// Threads that wait until all are there.
struct Gathering {
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
};

void *attend(void *data) {
  auto *gathering = static_cast<Gathering *>(data);
  std::unique_lock<std::mutex> lock(gathering->mutex);
  gathering->changed.wait(lock, [&] { return gathering->over; });
  return nullptr;
}

/// How many threads, this one included, the system lets this process have at once; at most `threads`. libgomp would end
/// the process where it cannot start one.
int startable(int threads) {
  Gathering gathering;
  std::vector<pthread_t> started;
  for (int i = 1; i < threads; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, attend, &gathering) != 0) break;
    started.push_back(thread);
  }
  {
    std::lock_guard<std::mutex> lock(gathering.mutex);
    gathering.over = true;
  }
  gathering.changed.notify_all();
  for (pthread_t thread : started) pthread_join(thread, nullptr);
  return static_cast<int>(started.size()) + 1;
}
}  // namespace

int jml_measure_team(int threads, int *startable_threads) {
  int before = omp_get_max_threads();
  *startable_threads = startable(threads);
  if (*startable_threads < threads) return *startable_threads;
  jml_set_thread_count(threads);
  std::atomic<int> present(0);
  jml::sends_on(&present);
  GOMP_parallel(
      [](void *data) {
        jml::receives(data);
        static_cast<std::atomic<int> *>(data)->fetch_add(1);
        jml::sends_on(data);
      },
      &present, static_cast<unsigned>(threads), 0);
  jml::receives(&present);
  jml_set_thread_count(before);
  return present.load();
}
