// SPDX-License-Identifier: ISC
//
// What waits, as the events tell it, and which asking stands on the screen. Pure: no
// terminal, no connection; times are arguments.
#ifndef HS_CLIENT_BOARD_H
#define HS_CLIENT_BOARD_H

#include "client/handseal/answer.h"
#include "client/handseal/events.h"

#define HS_BOARD_MAX  100 // as many as the policy can let wait
#define HS_BOARD_NEWS 3

struct hs_board_asking {
	char code[HS_CODE_LEN + 1];
	char agent[HS_AGENT_NAME_MAX + 1]; // cleaned; may be ""
	enum hs_agent_waiting_state state; // never QUEUED: events do not tell it
	struct hs_buf text;		   // as the daemon sent it
	bool showable;			   // it is there, and can be shown as it is
	bool pin;			   // it wants a PIN with the touch
	bool pin_given;
	bool unheard; // events were missed, and since then nothing was said of it
	uint64_t armed_at, until; // Unix seconds
	char why[128];		  // it was parked for: a sentence, else a code, or ""
};

// Zero-initialise; hs_board_free when done.
struct hs_board {
	struct hs_board_asking v[2 * HS_BOARD_MAX]; // half of them unheard of, at most
	size_t n;
	size_t chosen;		       // index; meaningless while n is 0
	bool held;		       // the choice stays: a PIN is being typed for it
	char news[HS_BOARD_NEWS][160]; // the latest first
};

enum hs_board_change {
	HS_BOARD_BELL = 1,   // an asking that was not known
	HS_BOARD_CHOICE = 2, // another stands on the screen than before
};

// Takes one event in. A set of enum hs_board_change. What blinks is chosen, since a touch
// would be for it; else what was just asked, where nothing fresher stands there.
unsigned hs_board_take(struct hs_board *b, const struct hs_agent_event *e, uint64_t now);
// When an answer was taken whole: if it started anew, what it did not name is gone.
unsigned hs_board_settle(struct hs_board *b);

struct hs_board_asking *hs_board_chosen(struct hs_board *b); // NULL: nothing waits
struct hs_board_asking *hs_board_find(struct hs_board *b, const char *code);
void hs_board_move(struct hs_board *b, int by); // the choice, around the ends
void hs_board_free(struct hs_board *b);

#endif
