/* libfuse's low-level interface, 3.14 and later. FUSE_USE_VERSION is set before its headers. */
#ifndef CFUSE_SHIM_H
#define CFUSE_SHIM_H

#define FUSE_USE_VERSION 312
/* The libfuse that mount-scripts/setup builds when the system's knows no io_uring goes first. Named
   by its place, so that no target needs a flag. */
#if __has_include("../../.libfuse/include/fuse3/fuse_lowlevel.h")
#include "../../.libfuse/include/fuse3/fuse_lowlevel.h"
#include "../../.libfuse/include/fuse3/fuse_opt.h"
#else
#include <fuse3/fuse_lowlevel.h>
#include <fuse3/fuse_opt.h>
#endif
#include <linux/fuse.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/uio.h>

/* FUSE_ARGS_INIT is a compound literal, which Swift cannot see. */
static inline struct fuse_args cfuse_args(int argc, char **argv) {
    struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
    return args;
}
/* A macro or an inline function from libfuse 3.17 on, a plain function before. */
static inline struct fuse_session *cfuse_session_new(struct fuse_args *args,
                                                     const struct fuse_lowlevel_ops *ops,
                                                     size_t op_size, void *userdata) {
    return fuse_session_new(args, ops, op_size, userdata);
}

/* What we want of the kernel, and what not: 64 flags from libfuse 3.17 on, which then wants them
   set by its own functions only; 32 before. False where the kernel or libfuse has no such flag. */
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
static inline bool cfuse_want(struct fuse_conn_info *connection, uint64_t flag) {
    return flag != 0 && fuse_set_feature_flag(connection, flag);
}
static inline void cfuse_refuse(struct fuse_conn_info *connection, uint64_t flag) {
    fuse_unset_feature_flag(connection, flag);
}
#define CFUSE_SHARED_MAPPINGS ((uint64_t)FUSE_CAP_DIRECT_IO_ALLOW_MMAP)
#else
static inline bool cfuse_want(struct fuse_conn_info *connection, uint64_t flag) {
    if (flag == 0 || (connection->capable & flag) != flag) return false;
    connection->want |= (unsigned)flag;
    return true;
}
static inline void cfuse_refuse(struct fuse_conn_info *connection, uint64_t flag) {
    connection->want &= ~(unsigned)flag;
}
#define CFUSE_SHARED_MAPPINGS ((uint64_t)0)
#endif
static inline uint64_t cfuse_shared_mappings(void) { return CFUSE_SHARED_MAPPINGS; }

/* FUSE over io_uring came with libfuse 3.18. With an older one there is never a ring. */
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 18)
static inline bool cfuse_has_ring(void) { return true; }
static inline bool cfuse_is_ring(fuse_req_t request) { return fuse_req_is_uring(request); }
static inline int cfuse_ring_payload(fuse_req_t request, char **payload, size_t *byte_count) {
    return fuse_req_get_payload(request, payload, byte_count, NULL);
}
#else
static inline bool cfuse_has_ring(void) { return false; }
static inline bool cfuse_is_ring(fuse_req_t request) { (void)request; return false; }
static inline int cfuse_ring_payload(fuse_req_t request, char **payload, size_t *byte_count) {
    (void)request; (void)payload; (void)byte_count; return -EINVAL;
}
#endif

/* The stack of threads that libfuse starts itself, which has no option for it. Declared here, as
   <pthread.h> keeps it from programs that are not _GNU_SOURCE. */
extern int pthread_getattr_default_np(pthread_attr_t *attributes);
extern int pthread_setattr_default_np(const pthread_attr_t *attributes);

#endif
