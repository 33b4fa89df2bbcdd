// SPDX-License-Identifier: ISC
//
// One run of handseal-sk-helper for a command: its request goes to its stdin, its one
// answer comes from its stdout, and it ends, by itself or killed. What they mean is the
// caller's.
#ifndef HS_CLIENT_SKHELPER_H
#define HS_CLIENT_SKHELPER_H

#include "proto/buf.h"
#include "proto/err.h"

// Runs the program that $HANDSEAL_SK_HELPER names, else the installed one, with an
// environment of next to nothing, in a process group of its own, in "/". Appends all that
// it wrote to *answer. pin, at most HS_HELPER_PIN_MAX bytes, is what it finds on
// HS_HELPER_PIN_FD, by a pipe; where pin.p is NULL there is none. After that many seconds
// it is killed. HS_SK_HELPER with a sentence where it could not be run, died, hung, or
// wrote more than any answer may have; HS_SK_CANCELLED where SIGINT, SIGTERM or SIGHUP came
// meanwhile (those that were ignored before still are). No process is left behind. Changes
// the signal mask while it runs: for programs of one thread.
int hs_skhelper_run(struct hs_str request, struct hs_str pin, unsigned seconds,
    struct hs_buf *answer, struct hs_err *err);

#endif
