#ifndef CLZO_SHIM_H
#define CLZO_SHIM_H
#include <lzo/lzo1x.h>
#include <stddef.h>

/* Macros with casts in them. */
static const size_t clzo_state_byte_count = LZO1X_1_MEM_COMPRESS;
static inline int clzo_init(void) { return lzo_init(); }

#endif
