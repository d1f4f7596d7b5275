#pragma once

// A version of a function for each kind of CPU, picked at load time.

// The thread sanitizer is not there yet when a version is picked.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#endif
#ifdef JML_WITHOUT_AVX512
#define AVX512
#else
#define AVX512 "arch=x86-64-v4",
#endif
#if defined(__x86_64__) && defined(__clang__) && !defined(THREAD_SANITIZER)
#define MULTIVERSION __attribute__((target_clones(AVX512 "arch=x86-64-v3", "default")))
#else
#define MULTIVERSION
#endif
#define INLINED static inline __attribute__((always_inline))
