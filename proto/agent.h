// SPDX-License-Identifier: ISC
//
// The agent protocol (RFC 9987) as far as handseal speaks it: frames, message numbers, and
// the bodies of our extensions (docs/PROTOCOL.agent), both directions. Pure.
#ifndef HS_PROTO_AGENT_H
#define HS_PROTO_AGENT_H

#include "proto/buf.h"
#include "proto/limits.h"

enum hs_agent_msg {
	HS_AGENT_FAILURE = 5,
	HS_AGENT_SUCCESS = 6,
	HS_AGENT_LIST = 11, // SSH_AGENTC_REQUEST_IDENTITIES
	HS_AGENT_IDENTITIES = 12,
	HS_AGENT_SIGN = 13,
	HS_AGENT_SIGNED = 14,
	HS_AGENT_REMOVE_ALL = 19,
	HS_AGENT_EXTENSION = 27,
	HS_AGENT_EXTENSION_FAILURE = 28,
	HS_AGENT_EXTENSION_RESPONSE = 29,
};

// Looks for one whole frame at the start of in (uint32 length, then that many bytes).
// HS_OK: *body is the frame's body (type byte first, never empty) and *used its whole size;
// HS_ERR_SHORT: read more; HS_ERR_TOO_LONG or HS_ERR_FORMAT (length 0): end the connection.
int hs_agent_frame(struct hs_str in, struct hs_str *body, size_t *used);
size_t hs_agent_frame_begin(struct hs_buf *b);		// writing: reserve the length
void hs_agent_frame_end(struct hs_buf *b, size_t mark); // and fill it in

// Extension replies: 29, string name, uint32 status (0 done, 1 refused, 2 pending), body. A
// refusal's body is string code, string sentence, string remedy (what would make it
// succeed, may be empty).
enum hs_agent_status { HS_AGENT_DONE = 0, HS_AGENT_REFUSED = 1, HS_AGENT_PENDING = 2 };

struct hs_agent_refusal {
	struct hs_str code, sentence, remedy;
};
// Appends a whole frame.
void hs_agent_put_refusal(
    struct hs_buf *b, const char *ext, const struct hs_agent_refusal *r);
// Begins a whole reply frame to ext with that status; the body follows; then
// hs_agent_frame_end.
size_t hs_agent_reply_begin(struct hs_buf *b, const char *ext, enum hs_agent_status status);
// Takes a reply's frame body apart. HS_ERR_FORMAT if it is no 29 for ext;
// HS_ERR_UNSUPPORTED if the agent answered 5 or 28. On HS_AGENT_REFUSED *refusal is filled,
// else *body is what is left.
int hs_agent_parse_reply(struct hs_str frame, const char *ext, enum hs_agent_status *status,
    struct hs_rd *body, struct hs_agent_refusal *refusal);

