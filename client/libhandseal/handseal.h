// SPDX-License-Identifier: ISC
//
// libhandseal: what a program says to handseald, the daemon that signs SSH certificates
// under a person's touch. For agent runtimes and SSH programs; the command handseal is made
// of it. What the words mean is in docs/DESIGN.md, what goes over the socket in
// docs/PROTOCOL.agent. Not for checking certificates, which services do by
// handseal-verify.h.
//
// A struct hs_client is one connection. Calls on it are begun by a function named for what
// is asked (hs_open, hs_request, hs_wait, hs_seat, hs_sign, hs_events, hs_status, hs_close,
// ...), which never blocks, and carried on by hs_step, which never blocks either, whenever
// hs_fd is ready for what hs_wants says. Who has no event loop calls hs_finish, which
// waits. What came of it is had from hs_got_*. One call at a time on a connection: one that
// waits for a touch or for events keeps it busy, and other connections are served
// meanwhile.
//
//	struct hs_client *c = NULL;
//	struct hs_error err;
//
//	if (hs_connect(NULL, &c, &err) == HS_DONE && hs_status(c, &err) == HS_DONE &&
//	    hs_finish(c, -1, &err) == HS_DONE)
//		printf("%s\n", hs_got_status(c)->open ? "open" : "closed");
//	else
//		fprintf(stderr, "%s (%s)\n", err.sentence, err.code);
//	hs_disconnect(c);
//
// Threads: there is no state but in a struct hs_client, a struct hs_keypair and what the
// caller gives. Different ones may be used by different threads at once, the same one by
// one thread at a time. No signal is raised, no handler set; descriptors are close-on-exec.
//
// Strings are UTF-8 and end in NUL. Times are Unix seconds, spans seconds, where nothing
// else is said. What hs_got_* returns belongs to the connection and lives until the next
// call has begun on it, which its strings may be given to, or it is closed; NULL where the
// last call did not end with that.
#ifndef HANDSEAL_H
#define HANDSEAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What came of it. The first eight are also the exit statuses of handseal(1).
enum hs_result {
	HS_DONE = 0,
	HS_FAILED = 1,	  // the error says what
	HS_MISUSED = 2,	  // the call makes no sense as it was made; nothing was sent
	HS_REFUSED = 3,	  // the daemon refused, and says what would make it succeed
	HS_DECLINED = 4,  // a person said no
	HS_NOT_OPEN = 5,  // no session is open, and none could be opened
	HS_NO_DAEMON = 6, // none listens there, or it is another user's
	HS_WAITING = 7,	  // it waits for a touch: hs_got_touch, and then hs_wait
	HS_AGAIN = 8	  // it is not over: hs_step again when hs_fd is ready
};

// Why it was none of HS_DONE, HS_WAITING and HS_AGAIN; with those, all is empty. Where a
// function takes one it may be NULL. What does not fit is cut.
struct hs_error {
	char code[32];	     // stable: "outside-ceiling", "touch-declined"
	char sentence[1024]; // for a person, without a full stop
	char remedy[2048];   // what would make it succeed: "", or one or more lines
};

struct hs_client;
struct hs_keypair;

// ---- the connection

// Connects to the socket at path; NULL: $HANDSEAL_SOCK, else agent.sock in
// $XDG_RUNTIME_DIR/handseal. What listens must be of our uid, or HANDSEAL_SEAT say that it
// is a seat that was shared with us. Never waits: a daemon whose queue is full is
// HS_FAILED, code "busy". *out is for hs_disconnect, and NULL unless HS_DONE is returned.
int hs_connect(const char *path, struct hs_client **out, struct hs_error *err);
// Ends the connection, the seat that lives by it, and an asking that only it waits for.
// Wipes what was said. NULL is fine.
void hs_disconnect(struct hs_client *c);

