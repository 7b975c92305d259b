/* See ThreadOrder.h. */
#define _GNU_SOURCE
#include "ThreadOrder.h"

#if __has_feature(thread_sanitizer)
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SELF __attribute__((swift_context))
#define SWIFT __attribute__((swiftcall, disable_sanitizer_instrumentation))
#define PLAIN __attribute__((disable_sanitizer_instrumentation))

/* Functions of the Synchronization library, by the names that the compiler gives them:
   _MutexHandle._lockSlow(_: UInt32), _tryLockSlow() -> Bool, _unlockSlow(). */
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK_SLOW);
SWIFT _Bool try_lock_slow(SELF void *mutex) __asm__(TRY_LOCK_SLOW);
SWIFT void unlock_slow(SELF void *mutex) __asm__(UNLOCK_SLOW);

typedef __attribute__((swiftcall)) void (*lock_function)(uint32_t thread, SELF void *mutex);
typedef __attribute__((swiftcall)) _Bool (*try_lock_function)(SELF void *mutex);
typedef __attribute__((swiftcall)) void (*unlock_function)(SELF void *mutex);
typedef void (*once_function)(long *once, void (*make)(void *), void *context);

/* Each is looked up before the first thread starts. */
static lock_function next_lock;
static try_lock_function next_try_lock;
static unlock_function next_unlock;
static once_function next_once;

PLAIN static void *find(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) PLAIN static void look_up(void) {
    next_lock = (lock_function)find(LOCK_SLOW);
    next_try_lock = (try_lock_function)find(TRY_LOCK_SLOW);
    next_unlock = (unlock_function)find(UNLOCK_SLOW);
    next_once = (once_function)find("swift_once");
}

/* The word of the mutex orders: its fast path, which the sanitizer sees, changes the same word. */
SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
    next_lock(thread, mutex);
    __tsan_acquire(mutex);
}
SWIFT _Bool try_lock_slow(SELF void *mutex) {
    _Bool is_taken = next_try_lock(mutex);
    if (is_taken) __tsan_acquire(mutex);
    return is_taken;
}
SWIFT void unlock_slow(SELF void *mutex) {
    __tsan_release(mutex);
    next_unlock(mutex);
}

/* What is made once, and for which word. */
struct making {
    long *once;
    void (*make)(void *);
    void *context;
};

PLAIN static void make_and_release(void *argument) {
    struct making *making = argument;
    making->make(making->context);
    __tsan_release(making->once);
}
PLAIN void swift_once(long *once, void (*make)(void *), void *context) {
    struct making making = {once, make, context};
    if (next_once == NULL) next_once = (once_function)find("swift_once");
    next_once(once, make_and_release, &making);
    __tsan_acquire(once);
}
#endif
