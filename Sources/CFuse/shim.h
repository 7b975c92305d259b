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

#endif
