// SPDX-License-Identifier: ISC
//
// What an SSH client asks an agent to sign, each field to be changed first where a test
// wants it wrong, and the sign
// guard's answer. For cmocka tests of the guard and its readers.
#ifndef HS_TESTS_ASKED_H
#define HS_TESTS_ASKED_H

#include "proto/guard.h"

#define ASKED_PLAIN	"publickey"
#define ASKED_HOSTBOUND "publickey-hostbound-v00@openssh.com"

struct asked_login {
	struct hs_str session;
	uint8_t message, signs;
	struct hs_str user, service, method, algorithm, key;
	const struct hs_str *host_key; // NULL: the field is not there
	struct hs_str more;	       // behind it all
};

// Right in everything: algorithm from the key; with a host key, host-bound.
struct asked_login asked_login(struct hs_str session, const char *user, struct hs_str key,
    const struct hs_str *host_key);
void asked_put_login(struct hs_buf *b, const struct asked_login *l);

struct asked_message {
	struct hs_str magic, ns, reserved, hash, digest, more;
};

// Right in everything: 64 bytes of sha512.
struct asked_message asked_message(const char *ns);
void asked_put_message(struct hs_buf *b, const struct asked_message *m);

// The scope of these statements; the caller's.
struct hs_scope *asked_scope(const char *statements);

// hs_guard, whose answer must be whole, whatever was asked; fails the cmocka test
// otherwise.
bool asked_judge(const struct hs_guard_input *in, struct hs_guarded *out);

#endif
