// SPDX-License-Identifier: ISC
//
// What clang-tidy cannot see from one file at a time: hs_fail and hs_fail_at return the
// code they are given. scripts/lint includes this in front of each file it analyses; no
// build does.
#include "proto/err.h"
#define hs_fail(err, code, ...) ((void)(hs_fail)(err, code, __VA_ARGS__), (int)(code))
#define hs_fail_at(err, code, line, col, ...)                                              \
	((void)(hs_fail_at)(err, code, line, col, __VA_ARGS__), (int)(code))