// open: ask for a session (or, later, more). Answer: PENDING with hs_agent_asked, then the
// client sends `pending`.
struct hs_agent_open {
	struct hs_str scope;  // text, any form
	uint64_t ttl;	      // seconds, 1..
	struct hs_str reason; // may be empty; shown as the asker's claim
};
struct hs_agent_asked {
	struct hs_str code;  // three characters, such as 4F7
	struct hs_str shown; // the text that the touch signs
	uint32_t armed;	     // seconds that the key will blink
	struct hs_str keys;  // names of the roots that will do, comma-separated
	uint64_t until;	     // Unix seconds: unanswered, it is gone then
	uint8_t pin;	     // 1: it blinks only when the PIN has come with an `answer`
};
// pending: wait for the outcome of an asking: one of this connection, or, with key and
// proof, a request that was made for that key on any. DONE with what was asked for
// (hs_agent_opened or hs_agent_issued), REFUSED with the reason, or PENDING with
// hs_agent_waiting when wait is over.
struct hs_agent_pending {
	struct hs_str code;
	uint32_t wait;	   // seconds to wait, at most HS_WAIT_MAX
	struct hs_str key; // public key blob, or empty
	struct hs_str
	    proof; // SSH signature blob by key over hs_agent_put_wait_message, or empty
};
enum hs_agent_waiting_state {
	HS_WAITING_SHOWN = 1, // the text stands, the key does not blink yet
	HS_WAITING_QUEUED,    // another's ceremony runs
	HS_WAITING_ARMED,     // the key blinks
	HS_WAITING_PARKED,    // nobody answered in time: it waits to be armed again
};
struct hs_agent_waiting {
	struct hs_str code;
	uint8_t state;	// enum hs_agent_waiting_state
	uint64_t until; // Unix seconds: after that it is gone
	uint8_t pin;	// 1: it wants a PIN with its touch
};
// answer: what the person before `watch` says to an asking. DONE with hs_agent_waiting.
enum hs_agent_answer_what {
	HS_ANSWER_ARM = 1,     // let the key blink (again)
	HS_ANSWER_DECLINE = 2, // no, and not again for a while
	HS_ANSWER_LATER = 3,   // park it
};
struct hs_agent_answer {
	struct hs_str code;
	uint8_t what;
	uint8_t
	    pin; // 1: a descriptor to read the PIN from comes with the frame (SCM_RIGHTS)
};
// events: what happened since `after`; with 0, what waits now. Held back until there is
// something, or wait is over. DONE with hs_agent_told, then n events.
struct hs_agent_events {
	uint64_t after;
	uint32_t wait;	 // seconds, at most HS_WAIT_MAX
	uint8_t prompts; // 1: whoever reads this shows prompts to a person
};
struct hs_agent_told {
	uint64_t last; // ask again with this as after
	uint8_t anew;  // 1: what waits now, in place of everything that was known
	uint32_t n;
};
struct hs_agent_event {
	uint64_t seq, time;  // counts from 1 in each daemon; Unix seconds
	struct hs_str event; // asked armed parked granted declined refused gone issued
			     // opened closed expired policy plugged unplugged
	struct hs_str code;  // of an asking, or empty
	struct hs_str agent;
	struct hs_str id;   // session, or SESSION.SERIAL, or empty
	struct hs_str why;  // a refusal's code, or empty
	struct hs_str text; // asked, armed, parked: what the prompt shows, or empty where
			    // it had no room; else a sentence, may be empty
	uint64_t until;	    // when what waits is gone, what was issued ends; 0: nothing
	uint8_t pin;	    // asked, armed, parked: it wants a PIN
	struct hs_str said; // parked: the sentence to why, as of a PIN's tries; else empty
};
// policy: what is in force. DONE with hs_agent_policy_info, but explain:
// hs_agent_explained.
enum hs_agent_policy_what {
	HS_POLICY_ASK_SHOW = 1,	  // the policy as text
	HS_POLICY_ASK_RELOAD = 2, // read the files again
	HS_POLICY_ASK_SCOPE =
	    3, // the named scopes as one, canonical; no names: the session's
	HS_POLICY_ASK_EXPLAIN = 4, // what would happen to a request of scope by agent
};
enum hs_agent_policy_how { // it would be asked for
	HS_POLICY_HOW_REQUEST = 0,
	HS_POLICY_HOW_OPEN = 1,	  // by `open`
	HS_POLICY_HOW_DIRECT = 2, // as a direct certificate
};
struct hs_agent_policy {
	uint8_t what;
	struct hs_str names; // of scopes, a blank between them
	struct hs_str scope, agent, reason;
	uint8_t how; // scope, explain: enum hs_agent_policy_how
};
struct hs_agent_policy_info {
	struct hs_str text;  // the policy, or the scope
	struct hs_str notes; // "file:line:column: sentence" a line, may be empty
	uint8_t direct;	     // of scopes by name: 1: one of them says Trust direct
};
struct hs_agent_explained {
	uint8_t decision; // enum hs_decision
	struct hs_str code, sentence, remedy;
	struct hs_str difference; // canonical scope text; empty unless it would be asked
	uint8_t pin, once;
};
struct hs_agent_opened {
	struct hs_str session;
	uint64_t end;	    // Unix seconds
	struct hs_str root; // name of the root that was touched
	struct hs_str fingerprint;
	uint8_t flags; // 0x01 or 0x05
	uint8_t simulated;
	struct hs_str grant; // the whole grant certificate
};
// request: a certificate over key, inside the ceiling. proof: SSH signature blob by key
// over the SSHSIG bytes (namespace HS_NS_REQUEST, sha512) of hs_agent_put_proof_message.
struct hs_agent_request {
	struct hs_str scope; // text, any form; its max-ttl is the certificate's length
	struct hs_str agent; // name, "" = unknown
	struct hs_str reason;
	struct hs_str key; // public key blob
	uint8_t direct;	   // 1: signed by the root itself, for stock servers
	struct hs_str proof;
};
struct hs_agent_issued {
	struct hs_str certificate; // blob
	uint64_t end;
	struct hs_str id; // SESSION.SERIAL
};
// list: ids from the one after `after` on ("" and 0: all); as many as fit a frame.
struct hs_agent_list {
	struct hs_str id; // just this one, or "" for all
	uint64_t after;	  // serials greater than this
	uint8_t seats;	  // 1: the seats, in place of the certificates
};
struct hs_agent_item {
	struct hs_str id;   // SESSION.SERIAL
	struct hs_str seat; // id of the seat that it is for, or ""
	struct hs_str agent;
	struct hs_str scope;  // canonical text
	uint64_t issued, end; // Unix seconds
	uint64_t pid;	      // of the asker when it asked, 0 if unknown
	struct hs_str exe;    // path of its executable as seen then, may be empty
	struct hs_str certificate;
};
// list's answer: uint64 session end, uint32 n, n items, byte more (1: ask again with after
// = the last serial)
struct hs_agent_status_info {
	struct hs_str version;
	struct hs_str socket;
	uint64_t now; // the daemon's Unix time
	uint8_t open;
	struct hs_str session; // "" when none
	uint64_t opened, end;
	struct hs_str root, fingerprint;
	uint8_t flags, simulated;
	struct hs_str ceiling; // canonical scope text, "" when none
	uint64_t issued;       // certificates of this session
	uint64_t live;	       // of them, not ended
	uint32_t pending;      // touches asked for and not answered
	uint32_t roots;	       // enrolled keys
	uint64_t idle_end; // when the session ends if nothing more is issued; 0: never so
	struct hs_str policy;	    // path of the file in force, "" where there is none
	struct hs_str policy_error; // why a newer one is not in force, or ""
	uint64_t log_seq;	    // audit records on disk
	uint8_t log_ok;		    // 0: records cannot be written, so nothing is issued
	struct hs_str published;    // a line for each Publish: name, state, time, why
	struct hs_str troubles;	    // a line for each thing else that does not work
};
struct hs_agent_closed {
	struct hs_str session;
	uint64_t live;	   // certificates handed out that servers will still accept
	uint64_t last_end; // when the last of them ends; 0 if none
};

