// SPDX-License-Identifier: ISC
//
// What the audit log says of the machine: which one it is, and whether its clock is kept.
// Neither proves anything: both are the machine's own word.
#ifndef HS_AGENTD_MACHINE_H
#define HS_AGENTD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

// SHA-256 of "audit@handseal.alt", LF, and what /etc/machine-id says (which is not to be
// told as it is), or without that the host's name. False where neither can be had.
bool hs_machine_id(uint8_t out[static 32]);

// "synchronised", or "unsynchronised" where the kernel knows of nobody who keeps the clock.
const char *hs_machine_clock(void);

#endif
