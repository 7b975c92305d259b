#ifndef CZSTD_SHIM_H
#define CZSTD_SHIM_H
/* Contexts in memory of the caller's, and frames without a magic number, are in this part of the
   interface only. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

/* Names that are macros for numbered parameters. */
static const ZSTD_cParameter czstd_compress_format = ZSTD_c_format;
static const ZSTD_dParameter czstd_decompress_format = ZSTD_d_format;

#endif
