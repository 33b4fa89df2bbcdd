// SPDX-License-Identifier: ISC
//
// A seat: a socket made for one agent, with a key of its own and what it may
// (docs/PROTOCOL.seat). Its life: made, listening, ended. Its certificates are
// seatkeys.h's, what is signed on it seatsign.h's, who may have one seatask.h's.
#ifndef HS_AGENTD_SEAT_H
#define HS_AGENTD_SEAT_H

#include "agentd/conn.h"
#include "agentd/knownhosts.h"
#include "agentd/sharing.h"
#include "agentd/wanted.h"
#include "proto/agent.h"
#include "proto/hostkey.h"
#include "proto/names.h"

#define HS_SEATS_MAX	  512
#define HS_SEAT_PARTS_MAX 8 // what it began with, and what touches gave it more
#define HS_SEAT_ID_MAX	  (HS_SESSION_ID_LEN + 24)

// What a seat may under one grant, and the certificate that says so.
struct hs_seat_part {
	struct hs_scope *scope;	     // owned
	struct hs_knownhosts *known; // owned: keys of its hosts; NULL: none is known
	uint64_t grant_serial;	     // of the grant above it, which may have ended
	uint64_t end;		     // Unix seconds
	uint64_t end_boot_ms;
	uint64_t uses_left;    // signatures; HS_USES_ANY: any
	uint64_t used, last;   // signatures; when it last signed, Unix seconds
	enum hs_origin origin; // from where it was asked for, as its certificates say
	bool touched;	       // it cost a touch of its own, which nobody else shares
	bool direct;	       // its certificate is the touch's own, and the only one
	// its certificate; empty: none yet
	struct hs_buf certificate;
	uint64_t serial, cert_end; // Unix seconds
	uint64_t renew_boot_ms;	   // from then on a new one is due
	uint64_t cert_end_boot_ms;
	bool renewing; // a new one is being recorded
};

// The last refusal, for `why`.
struct hs_seat_refused {
	uint64_t time; // Unix seconds; 0: there was none
	struct hs_refusal why;
	char user[256], host[256], ns[128];
	char fingerprint[HS_FINGERPRINT_LEN + 1]; // of a host key, or ""
};
#define HS_SEAT_REFUSALS 8

struct hs_seat {
	struct hs_daemon *d;
	struct hs_seat *next;
	struct hs_seat *parent; // it is below that; NULL: below the session
	struct hs_conn *owner;	// it lives as long as this connection
	uint64_t serial;	// of the session's, which no certificate has
	char id[HS_SEAT_ID_MAX];
	char holder[sizeof HS_HOLDER_SEAT + HS_SEAT_ID_MAX]; // of its grants
	char agent[HS_AGENT_NAME_MAX + 1];
	struct hs_keys key;
	struct hs_key pub;
	struct hs_peer runner;	  // who asked for it
	struct hs_sharing shared; // with another user; a seat below is, as this one
	struct hs_seat_part parts[HS_SEAT_PARTS_MAX];
	size_t nparts; // the first is what it began with
	bool ended;
	bool revoked; // its key is wiped; it stays until it ends, to say so
	uv_pipe_t listener;
	char dir[PATH_MAX], socket[PATH_MAX];
	uint64_t began; // Unix seconds
	uint64_t logins, signatures, escalations, refused;
	struct hs_seat_refused refusals[HS_SEAT_REFUSALS];
	size_t nrefusals;	   // ever
	struct hs_lister *listers; // who wait for certificates; seatkeys.c's
};

struct hs_seat_spec {
	struct hs_conn *owner; // its peer is the runner
	struct hs_seat *parent;
	uint64_t serial; // taken from the session; 0: take one
	const char *agent;
	struct hs_scope *scope; // the two: taken where it is made
	struct hs_knownhosts *known;
	uint64_t grant_serial;
	uint64_t end, end_boot_ms; // never after its grant's
	bool touched;
	struct hs_keys *key; // that a direct certificate is over: taken; NULL: make one
	struct hs_sharing shared; // of one that has no parent
};
// Makes the key, the folder and the socket. It signs nothing until it has a certificate.
// HS_NO_BUSY, HS_ERR_NOMEM or HS_ERR_IO with why.
int hs_seat_make(struct hs_daemon *d, const struct hs_seat_spec *spec, struct hs_seat **out,
    struct hs_refusal *why);

// Adds what a touch gave; scope and known are taken. False: it has too many parts, and they
// are not.
bool hs_seat_add(struct hs_seat *s, struct hs_scope *scope, struct hs_knownhosts *known,
    uint64_t grant_serial, uint64_t end, uint64_t end_boot_ms);

// Ends it, with all below it: its key is wiped, its connections and its owner are closed,
// its folder is removed, what it did not use goes back. why is recorded and told. Fine when
// ended.
void hs_seat_end(struct hs_seat *s, const char *why);
// The same where who asked for it is through with it: servers must not go on accepting what
// its agent has left behind, so what could be accepted still is revoked, if there was a
// login at all.
void hs_seat_over(struct hs_seat *s, const char *why);
// When the last certificate ends that was listed on it, or on a seat below; 0: there was
// none.
uint64_t hs_seat_last_end(const struct hs_seat *s);
// It is revoked: its key is wiped, and it signs, lists and asks for nothing any more. What
// is below it is the caller's to revoke. It says so to its agent until it ends.
void hs_seat_revoke(struct hs_seat *s);
int hs_seat_say_revoked(struct hs_refusal *why); // HS_NO_REVOKED
// The session ends: all its seats.
void hs_seats_end(struct hs_daemon *d, const char *why);

struct hs_seat *hs_seat_find(const struct hs_daemon *d, uint64_t serial);
// The nearest seat whose runner started that process, or one above it; NULL: none.
struct hs_seat *hs_seat_above(const struct hs_daemon *d, const struct hs_peer *peer);
// May that peer, of another user than the daemon's, use it: as it was shared, and as the
// policy says now?
bool hs_seat_admits(const struct hs_seat *s, const struct hs_peer *peer);
const struct hs_seat *hs_seat_top(const struct hs_seat *s); // that it is below, or itself
// As whom a peer asks for more on a seat (NULL: itself): as who asked for that seat, whose
// Exe was looked at then; but not where nobody can see who it is.
const struct hs_peer *hs_seat_asker(const struct hs_seat *s, const struct hs_peer *peer);
bool hs_seat_within(const struct hs_seat *s, const struct hs_seat *above); // or the same
// The part that is under that grant; NULL: none.
struct hs_seat_part *hs_seat_part_under(struct hs_seat *s, uint64_t grant_serial);
// The seats above it from which it has what it may under that grant, oldest first.
size_t hs_seat_lineage(const struct hs_seat *s, uint64_t grant_serial,
    uint64_t lineage[static HS_LINEAGE_MAX]);

// It and the seats above it, whatever it has from them, the outermost first.
size_t hs_seat_chain(const struct hs_seat *s, uint64_t chain[static HS_LINEAGE_MAX + 1]);

// Does that part still count: its time, its grant, its uses.
bool hs_seat_part_lives(
    const struct hs_seat *s, const struct hs_seat_part *p, const struct hs_now *now);

// Keeps a refusal on it; one that is the same as the last takes its place.
void hs_seat_note(struct hs_seat *s, const struct hs_seat_refused *r);

#endif