// seat: a socket for one agent, which lives as long as the connection that asked for it.
// Making: DONE with hs_agent_seated, or PENDING with hs_agent_asked, then `pending`, whose
// DONE has hs_agent_seated. Ending: DONE with hs_agent_unseated.
enum hs_agent_seat_what { HS_SEAT_MAKE = 1, HS_SEAT_END = 2 };
struct hs_agent_seat {
	uint8_t what;	     // the rest is empty or 0 where it is HS_SEAT_END
	struct hs_str scope; // text, any form; its max-ttl bounds each certificate
	struct hs_str agent; // name, "" = unknown
	struct hs_str reason;
	uint64_t ttl;	// seconds that the seat may last; 0: as long as the policy's MaxTTL
	uint32_t uid;	// another user who may use it too; 0: nobody
	uint8_t direct; // 1: one certificate, signed by the root itself, for stock servers
};
struct hs_agent_seated {
	struct hs_str id;     // SESSION.SERIAL
	struct hs_str socket; // path
	uint64_t end;	      // Unix seconds
	struct hs_str scope;  // canonical text
	uint8_t touched;      // 1: it cost a touch
	uint8_t simulated;
};
struct hs_agent_unseated {
	struct hs_str id;
	uint64_t began;	      // Unix seconds
	uint64_t logins;      // signatures for a login
	uint64_t signatures;  // others
	uint64_t escalations; // touches that gave it more
	uint64_t refused;
	uint64_t
	    last_end; // when the last certificate that a server could accept ends; 0: none
};
// list of seats: each, with the parts that touches gave it behind it.
struct hs_agent_seat_item {
	struct hs_str id, parent; // parent: of the seat it is below, or ""
	struct hs_str agent;
	struct hs_str scope; // canonical text, of that part
	uint64_t began, end; // Unix seconds
	uint64_t used;	     // signatures
	uint64_t uses_left;  // HS_USES_ANY: any
	uint64_t last;	     // when it last signed, Unix seconds; 0: never
	uint64_t pid;	     // of the runner
	uint8_t touched;     // 1: this part cost a touch of its own
	uint8_t more;	     // 1: what a touch gave the seat of that id beside, not a seat
	uint8_t revoked;     // 1: it signs no more, and stays until who asked for it goes
};
// why: the last refusal on this seat. DONE with hs_agent_reasons.
struct hs_agent_why {
	struct hs_str user,
	    host; // empty: whatever was refused last; else the last of those
};
struct hs_agent_reasons {
	uint64_t time; // Unix seconds; 0: nothing was refused
	struct hs_str code, sentence, remedy;
	struct hs_str user; // as far as it was known
	struct hs_str host;
	struct hs_str ns;	   // SSHSIG's
	struct hs_str fingerprint; // of a host key that is known under no name in scope
};

