// SPDX-License-Identifier: ISC
//
// The question to hs_verify that is right in everything until a test changes one thing: the
// chain of chains.h with a scope for logins, a capability and challenges, at a service that
// trusts its root. For cmocka tests of area client.
#ifndef HS_TESTS_SERVICE_H
#define HS_TESTS_SERVICE_H

#include "client/libhandseal/handseal-verify.h"
#include "tests/lib/lists.h"

#define SERVICE_NOW	  (CHAINS_MADE + 700)
#define SERVICE_NS	  "login@svc.example.com"
#define SERVICE_CHALLENGE "0123456789abcdef" // random it is not
#define SERVICE_SCOPE                                                                      \
	"max-ttl 900\nmax-uses *\n\naddr 192.0.2.0/24\ncap read:repo/acme/**\n"            \
	"cmd id -u\ncmd top\nhost web1.example.com\nns " SERVICE_NS "\nuser deploy\n"
#define SERVICE_OPTIONS "users=\"deploy\",caps=\"read:*\""

struct service {
	struct hs_verify_ask ask;
	struct hs_buf certificate, roots, proof; // what ask points at
};

extern struct service service;

// A question about a capability, proven by an answer to SERVICE_CHALLENGE.
void service_right(void);
// Around each test: right, and no lists needed; all freed.
int service_begin(void **state);
int service_end(void **state);

struct hs_verify_bytes service_bytes(const struct hs_buf *b);
struct hs_verify_bytes service_text(const char *s);

// Other parts in place of the right ones.
void service_trusts(const char *options, const struct hs_key *root);
void service_certified(struct hs_delegation_spec spec, const char *scope);
void service_certified_under(
    struct hs_delegation_spec spec, const char *scope, const char *ceiling);
// An SSHSIG by that key over SERVICE_CHALLENGE, naming key as what it is by.
void service_proven(
    const struct hs_mint *by, const char *ns, struct hs_str key, bool sha256);

// Asks; the answer, good until the next time, agrees with what handseal-verify.h promises
// of it.
const struct hs_verify_answer *service_asked(void);
// Its code; "" where it is admitted.
const char *service_code(void);

#define ADMITTED()    assert_string_equal(service_code(), "")
#define REFUSED(code) assert_string_equal(service_code(), code)

#endif
