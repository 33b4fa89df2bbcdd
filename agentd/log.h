// SPDX-License-Identifier: ISC
//
// One line an event on stderr, for `handseald -D` only: once in the background the daemon
// has no terminal, and what must last is in the audit log (audit.h).
#ifndef HS_AGENTD_LOG_H
#define HS_AGENTD_LOG_H

#include <stdbool.h>

void hs_log_enable(bool on);
// Bytes that may not be shown become '?'. No newline in fmt.
void hs_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
