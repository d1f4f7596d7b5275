// Tells the thread sanitizer what it cannot see of Swift's Mutex.
//
// A Mutex that nobody else wants is taken and given back by atomics in our own, instrumented code. One that is wanted goes
// through libswiftSynchronization and the kernel, neither of which is instrumented: what its last holder wrote would look
// like a race with what the next one reads. Preloaded, these two stand in front of the library's, under its names, and add
// the missing edges. They hide nothing else: state that is touched without its Mutex is still reported.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

// Of the sanitizer's runtime; absent in the processes that a test starts.
__attribute__((weak)) void __tsan_acquire(void *place);
__attribute__((weak)) void __tsan_release(void *place);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef __attribute__((swiftcall)) void (*lock_function)(uint32_t, __attribute__((swift_context)) void *);
typedef __attribute__((swiftcall)) void (*unlock_function)(__attribute__((swift_context)) void *);

/// Mutex._lockSlow: `thread` is the caller's number.
__attribute__((swiftcall)) void jml_lock(uint32_t thread, __attribute__((swift_context)) void *mutex) __asm__(LOCK);
__attribute__((swiftcall)) void jml_lock(uint32_t thread, __attribute__((swift_context)) void *mutex) {
  ((lock_function)dlsym(RTLD_NEXT, LOCK))(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

/// Mutex._unlockSlow.
__attribute__((swiftcall)) void jml_unlock(__attribute__((swift_context)) void *mutex) __asm__(UNLOCK);
__attribute__((swiftcall)) void jml_unlock(__attribute__((swift_context)) void *mutex) {
  if (__tsan_release) __tsan_release(mutex);
  ((unlock_function)dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
