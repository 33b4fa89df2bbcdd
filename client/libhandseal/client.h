// SPDX-License-Identifier: ISC
//
// What the files of libhandseal share: a connection with the call that is under way on it,
// and the steps of which calls are made. A call is a chain of exchanges; each has a
// function that takes its reply and either ends the call or begins the next exchange.
// Internal: the contract for others is handseal.h.
#ifndef HS_LIBHANDSEAL_CLIENT_H
#define HS_LIBHANDSEAL_CLIENT_H

#include "client/libhandseal/answers.h"
#include "client/libhandseal/conn.h"
#include "client/libhandseal/handseal.h"
#include "proto/key.h"
#include "proto/scope.h"

struct hs_reply {
	struct hs_str frame; // whole, type byte first
	// of an extension; refused does not come this far
	enum hs_agent_status status;
	struct hs_rd body;
};

// Takes a reply; its views live until the next exchange is begun. What the call came to, or
// HS_AGAIN from hs_client_ask or hs_client_send.
typedef int hs_client_next(
    struct hs_client *c, const struct hs_reply *reply, struct hs_error *err);

enum hs_client_got {
	HS_GOT_NOTHING,
	HS_GOT_TOUCH,
	HS_GOT_OPENED,
	HS_GOT_CERTIFICATE,
	HS_GOT_SEAT,
	HS_GOT_SEAT_END,
	HS_GOT_SIGNATURE,
	HS_GOT_EVENTS,
	HS_GOT_STATUS,
	HS_GOT_CLOSED,
	HS_GOT_WHY,
	HS_GOT_REPLY,
	HS_GOT_NAMES,
};

// What was asked last on the connection, and what its outcome is held against.
struct hs_client_asking {
	const char *ext; // open, request or seat; NULL: nothing
	char code[HS_CODE_LEN + 1];
	struct hs_scope *scope;
	struct hs_buf agent, shown;
	struct hs_buf key; // blob; empty on a seat
	struct hs_buf reason;
	char session[HS_SESSION_ID_LEN + 1];
	uint64_t ttl, asked;
	uint32_t share;
	bool direct;
	struct hs_holder holder;
};

struct hs_client {
	struct hs_conn conn;
	bool broken;
	hs_client_next *next;	// NULL: no call is under way
	const char *ext;	// whose reply is awaited; NULL: one of the RFC's
	const char *what;	// it is the answer to, for messages
	int64_t overdue, begun; // hs_conn_clock
	uint32_t waits;		// seconds that the reply may be held back
	uint64_t after;		// the event that was known when events were asked for
	uint64_t told;		// the last that was told here; 0: none yet
	struct hs_client_asking asking;
	struct hs_client_asking fetched;  // what hs_wait was told of another's
	struct hs_buf names, message, ns; // of a call of several exchanges
	struct hs_buf key;		  // that signs; later, the SSHSIG's
	enum hs_client_got got;
	char *kept; // the strings of what was got
	size_t kept_len, kept_size;
	bool kept_bad;
	char *before; // those of the call before, which this one may be asked with
	size_t before_size;
	struct hs_buf line; // ends in NUL; reset by who fills it
	struct hs_got_event *events;
	union {
		struct hs_got_touch touch;
		struct hs_got_opened opened;
		struct hs_got_certificate certificate;
		struct hs_got_seat seat;
		struct hs_got_seat_end seat_end;
		struct hs_got_events events;
		struct hs_got_status status;
		struct hs_got_closed closed;
		struct hs_got_why why;
		struct hs_got_reply reply;
		struct hs_rd names;
	} as;
};

// A client on a connected socket, which is its own from then on; NULL without memory.
struct hs_client *hs_client_adopt(int fd);

// Begins a call: what was got goes. HS_DONE, or HS_MISUSED while one is under way, or
// HS_FAILED where the connection is broken.
int hs_client_begin(struct hs_client *c, struct hs_error *err);
// Begins the exchange of an extension, or of what is in conn.out (ext NULL). HS_DONE as it
// stands for a call that has begun, HS_AGAIN from a hs_client_next, else what went wrong.
int hs_client_ask(struct hs_client *c, const char *ext, struct hs_str body, int fd,
    uint32_t waits, hs_client_next *next, struct hs_error *err);
int hs_client_send(
    struct hs_client *c, const char *what, hs_client_next *next, struct hs_error *err);

// Strings of what was got: copied, and "" where they hold a NUL. hs_client_kept ends the
// call with got, or as malformed where one did.
const char *hs_client_keep(struct hs_client *c, struct hs_str s);
int hs_client_kept(struct hs_client *c, enum hs_client_got got, struct hs_error *err);

// Each fills err and returns the result.
int hs_client_fail(struct hs_error *out, const struct hs_err *err);
int hs_client_failed(struct hs_error *err, enum hs_code code, const char *sentence);
int hs_client_broke(struct hs_client *c, struct hs_error *err, enum hs_code code,
    const char *sentence); // and the connection is of no more use
void hs_client_no_error(struct hs_error *err);
int hs_client_misused(struct hs_error *err, const char *what);
int hs_client_malformed(struct hs_client *c, struct hs_error *err); // and breaks it
int hs_client_refused(
    const struct hs_client *c, const struct hs_agent_refusal *r, struct hs_error *err);
int hs_client_no_memory(struct hs_client *c, struct hs_error *err);

// Was it this that was asked last, of what may cost a touch?
bool hs_client_asked(const struct hs_client *c, const char *ext);
// Takes the outcome of what a describes: a body of open's, request's or seat's DONE.
// already: no touch was needed.
int hs_client_outcome(struct hs_client *c, struct hs_client_asking *a, struct hs_rd body,
    bool already, struct hs_error *err);
// The holder's key as a blob, empty where there is none; and an SSH signature blob by it
// over data, appended and verified. HS_DONE, or what went wrong.
int hs_client_holder_key(
    const struct hs_holder *h, struct hs_buf *key, struct hs_error *err);
int hs_client_holder_sign(const struct hs_holder *h, struct hs_str data, struct hs_buf *sig,
    struct hs_error *err);
uint64_t hs_client_now(void);			   // Unix seconds
void hs_client_forget(struct hs_client_asking *a); // zeroes it

#endif
