/* See CallCounter.h. Nothing here allocates, and a call that is counted is made as it would be. */
#define _GNU_SOURCE
#include "CallCounter.h"
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static uint64_t own_words[CALL_COUNT_WORDS];
static uint64_t *words = own_words;
static int counts_servers;
static __thread int is_counted __attribute__((tls_model("initial-exec")));

/* Whether an allocation ends the process in a thread that serves, and in any that holds a lock
   which those want. */
static int traps;
static __thread int lock_depth __attribute__((tls_model("initial-exec")));

/* The names of threads that serve pages: of /dev/fuse, and libfuse's of the ring. A thread gets
   its name after it has started, so those that have none yet are asked again. */
static int serves(void) {
    char name[17] = "";
    if (prctl(PR_GET_NAME, name, 0L, 0L, 0L) != 0) return 0;
    return strncmp(name, "zswapfs-serve", 13) == 0 || strncmp(name, "fuse-ring", 9) == 0;
}

/* Threads of the ring do control work as well. */
static int may_not_allocate(void) {
    char name[17] = "";
    if (lock_depth > 0) return 1;
    if (prctl(PR_GET_NAME, name, 0L, 0L, 0L) != 0) return 0;
    return strncmp(name, "zswapfs-serve", 13) == 0 || strncmp(name, "zswapfs-help", 12) == 0
        || strcmp(name, "zswapfs-room") == 0;
}

static void trap(void) {
    static const char text[] = "an allocation under a lock of serving threads, or in one\n";
    void *frames[48];
    traps = 0;
    (void)!syscall(SYS_write, 2, text, sizeof text - 1);
    backtrace_symbols_fd(frames, backtrace(frames, 48), 2);
    abort();
}

void call_counter_lock_taken(void) { lock_depth += 1; }
void call_counter_lock_left(void) { lock_depth -= 1; }

static void count(int word) {
    if (traps && word == CALL_COUNT_ALLOCATIONS && may_not_allocate()) trap();
    if (!is_counted) {
        if (!counts_servers || !serves()) return;
        is_counted = 1;
        __atomic_add_fetch(&words[CALL_COUNT_THREADS], 1, __ATOMIC_RELAXED);
    }
    __atomic_add_fetch(&words[word], 1, __ATOMIC_RELAXED);
}

__attribute__((constructor)) static void open_counts(void) {
    if (getenv("ZSWAPFS_ALLOCATION_TRAP") != NULL) {
        void *frame[1];
        backtrace(frame, 1); /* loads what it needs now, not in the trap */
        traps = 1;
    }
    const char *path = getenv("ZSWAPFS_CALL_COUNTS");
    if (path == NULL) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (page == MAP_FAILED) return;
    words = page;
    counts_servers = 1;
}

void call_counter_start(void) { is_counted = 1; }
void call_counter_stop(void) { is_counted = 0; }
uint64_t call_count(int word) { return __atomic_load_n(&words[word], __ATOMIC_RELAXED); }

/* The sanitizers stand in front of the same functions, and must be the only ones. */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
int call_counter_counts(void) { return 0; }
#else
int call_counter_counts(void) { return 1; }

/* The heap. */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    count(CALL_COUNT_ALLOCATIONS);
    return __libc_malloc(size);
}
void *calloc(size_t number, size_t size) {
    count(CALL_COUNT_ALLOCATIONS);
    return __libc_calloc(number, size);
}
void *realloc(void *old, size_t size) {
    count(CALL_COUNT_ALLOCATIONS);
    return __libc_realloc(old, size);
}
void *memalign(size_t alignment, size_t size) {
    count(CALL_COUNT_ALLOCATIONS);
    return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

/* System calls. Each function is looked up once; that two threads may both do so does no harm. */

#define NEXT(name)                                                                                 \
    static __typeof__(&name) next;                                                                 \
    if (next == NULL) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t read(int file, void *bytes, size_t size) {
    NEXT(read);
    count(CALL_COUNT_READS);
    return next(file, bytes, size);
}
ssize_t readv(int file, const struct iovec *parts, int number) {
    NEXT(readv);
    count(CALL_COUNT_READS);
    return next(file, parts, number);
}
ssize_t pread(int file, void *bytes, size_t size, off_t offset) {
    NEXT(pread);
    count(CALL_COUNT_READS);
    return next(file, bytes, size, offset);
}
ssize_t write(int file, const void *bytes, size_t size) {
    NEXT(write);
    count(CALL_COUNT_WRITES);
    return next(file, bytes, size);
}
ssize_t writev(int file, const struct iovec *parts, int number) {
    NEXT(writev);
    count(CALL_COUNT_WRITES);
    return next(file, parts, number);
}
ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    NEXT(pwrite);
    count(CALL_COUNT_WRITES);
    return next(file, bytes, size, offset);
}
void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset) {
    NEXT(mmap);
    count(CALL_COUNT_OTHERS);
    return next(address, size, protection, flags, file, offset);
}
int munmap(void *address, size_t size) {
    NEXT(munmap);
    count(CALL_COUNT_OTHERS);
    return next(address, size);
}
int madvise(void *address, size_t size, int advice) {
    NEXT(madvise);
    count(CALL_COUNT_OTHERS);
    return next(address, size, advice);
}
int poll(struct pollfd *files, nfds_t number, int milliseconds) {
    NEXT(poll);
    count(CALL_COUNT_OTHERS);
    return next(files, number, milliseconds);
}
int nanosleep(const struct timespec *time, struct timespec *left) {
    NEXT(nanosleep);
    count(CALL_COUNT_OTHERS);
    return next(time, left);
}
int sched_yield(void) {
    NEXT(sched_yield);
    count(CALL_COUNT_OTHERS);
    return next();
}
/* Every other one, futexes among them, that is called by its number. */
long syscall(long number, ...) {
    NEXT(syscall);
    va_list list;
    va_start(list, number);
    long a[6];
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    count(CALL_COUNT_OTHERS);
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
#endif
