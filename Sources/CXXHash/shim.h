#ifndef CXXHASH_SHIM_H
#define CXXHASH_SHIM_H
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

/* On x86 the library's plain entry point is compiled for SSE2. Where the library was built with
   its dispatcher, it installs this header, and the same hash runs in its widest vectors. */
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
static inline uint64_t cxxhash_xxh3_64(const void *bytes, size_t byte_count) {
    return XXH3_64bits_dispatch(bytes, byte_count);
}
#else
static inline uint64_t cxxhash_xxh3_64(const void *bytes, size_t byte_count) {
    return XXH3_64bits(bytes, byte_count);
}
#endif

#endif
