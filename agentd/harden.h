// SPDX-License-Identifier: ISC
//
// What the daemon gives up before it reads its first hostile byte. Never applied to the
// COMMAND that handseald runs.
#ifndef HS_AGENTD_HARDEN_H
#define HS_AGENTD_HARDEN_H

#include "proto/err.h"

// Undumpable (no ptrace or /proc/PID/mem for the user's other processes), no core files, no
// new privileges, umask 077; and room for the connections that are promised. HS_ERR_IO with
// what could not be done.
int hs_harden(struct hs_err *err);

#endif
