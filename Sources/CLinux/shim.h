/* System calls and constants that Swift's importer cannot see: variadic functions and macros that
   compute a value. No logic: each function is one call. */
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/loop.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

static inline int clinux_memfd_create(const char *name, unsigned int flags) {
    return (int)syscall(SYS_memfd_create, name, flags);
}
/* fallocate, mmap and mlock2 with 64-bit offsets, glibc's own names hidden behind macros. */
static inline int clinux_punch_hole(int fd, int64_t offset, int64_t length) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
static inline int clinux_mlock_on_fault(const void *address, size_t length) {
    return (int)syscall(SYS_mlock2, address, length, 1 /* MLOCK_ONFAULT */);
}
static inline long clinux_futex_wait(const uint32_t *word, uint32_t expected, int64_t nanoseconds) {
    struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                   nanoseconds < 0 ? NULL : &timeout, NULL, 0);
}
static inline long clinux_futex_wake(const uint32_t *word, int count) {
    return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}
static inline int clinux_set_io_flusher(int enabled) {
    return prctl(PR_SET_IO_FLUSHER, enabled, 0L, 0L, 0L);
}

static inline int clinux_set_thread_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0L, 0L, 0L);
}

#endif