// For an event loop. While no call is under way hs_wants is 0; that hs_fd is readable then
// means that the daemon has gone. hs_due is how many milliseconds a call may take still
// before hs_step calls it overdue; -1 while none is under way.
int hs_fd(const struct hs_client *c);
short hs_wants(const struct hs_client *c); // POLLIN or POLLOUT of poll(2), or 0
int hs_due(const struct hs_client *c);
// Does what can be done without waiting. HS_AGAIN, or what came of the call.
int hs_step(struct hs_client *c, struct hs_error *err);
// hs_step until the call is over, at most timeout milliseconds: then HS_AGAIN, and it is
// still under way. -1: as long as it may take, which is what was asked to wait and 10 s.
int hs_finish(struct hs_client *c, int timeout, struct hs_error *err);
// After HS_FAILED with one of the codes "io-failed", "malformed", "truncated", "too-long",
// "trailing-bytes" or "no-memory" from hs_step or hs_finish the connection is broken, and
// each call on it fails.

// ---- what is asked for

// A private key that requests are proven with. Reads the text of an unencrypted Ed25519
// key file in OpenSSH's format, as ssh-keygen -t ed25519 -N '' writes it; the secret is
// kept in guarded memory. hs_keypair_free also where it failed is fine.
int hs_keypair_read(
    const char *text, size_t len, struct hs_keypair **out, struct hs_error *err);
void hs_keypair_free(struct hs_keypair *k); // wipes; NULL is fine

// Signs for a key that somewhere else holds: writes an SSH signature blob (string type,
// string signature) of at most *siglen bytes over data, and its length. 0: done. It may be
// called from hs_request, hs_wait, hs_step and hs_finish.
typedef int hs_sign_fn(
    void *arg, const uint8_t *data, size_t len, uint8_t *sig, size_t *siglen);
#define HS_SIGNATURE_MAX 512

// Whose key it is. On a seat leave it empty: the daemon holds the seat's key. Else one of
// pair, or public_key ("ssh-ed25519 AAAA...", as in .pub files) and sign.
struct hs_holder {
	const struct hs_keypair *pair;
	const char *public_key;
	hs_sign_fn *sign;
	void *sign_arg;
};

// Zero-initialise, and set what is wanted. Nothing of it is looked at after the call has
// returned but *holder's members, which must live until the call is over.
struct hs_ask {
	const char *scope;  // text (docs/PROTOCOL.scope); NULL: names says it
	const char *names;  // of scopes in the daemon's policy, a blank between two
	const char *agent;  // name, [a-z0-9][a-z0-9._-]{0,31}; NULL: "unknown"
	const char *reason; // one line of at most 200 bytes, shown as the asker's claim
	uint64_t ttl;	    // open, seat: how long at most; 0: as long as allowed
	uint32_t share; // seat: the uid of another user who may use it too, whom the policy
			// names; 0: nobody
	int direct; // request, seat: 1: one certificate, signed by the hardware key itself,
		    // for servers that have nothing of handseal's. Names may say so, too
	struct hs_holder holder; // request
};

// Asks for a session. Always HS_WAITING if it is not refused: hs_got_touch has what to
// show, hs_wait ends it, hs_got_opened what came of it, checked against what was shown.
int hs_open(struct hs_client *c, const struct hs_ask *ask, struct hs_error *err);

// Asks for a certificate over the holder's key. HS_DONE: hs_got_certificate, checked
// against what was asked. HS_WAITING: it costs a touch, hs_got_touch.
int hs_request(struct hs_client *c, const struct hs_ask *ask, struct hs_error *err);

// Asks for a seat, or on a seat for one below it. HS_DONE: hs_got_seat. HS_WAITING as
// above. It lives as long as the connection, which can be used for other calls meanwhile.
int hs_seat(struct hs_client *c, const struct hs_ask *ask, struct hs_error *err);
// Ends it. HS_DONE: hs_got_seat_end.
int hs_seat_end(struct hs_client *c, struct hs_error *err);

