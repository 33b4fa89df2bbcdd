// SPDX-License-Identifier: ISC
//
// What a touch will be for, as the daemon said it (handseal.h, hs_got_touch), kept while it
// is waited for. Shared by open and request.
#ifndef HS_CLIENT_ASKED_H
#define HS_CLIENT_ASKED_H

#include "client/handseal/daemon.h"
#include "client/libhandseal/answers.h"

// Zero-initialise; hs_asked_free when done.
struct hs_asked {
	char code[HS_CODE_LEN + 1];
	struct hs_buf shown; // the text that the touch will sign; it can be shown as it is
	struct hs_buf keys;  // "blue or spare"
	bool several;	     // keys
	uint64_t until;	     // Unix seconds
	bool pin;
};

// Of the call that ended with HS_WAITING. 0, or the exit status of what was told.
int hs_asked_take(struct hs_asked *a, struct hs_daemon *d);
void hs_asked_free(struct hs_asked *a);

#endif