// revoke: takes back what was issued, with all below it. DONE with uint32 n and n of
// hs_agent_revoked.
enum hs_agent_revoke_what {
	HS_REVOKE_IDS = 1,     // SESSION.SERIAL, a blank between them
	HS_REVOKE_AGENT = 2,   // its name
	HS_REVOKE_SESSION = 3, // its id
	HS_REVOKE_ROOT = 4,    // its fingerprint: each session that it touched for
	HS_REVOKE_ALL = 5,     // the name is empty
	HS_REVOKE_LISTS = 6,   // nothing: a root's list was put beside the daemon's, and
			       // is to be published; the name is empty
};
struct hs_agent_revoke {
	uint8_t what;
	struct hs_str name;
};
struct hs_agent_revoked {
	struct hs_str session;
	uint8_t whole;	       // 1: all that it ever signed
	uint64_t certificates; // revoked now, of those that live
	uint64_t seats;	       // likewise
	uint64_t before;       // of both, what was revoked already
	uint64_t until;	       // when the last of it would have ended
	uint64_t version;      // of the session's list
	struct hs_str list;    // its path
	struct hs_str krl;     // of the KRL alone
};

void hs_agent_open_put(struct hs_buf *b, const struct hs_agent_open *m);
int hs_agent_open_get(struct hs_rd *r, struct hs_agent_open *m);
void hs_agent_asked_put(struct hs_buf *b, const struct hs_agent_asked *m);
int hs_agent_asked_get(struct hs_rd *r, struct hs_agent_asked *m);
void hs_agent_pending_put(struct hs_buf *b, const struct hs_agent_pending *m);
int hs_agent_pending_get(struct hs_rd *r, struct hs_agent_pending *m);
void hs_agent_put_wait_message(struct hs_buf *b, struct hs_str code, struct hs_str key);
void hs_agent_waiting_put(struct hs_buf *b, const struct hs_agent_waiting *m);
int hs_agent_waiting_get(struct hs_rd *r, struct hs_agent_waiting *m);
void hs_agent_answer_put(struct hs_buf *b, const struct hs_agent_answer *m);
int hs_agent_answer_get(struct hs_rd *r, struct hs_agent_answer *m);
void hs_agent_events_put(struct hs_buf *b, const struct hs_agent_events *m);
int hs_agent_events_get(struct hs_rd *r, struct hs_agent_events *m);
void hs_agent_told_put(struct hs_buf *b, const struct hs_agent_told *m);
int hs_agent_told_get(struct hs_rd *r, struct hs_agent_told *m); // leaves what follows
void hs_agent_event_put(struct hs_buf *b, const struct hs_agent_event *m);
int hs_agent_event_get(struct hs_rd *r, struct hs_agent_event *m); // leaves what follows
void hs_agent_policy_put(struct hs_buf *b, const struct hs_agent_policy *m);
int hs_agent_policy_get(struct hs_rd *r, struct hs_agent_policy *m);
void hs_agent_policy_info_put(struct hs_buf *b, const struct hs_agent_policy_info *m);
int hs_agent_policy_info_get(struct hs_rd *r, struct hs_agent_policy_info *m);
void hs_agent_explained_put(struct hs_buf *b, const struct hs_agent_explained *m);
int hs_agent_explained_get(struct hs_rd *r, struct hs_agent_explained *m);
void hs_agent_opened_put(struct hs_buf *b, const struct hs_agent_opened *m);
int hs_agent_opened_get(struct hs_rd *r, struct hs_agent_opened *m);
void hs_agent_request_put(struct hs_buf *b, const struct hs_agent_request *m);
int hs_agent_request_get(struct hs_rd *r, struct hs_agent_request *m);
// What the proof is over: session id, scope, agent, reason, key, direct — every field but
// the proof.
void hs_agent_put_proof_message(
    struct hs_buf *b, const char *session, const struct hs_agent_request *m);