// Waits at most that long, 3600 s at most, for what becomes of an asking, and ends as what
// was asked does; HS_WAITING: it waits still. code NULL, or
// its code without a holder: what this connection asked last. A request that another
// connection made is had by its code, three characters, and its holder; hs_got_certificate
// then, checked against that key alone. Of what a connection asked nothing outlives it but
// a request that hs_wait once said HS_WAITING of.
int hs_wait(struct hs_client *c, const char *code, const struct hs_holder *holder,
    uint32_t seconds, struct hs_error *err);

// On a seat: signs a message under a namespace of its scope, as ssh-keygen -Y sign does.
// HS_DONE: hs_got_signature.
int hs_sign(struct hs_client *c, const char *ns, const void *message, size_t len,
    struct hs_error *err);
// The same of a message of which only the SHA-512 is here.
#define HS_DIGEST_LEN 64
int hs_sign_digest(struct hs_client *c, const char *ns, const uint8_t digest[HS_DIGEST_LEN],
    struct hs_error *err);

// What happened since the event of that number; 0: what waits now. Waits at most that long,
// 3600 s at most, while there is nothing. HS_DONE: hs_got_events. A seat is told of its
// own.
int hs_events(struct hs_client *c, uint64_t after, uint32_t seconds, struct hs_error *err);

// The same for a program that shows askings to a person: while it goes on asking, the
// daemon counts on them being seen.
int hs_prompts(struct hs_client *c, uint64_t after, uint32_t seconds, struct hs_error *err);

int hs_status(struct hs_client *c, struct hs_error *err); // hs_got_status
int hs_close(struct hs_client *c, struct hs_error *err);  // the session: hs_got_closed
// On a seat: why the last login or signature was refused, for that user and host where they
// are not NULL. hs_got_why.
int hs_why(struct hs_client *c, const char *user, const char *host, struct hs_error *err);

// Which extensions the other end knows: hs_knows. A seat's socket knows "why@handseal.alt"
// and not "open@handseal.alt".
int hs_query(struct hs_client *c, struct hs_error *err);
int hs_knows(const struct hs_client *c, const char *extension); // 1 or 0, after HS_DONE

// An extension as it stands in docs/PROTOCOL.agent, for what has no function here. fd goes
// with it, unless it is -1, stays the caller's, and must be open until the call is over.
// waits is how long the daemon may hold the answer back. HS_DONE or HS_WAITING:
// hs_got_reply; else as all the others.
int hs_call(struct hs_client *c, const char *extension, const void *body, size_t len,
    int fd, uint32_t waits, struct hs_error *err);

// ---- what came of it

// An asking that waits for a person.
enum hs_state {
	HS_STATE_SHOWN = 1,  // the text stands, the key does not blink yet
	HS_STATE_QUEUED = 2, // another's touch comes first
	HS_STATE_ARMED = 3,  // the key blinks
	HS_STATE_PARKED = 4  // nobody answered: it waits to be looked at again
};
struct hs_got_touch {
	const char *code;  // that the person sees too: "4F7"
	int state;	   // enum hs_state
	const char *shown; // the text that the touch signs; empty after hs_wait
	const char *keys;  // names of the keys that will do, a comma between two; likewise
	uint32_t armed;	   // seconds that the key blinks; likewise 0
	uint64_t until;	   // unanswered, it is gone then
	int pin; // 1: the touch wants a PIN with it, from watch or an askpass program
};
const struct hs_got_touch *hs_got_touch(const struct hs_client *c);

struct hs_got_opened {
	const char *session;
	uint64_t end;
	const char *root;	 // name of the key that was touched
	const char *fingerprint; // "SHA256:..."
	int verified;		 // 1: with PIN or fingerprint
	int simulated;		 // 1: it is the software key, behind which no hand stands
	const uint8_t *grant;	 // the certificate
	size_t grant_len;
};
const struct hs_got_opened *hs_got_opened(const struct hs_client *c);

