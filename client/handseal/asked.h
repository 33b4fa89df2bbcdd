// SPDX-License-Identifier: ISC
//
// The daemon's answer "this will cost a touch" (docs/PROTOCOL.agent section 6.1), looked at
// before any of it is shown or waited for. Shared by open and request.
#ifndef HS_CLIENT_ASKED_H
#define HS_CLIENT_ASKED_H

#include "client/handseal/answer.h"
#include "client/handseal/daemon.h"

// Zero-initialise; hs_asked_free when done.
struct hs_asked {
	char code[HS_CODE_LEN + 1];
	struct hs_buf shown; // the text that the touch will sign; it can be shown as it is
	struct hs_buf keys;  // "blue or spare"
	bool several;	     // keys
	uint32_t armed;	     // seconds that the key will blink
	uint64_t until;	     // Unix seconds
	bool pin;
};

// Takes the reply to ext apart. 0, or the exit status of what was told: it is malformed, or
// its text would be shown otherwise than it is signed.
int hs_asked_take(
    struct hs_asked *a, struct hs_daemon *d, const char *ext, struct hs_rd *body);
void hs_asked_free(struct hs_asked *a);

// Can a text of several lines be shown as it is?
bool hs_asked_showable(struct hs_str text);

#endif
