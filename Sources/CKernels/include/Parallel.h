#pragma once
#ifdef __cplusplus
extern "C" {
#endif

/// Threads used by kernels called from this thread; at least 1.
int jml_thread_count(void);

/// Sets the threads for oneDNN and for the kernels here, for the calling thread.
void jml_set_thread_count(int threads);

/// How many threads work when the calling thread's kernels ask for `threads`: the environment, a queue or a container may
/// allow fewer. `startable` is how many the system would start at all, at most `threads`.
int jml_measure_team(int threads, int *startable);

#ifdef __cplusplus
}

// One thread pool for the whole process: libgomp's, the one oneDNN uses. A second pool would fight it for the
// cores while either spins. clang does not emit libgomp calls, so its entry point is called by name.
extern "C" void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern "C" int omp_get_thread_num(void);
extern "C" int omp_get_num_threads(void);

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define JML_THREAD_SANITIZER 1
extern "C" void __tsan_acquire(void *);
extern "C" void __tsan_release(void *);
#endif
#endif

namespace jml {

// The sanitizer does not see how libgomp's threads wait for one another, so the two points where they do are told to it:
// what a thread did before `sends_on` has happened for one that has passed `receives` with the same address.
inline void sends_on([[maybe_unused]] void *place) {
#ifdef JML_THREAD_SANITIZER
  __tsan_release(place);
#endif
}
inline void receives([[maybe_unused]] void *place) {
#ifdef JML_THREAD_SANITIZER
  __tsan_acquire(place);
#endif
}

/// Runs body(first, last) on disjoint ranges that cover 0..<count, one range per thread, in index order.
/// Which thread gets which range depends on the thread count alone. `grain`: the least items worth a thread.
template <typename Body>
void parallel_for(long count, long grain, const Body &body) {
  long threads = jml_thread_count();
  if (grain > 0 && count / grain < threads) threads = count / grain;
  if (threads <= 1) {
    if (count > 0) body(0L, count);
    return;
  }
  struct Work {
    const Body *body;
    long count;
  } work{&body, count};
  sends_on(&work);
  GOMP_parallel(
      [](void *data) {
        receives(data);
        auto *work = static_cast<Work *>(data);
        long threads = omp_get_num_threads(), index = omp_get_thread_num();
        long first = work->count * index / threads, last = work->count * (index + 1) / threads;
        if (first < last) (*work->body)(first, last);
        sends_on(data);
      },
      &work, static_cast<unsigned>(threads), 0);
  receives(&work);
}

}  // namespace jml

/// Compiles a function once per instruction set and picks the best at load time; not under the thread sanitizer, which
/// is not there yet at load time. JML_WITHOUT_AVX512 builds what a CPU without it would pick (scripts/test-avx2.sh).
#ifdef JML_WITHOUT_AVX512
#define JML_AVX512
#else
#define JML_AVX512 "arch=x86-64-v4",
#endif
#if defined(__x86_64__) && defined(__clang__) && !defined(JML_THREAD_SANITIZER)
#define JML_MULTIVERSION __attribute__((target_clones(JML_AVX512 "arch=x86-64-v3", "default")))
// The same for code that works on channel blocks of 16 or of 8, which `jml_preferred_block` ties to the CPU.
#define JML_MULTIVERSION16 __attribute__((target_clones(JML_AVX512 "default")))
#define JML_MULTIVERSION8 __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define JML_MULTIVERSION
#define JML_MULTIVERSION16
#define JML_MULTIVERSION8
#endif
#endif
