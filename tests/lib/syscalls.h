// SPDX-License-Identifier: ISC
//
// System calls that fail, or are stopped at, in this thread from here on: what an older
// kernel does, and what happens between two calls. By seccomp, so for good: use it in a
// process that ends (peers_apart).
#ifndef HS_TESTS_SYSCALLS_H
#define HS_TESTS_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

// The call nr fails with err; with arg >= 0 only where that argument is value. False: there
// is no seccomp here.
bool syscalls_fail(long nr, int arg, uint32_t value, int err);
// Each call nr waits until fn(x) has run, in another thread, and then goes on.
bool syscalls_stop(long nr, void (*fn)(void *x), void *x);

#endif