void hs_agent_issued_put(struct hs_buf *b, const struct hs_agent_issued *m);
int hs_agent_issued_get(struct hs_rd *r, struct hs_agent_issued *m);
void hs_agent_list_put(struct hs_buf *b, const struct hs_agent_list *m);
int hs_agent_list_get(struct hs_rd *r, struct hs_agent_list *m);
void hs_agent_item_put(struct hs_buf *b, const struct hs_agent_item *m);
int hs_agent_item_get(struct hs_rd *r, struct hs_agent_item *m); // leaves what follows
void hs_agent_status_put(struct hs_buf *b, const struct hs_agent_status_info *m);
int hs_agent_status_get(struct hs_rd *r, struct hs_agent_status_info *m);
void hs_agent_closed_put(struct hs_buf *b, const struct hs_agent_closed *m);
int hs_agent_closed_get(struct hs_rd *r, struct hs_agent_closed *m);
void hs_agent_seat_put(struct hs_buf *b, const struct hs_agent_seat *m);
int hs_agent_seat_get(struct hs_rd *r, struct hs_agent_seat *m);
void hs_agent_seated_put(struct hs_buf *b, const struct hs_agent_seated *m);
int hs_agent_seated_get(struct hs_rd *r, struct hs_agent_seated *m);
void hs_agent_unseated_put(struct hs_buf *b, const struct hs_agent_unseated *m);
int hs_agent_unseated_get(struct hs_rd *r, struct hs_agent_unseated *m);
void hs_agent_seat_item_put(struct hs_buf *b, const struct hs_agent_seat_item *m);
int hs_agent_seat_item_get(
    struct hs_rd *r, struct hs_agent_seat_item *m); // leaves what follows
void hs_agent_why_put(struct hs_buf *b, const struct hs_agent_why *m);
int hs_agent_why_get(struct hs_rd *r, struct hs_agent_why *m);
void hs_agent_reasons_put(struct hs_buf *b, const struct hs_agent_reasons *m);
int hs_agent_reasons_get(struct hs_rd *r, struct hs_agent_reasons *m);
void hs_agent_revoke_put(struct hs_buf *b, const struct hs_agent_revoke *m);
int hs_agent_revoke_get(struct hs_rd *r, struct hs_agent_revoke *m);
void hs_agent_revoked_put(struct hs_buf *b, const struct hs_agent_revoked *m);
int hs_agent_revoked_get(struct hs_rd *r, struct hs_agent_revoked *m); // as seat_item_get
// Every _get but hs_agent_item_get, hs_agent_event_get, hs_agent_seat_item_get and
// hs_agent_revoked_get takes all that is left and refuses trailing bytes.

#endif
