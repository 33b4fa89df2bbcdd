// SPDX-License-Identifier: ISC
//
// A connection to a daemon under test, as bytes and frames: whatever is wrong ends the
// program. For the tests' own programs; knows no message.
#ifndef HS_TESTS_WIRE_H
#define HS_TESTS_WIRE_H

#include <stdbool.h>
#include "proto/buf.h"

struct hs_wire {
	int sock;
	struct hs_buf in;   // what came
	size_t used;	    // of it, handled
	struct hs_str body; // of the last reply
};
extern struct hs_wire wire; // these programs have one at a time

__attribute__((noreturn)) void wire_die(const char *what);
void wire_dial(void); // to HANDSEAL_SOCK
void wire_send(const uint8_t *p, size_t n);
bool wire_receive(
    void); // the next reply's body; false when the daemon ended the connection

#endif
