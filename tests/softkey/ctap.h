// SPDX-License-Identifier: ISC
//
// The authenticator: takes a CTAP2 command, answers it or waits for a touch, and lies on
// demand. Knows neither sockets nor clocks; server.c tells it when it is touched, called
// off or too late.
#ifndef HS_SOFTKEY_CTAP_H
#define HS_SOFTKEY_CTAP_H

#include "tests/softkey/pin.h"
#include "tests/softkey/store.h"

// X(symbol, "its name on the control socket")
#define HS_CTAP_FAULTS(X)                                                                  \
	X(NONE, "none")                                                                    \
	X(NO_TOUCH, "no-touch")		  /* no touch ever arrives */                      \
	X(FLAGS_NO_UP, "flags-no-up")	  /* the flags do not say touched */               \
	X(FLAGS_EXTRA, "flags-extra")	  /* a flag that has no meaning is set */          \
	X(FLAGS_UV, "flags-uv")		  /* verified, without a PIN */                    \
	X(BAD_SIGNATURE, "bad-signature") /* over something else */                        \
	X(OTHER_KEY, "other-key")	  /* by another key */                             \
	X(COUNTER_BACK, "counter-back")	  /* lower than last time */                       \
	X(STALL, "stall")		  /* no answer, no keepalive */                    \
	X(GARBAGE, "garbage")		  /* an answer that is no CBOR */                  \
	X(HALF, "half")			  /* an answer cut short */                        \
	X(DENY, "deny")			  /* OPERATION_DENIED */                           \
	X(STORE_FULL, "store-full")	  /* KEY_STORE_FULL on makeCredential */           \
	X(ERROR, "error")		  /* the status that is named */                   \
	X(WRONG_RP, "wrong-rp")		  /* for another relying party */

enum hs_ctap_fault {
#define HS_CTAP_FAULT_ENUM(sym, name) HS_FAULT_##sym,
	HS_CTAP_FAULTS(HS_CTAP_FAULT_ENUM)
#undef HS_CTAP_FAULT_ENUM
};

// What is to be done about a command.
enum hs_ctap_step {
	HS_CTAP_ANSWER, // the answer is written
	HS_CTAP_WAIT,	// for hs_ctap_touch or hs_ctap_give_up
	HS_CTAP_STALL,	// nothing, ever
};

struct hs_ctap {
	struct hs_store store;
	struct hs_pin pin;
	enum hs_ctap_fault fault;
	uint8_t fault_status; // of HS_FAULT_ERROR
	bool fault_all; // for every command, not only those that a touch is wanted for
	bool touched;	// the command that runs has had its touch
	bool plugged, auto_touch, touch_next;
	bool old;	  // says and does what a key of CTAP 2.0 would
	bool waiting;	  // a command waits for a touch
	struct hs_buf op; // that command, command byte first
};

// In guarded memory; opens or makes the state of path (NULL: in memory only).
int hs_ctap_new(struct hs_ctap **out, const char *path, struct hs_err *err);
void hs_ctap_free(struct hs_ctap *c);

// Runs one command. The answer (status byte, then CBOR) is appended to out.
enum hs_ctap_step hs_ctap_run(struct hs_ctap *c, struct hs_str message, struct hs_buf *out);
// Touches what waits: it is answered now. False if nothing waits, or no-touch is set.
bool hs_ctap_touch(struct hs_ctap *c, struct hs_buf *out);
// Ends what waits with that status.
void hs_ctap_give_up(struct hs_ctap *c, enum hs_ctap_status status, struct hs_buf *out);
// Forgets what waits.
void hs_ctap_drop(struct hs_ctap *c);
// As unplugging and plugging in does: tokens and misses are forgotten, a blocked PIN stays
// blocked.
int hs_ctap_power_up(struct hs_ctap *c);

// The fault that the running command is to show: that which is set, or none.
enum hs_ctap_fault hs_ctap_fault(const struct hs_ctap *c);

// "makeCredential", for the log.
const char *hs_ctap_name(uint8_t cmd);
const char *hs_ctap_fault_name(enum hs_ctap_fault f);
bool hs_ctap_fault_find(struct hs_str name, enum hs_ctap_fault *out);

#endif
