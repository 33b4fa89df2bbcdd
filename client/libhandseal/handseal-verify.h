// SPDX-License-Identifier: ISC
//
// libhandseal for services: may whoever brings this certificate do this, here and now? For
// SSH servers that are not sshd, and for services that challenge their clients. It judges
// as handseal-verify does for sshd (docs/PROTOCOL.certs section 6), from what it is given:
// it opens no file and no socket, looks at no clock, and keeps nothing. Reading the files,
// in nobody else's power to change, and making challenges is the service's part. Not for
// asking the daemon: that is handseal.h.
//
//	static struct hs_verify_answer answer; // some 20 KB: not for small stacks
//	const char *const hosts[] = {"svc.example.com"};
//	struct hs_verify_ask ask = {.size = sizeof ask};
//
//	answer.size = sizeof answer;
//	ask.now = (uint64_t)time(NULL);
//	ask.certificate = ask.signature = what the client sent;
//	ask.proof = HS_VERIFY_SIGNED;
//	ask.message = the challenge that was sent to it;
//	ask.ns = "login@svc.example.com";
//	ask.roots = the text of the roots file;
//	ask.hosts = hosts;
//	ask.nhosts = 1;
//	ask.lists_needed = HS_VERIFY_LISTS_NONE;
//	ask.what = HS_VERIFY_CAP;
//	ask.value = "read:repo/acme/web";
//	if (hs_verify(&ask, &answer))
//		serve(answer.agent, answer.root_comment);
//	else
//		log(answer.code, answer.sentence, answer.about);
//
// Memory: the service allocates nothing and frees nothing for it. All that comes out is in
// its own structures, by value, and nothing in them points anywhere. What goes in is looked
// at during the call alone; hs_verify allocates for itself meanwhile, and frees it.
// Threads: any number at once, each with its own answer and its own table of what was seen.
// Strings are UTF-8 and end in NUL, times are Unix seconds, spans seconds. Zero and NULL
// are what is absent, and absent allows nothing.
//
// Cost: two signatures to check for a delegation, one for a direct certificate, one for
// HS_VERIFY_SIGNED, and four for each list of the certificate's session or one for each of
// its root's: some 50 microseconds each. Other lists are parsed and passed over.
#ifndef HANDSEAL_VERIFY_H
#define HANDSEAL_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that the service has. p may be NULL where len is 0.
struct hs_verify_bytes {
	const void *p;
	size_t len;
};

// How the peer proved that it holds the certificate's private key. A certificate is no
// secret: who has seen one can show it.
enum hs_verify_proof {
	HS_VERIFY_UNPROVEN = 0, // refused
	// By a signature (OpenSSH's PROTOCOL.sshsig) over message in the namespace ns, as
	// hs_sign, `handseal sign` and ssh-keygen -Y sign make them.
	//
	// As an answer to a challenge (what is not HS_VERIFY_SIGNATURE): message is the
	// service's own, random, at least 16 bytes, for this client, and taken once: who
	// takes one twice lets in whoever has seen the answer. ns is what keeps the answer
	// from being of use elsewhere. It is NAME@DOMAIN, the service's own, and what its
	// agents know it by beforehand: a client that signs in whatever namespace it is
	// told to signs for whoever tells it. The statement of the scope that allows what
	// is asked must allow it too (`ns`), and no seat signs in another; what ends in
	// @handseal.alt is the daemon's. No signature of a login, a git commit or a file is
	// one in such a namespace.
	HS_VERIFY_SIGNED = 1,
	// By something that the service has checked with that key already, such as an SSH
	// server's library the signature of a publickey login, in this connection.
	HS_VERIFY_PROVEN_ELSEWHERE = 2
};

// What it wants to do. The first five are logins, at a host by one of hosts' names, from
// addr; for these the root's line must name the user (users=). For HS_VERIFY_CAP its caps=
// must have the value.
enum hs_verify_what {
	HS_VERIFY_NOTHING = 0, // refused
	HS_VERIFY_LOGIN = 1,   // user, addr: may it log in at all
	HS_VERIFY_COMMAND = 2, // user, addr, words, terminal: may it run this command
	HS_VERIFY_SHELL = 3,   // user, addr: an interactive shell, on a terminal or not;
			       // beside `cmd *` it takes `permit pty`
	HS_VERIFY_SFTP = 4,    // user, addr, write: the sftp subsystem
	HS_VERIFY_FORWARD = 5, // user, addr, value: a connection to "host:port"
	HS_VERIFY_CAP = 6,     // value: "action:resource"
	// ns: was message signed in a namespace that it may sign in; with
	// HS_VERIFY_PROVEN_ELSEWHERE, may it sign in that one: message and signature are
	// empty then, for they are not looked at.
	HS_VERIFY_SIGNATURE = 7
};

// What a certificate needs that is older than fresh: a list of its session that is not
// (docs/PROTOCOL.revoke section 5). What the lists revoke is refused under all three.
enum hs_verify_lists {
	HS_VERIFY_LISTS_REQUIRED = 0, // else it is refused, "revocation-unknown"
	HS_VERIFY_LISTS_OPTIONAL = 1, // else it is admitted, and the answer says waived
	HS_VERIFY_LISTS_NONE = 2      // the service has none, and none are given
};

