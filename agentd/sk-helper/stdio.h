// SPDX-License-Identifier: ISC
//
// The request in, the answer out: whole frames over descriptors. What they mean is
// proto/helper.h's.
#ifndef HS_SKHELPER_STDIO_H
#define HS_SKHELPER_STDIO_H

#include "proto/buf.h"

// Reads one frame and then the end of the input, within ms milliseconds. HS_ERR_SHORT: the
// input ended first, or nothing came in time; HS_ERR_TRAILING: there is more than one
// frame; HS_ERR_TOO_LONG, as soon as the length is there; HS_ERR_IO.
int hs_stdio_read(int fd, int ms, struct hs_buf *frame, struct hs_err *err);

// Writes all of it. HS_ERR_IO.
int hs_stdio_write(int fd, struct hs_str frame);

#endif
