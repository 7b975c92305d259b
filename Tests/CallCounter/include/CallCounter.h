/* Counts what threads ask the heap and the kernel for, by standing in front of the C library's
   functions. Linked into a test program it counts the calls of a thread between start and stop;
   preloaded into a daemon, with ZSWAPFS_CALL_COUNTS naming a file of a page, it counts there the
   calls of all threads that serve.

   Calls that the C library or another library makes without these names are not seen. */
#ifndef CALL_COUNTER_H
#define CALL_COUNTER_H

#include <stdint.h>

/* The words of the file, and of what call_counts() returns. */
enum {
    CALL_COUNT_ALLOCATIONS, /* malloc, calloc, realloc, aligned ones */
    CALL_COUNT_READS,       /* read, readv, pread */
    CALL_COUNT_WRITES,      /* write, writev, pwrite */
    CALL_COUNT_OTHERS,      /* every other system call that has a function here */
    CALL_COUNT_THREADS,     /* threads that were counted, ever */
    CALL_COUNT_WORDS
};

/* Whether anything is counted: 0 in a build with a sanitizer of addresses or threads. */
int call_counter_counts(void);

/* From here on what this thread does is counted, until call_counter_stop(). */
void call_counter_start(void);
void call_counter_stop(void);

/* A lock that serving threads want was taken, or left, by this thread. Called by builds with
   INTERNAL_CHECKS. With ZSWAPFS_ALLOCATION_TRAP in the environment an allocation meanwhile ends
   the process with a backtrace; so does one in a thread of /dev/fuse that serves, or a helper. */
void call_counter_lock_taken(void);
void call_counter_lock_left(void);

/* The counts of this process so far. */
uint64_t call_count(int word);

#endif
