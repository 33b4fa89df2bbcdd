// SPDX-License-Identifier: ISC
//
// Becoming a daemon as ssh-agent does: what is printed for a shell, the background, the
// COMMAND, and -k.
#ifndef HS_AGENTD_START_H
#define HS_AGENTD_START_H

#include <stdbool.h>
#include <sys/types.h>
#include "proto/err.h"

#define HS_ENV_SOCK "HANDSEAL_SOCK"
#define HS_ENV_PID  "HANDSEAL_PID"

// Prints the settings for the shell: csh or sh; in the foreground without HANDSEAL_PID, as
// the shell that reads them is not the one that could use it.
void hs_start_print(const char *socket, pid_t pid, bool csh, bool foreground);

// -k: ends the daemon that HANDSEAL_PID names and prints the lines that unset both.
int hs_start_kill(bool csh, struct hs_err *err);

// Descriptors 0 to 2 exist after this, and, but for one adopted, no others do.
void hs_start_descriptors(bool keep_adopted);

// Forks. In the child (*child is true): own session, no terminal, / as folder, stdio on
// /dev/null. The parent returns when that is so.
int hs_start_background(bool *child, pid_t *pid, struct hs_err *err);

#endif