// The service's memory of which lists it has seen, so that an older one in a newer one's
// place is noticed: where what is given of a session is older than what was seen, its
// certificates are refused, "revocation-unknown", until the newer one is back. A plain
// table, zero at first, that hs_verify changes; it may be written to disk as it is, and be
// in use by one call at a time. 64 are many: an entry is one session, and its place is free
// again when the session's grants have ended. Where there is no place for a session's list
// its certificates are refused, "revocation-unknown".
struct hs_verify_seen {
	char session[17];
	uint64_t version; // of the newest list
	uint64_t until;	  // kept till then
};

struct hs_verify_ask {
	size_t size; // sizeof(struct hs_verify_ask)
	uint64_t now;
	// what the peer brought. The certificate is the blob, or the line of a -cert.pub
	// file. signature is the blob or the text of an SSHSIG, which may have the
	// certificate in it as its key, or the key alone; where it has the certificate,
	// certificate may be empty
	struct hs_verify_bytes certificate;
	int proof; // enum hs_verify_proof
	struct hs_verify_bytes message, signature;
	const char *ns;
	// whom the service trusts (docs/PROTOCOL.server): the text of the roots file, and
	// of revoked, which may be empty. A line of roots that is wrong is passed over
	// (hs_verify_roots tells); one of revoked refuses everybody
	struct hs_verify_bytes roots, revoked;
	// what verify.conf says to sshd's: the names that scopes know the service by, at
	// most 32, without patterns; how long grants and certificates may be, 0: 24 h and 8
	// h; 1: only touches with PIN or finger
	const char *const *hosts;
	size_t nhosts;
	uint64_t max_grant, max_delegation;
	int require_pin;
	// what was taken back
	int lists_needed;		     // enum hs_verify_lists
	uint64_t fresh;			     // 0: 15 min
	const struct hs_verify_bytes *lists; // whole files, of whichever sessions
	size_t nlists;
	struct hs_verify_seen *seen; // NULL: nothing is remembered
	size_t nseen;
	// what is asked
	int what;		 // enum hs_verify_what
	const char *user, *addr; // addr: IPv4 or IPv6, as inet_ntop writes it
	const char *const *words;
	size_t nwords;
	int terminal, write;
	const char *value;
};

enum hs_verify_verdict {
	HS_VERIFY_REFUSED = 0,
	HS_VERIFY_ADMITTED = 1,
	HS_VERIFY_NOT_OURS =
	    2, // no certificate of handseal's: another's to judge, if anybody's
	HS_VERIFY_MISUSED = 3, // the call makes no sense as it was made
	HS_VERIFY_FAILED = 4   // it could not be judged: out of memory
};

// What stands behind about is empty and 0 unless it is admitted: nobody has proven it.
struct hs_verify_answer {
	size_t size;	    // sizeof(struct hs_verify_answer), set before the call
	int verdict;	    // enum hs_verify_verdict
	char code[32];	    // stable, of proto/err.h's list: "expired"; "" where admitted
	char sentence[384]; // for a person, without a full stop; "" likewise
	char remedy[384];   // what would make it succeed: "", or a sentence
	char about[384]; // which certificate was shown, for the log: its key, id, serial,
			 // as it claims; "" where it is none
	int direct;	 // signed by the root itself, without a session
	char root[51];	 // "SHA256:..." of the key that was touched
	char root_comment[129]; // of its line
	int verified;		// 1: with PIN or finger
	char agent[33];		// as the daemon names it: its claim
	char origin[16]; // from where it was asked for: "local", "forwarded" or "opaque"
	char key[51];	 // "SHA256:..." of the agent's key
	char key_id[129];
	char session[17]; // "" where direct
	uint64_t serial;
	uint64_t lineage[16]; // serials of its ancestors, the outermost first
	size_t nlineage;
	uint64_t made;	// when the certificate was
	uint64_t until; // nothing may be done from then on
	int waived;	// 1: no list says that it is not revoked (HS_VERIFY_LISTS_OPTIONAL)
	char scope[16385]; // canonical text (docs/PROTOCOL.scope): for a login the
			   // statements that concern it, else all
};

// 1: admitted. 0: not, and the answer says why; or a size is not this version's, and the
// answer is as it was. Never anything else. A service whose connections last asks again at
// each thing that is to be done: time goes on, and things are revoked.
int hs_verify(const struct hs_verify_ask *ask, struct hs_verify_answer *answer);

// For the service's owner: the first line of a roots text that is passed over, from 1, and
// why; 0 where there is none. Here and below, sentence has size bytes and may be NULL; it
// is "" where nothing is wrong.
unsigned hs_verify_roots(struct hs_verify_bytes roots, char *sentence, size_t size);

// The session that a list is of, for who keeps lists by it; "" of a root's, which may be
// about any. 1, or 0 where it is none that counts under these roots: also of one that
// another root opened, though hs_verify takes that for what the session's key signed under
// one of these.
int hs_verify_list(struct hs_verify_bytes list, struct hs_verify_bytes roots,
    char session[17], char *sentence, size_t size);
// The session that a certificate says it is of, for choosing its lists; nothing of it is
// verified. 1, or 0 where it has none.
int hs_verify_session(struct hs_verify_bytes certificate, char session[17]);

// Takes a command as SSH clients send them apart into words, as every shell would, and
// without one: what a shell would act on is refused, so that it can be run by execv as it
// stands. The words go into memory, of memory_size bytes (len + 1 will do), their places
// into words, of max, with NULL behind the last. How many, or 0 where it cannot be.
size_t hs_verify_words(const char *command, size_t len, char *memory, size_t memory_size,
    char **words, size_t max, char *sentence, size_t size);

#ifdef __cplusplus
}
#endif

#endif