struct hs_got_certificate {
	const char *id; // SESSION.SERIAL
	const char
	    *line; // "ssh-ed25519-cert-v01@openssh.com AAAA...", as in -cert.pub files
	const char *agent;
	const char *scope; // canonical text
	uint64_t end;	   // on a seat, whose certificates are renewed, of what it may
	int direct;	   // 1: the hardware key has signed it itself
};
const struct hs_got_certificate *hs_got_certificate(const struct hs_client *c);

struct hs_got_seat {
	const char *id;
	const char *socket; // for SSH_AUTH_SOCK and HANDSEAL_SOCK
	const char *scope;  // canonical text
	uint64_t end;
	int touched; // 1: it cost a touch
	int simulated;
};
const struct hs_got_seat *hs_got_seat(const struct hs_client *c);

struct hs_got_seat_end {
	const char *id;
	uint64_t began;
	uint64_t logins;      // signatures for a login
	uint64_t signatures;  // others
	uint64_t escalations; // touches that gave it more
	uint64_t refused;
	uint64_t last_end; // when the last certificate that a server could accept ends
};
const struct hs_got_seat_end *hs_got_seat_end(const struct hs_client *c);

const char *hs_got_signature(const struct hs_client *c); // armoured, as ssh-keygen's .sig

struct hs_got_event {
	uint64_t seq, time;
	const char *event; // asked armed parked granted declined refused gone issued seat
			   // seat-ended opened closed expired policy plugged unplugged;
			   // later versions may tell others
	const char *code;  // of an asking, or ""
	const char *agent;
	const char *id;	 // SESSION or SESSION.SERIAL, or ""
	const char *why; // a refusal's code, or ""
	const char
	    *text; // of an asking what the prompt shows, else a sentence; or "". As the
		   // daemon sent it: look for control characters before it is shown
	uint64_t until;
	int pin;
	const char *said; // the sentence to why, or ""
};
struct hs_got_events {
	uint64_t last; // ask again with this as after
	int anew; // 1: some were missed; these are what waits now, in place of all known
	size_t n;
	const struct hs_got_event *events;
};
const struct hs_got_events *hs_got_events(const struct hs_client *c);

struct hs_got_status {
	const char *version, *socket;
	uint64_t now;
	int open;
	const char *session;		// "" while none is open; of what follows the same
	uint64_t opened, end, idle_end; // idle_end 0: it does not end for being idle
	const char *root, *fingerprint;
	int verified, simulated;
	const char *scope;     // that the touches allowed, canonical text
	uint64_t issued, live; // certificates, and those that have not ended
	uint32_t pending;      // askings without an answer
	uint32_t roots;	       // enrolled keys
	const char *policy, *policy_error;
	const char *published; // a line for each Publish of the policy: name, state (done,
			       // failed, waiting, running), Unix seconds, why; a TAB
			       // between two
	uint64_t records;      // of the audit log, on disk
	int recording;	       // 0: records cannot be written, so nothing is issued
	const char *troubles;  // a line for each thing else that does not work
};
const struct hs_got_status *hs_got_status(const struct hs_client *c);

struct hs_got_closed {
	const char *session;
	uint64_t live;	   // certificates that servers go on accepting
	uint64_t last_end; // until then
};
const struct hs_got_closed *hs_got_closed(const struct hs_client *c);

struct hs_got_why {
	uint64_t time; // 0: nothing was refused
	const char *code, *sentence, *remedy;
	const char *user, *host, *ns, *fingerprint; // as far as they were known
};
const struct hs_got_why *hs_got_why(const struct hs_client *c);

struct hs_got_reply {
	const uint8_t *body; // behind the status
	size_t len;
};
const struct hs_got_reply *hs_got_reply(const struct hs_client *c);

const char *hs_version(void); // "0.1.0"

#ifdef __cplusplus
}
#endif

#endif
