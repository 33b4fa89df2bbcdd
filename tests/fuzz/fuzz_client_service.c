// SPDX-License-Identifier: ISC
//
// Any bytes as what a peer and others bring to a service that asks hs_verify: certificate,
// proof, a list, the texts of what is trusted and refused, and what is asked. The first
// byte chooses the question; the rest are strings (RFC 4251). The service trusts the root
// of docs/PROTOCOL.certs' examples, so nothing is admitted but that root's own.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client/libhandseal/handseal-verify.h"
#include "proto/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MADE 1795485600u
#define ROOT "SHA256:bUdnO36yqGvmNXj1YLrPELOqS6E5+LkUgV9pYIYZQi4"

static const char trusted[] =
    "direct,users=\"deploy,web\",caps=\"read:*\" sk-ssh-ed25519@openssh.com "
    "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAICVDuS/"
    "xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWdAAAADHNzaDpoYW5kc2VhbA== example\n";

static void
must(int ok)
{
	if (!ok)
		abort();
}

static struct hs_verify_bytes
next(struct hs_rd *rd)
{
	struct hs_str s = {0};

	(void)hs_get_string(rd, &s);
	return (struct hs_verify_bytes){s.p, s.len};
}

static void
copy(char *to, size_t size, struct hs_verify_bytes from)
{
	(void)snprintf(to, size, "%.*s", (int)(from.len < size ? from.len : size),
	    (const char *)from.p);
}

static int
ends(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static void
check(int admitted, const struct hs_verify_answer *a)
{
	must(admitted == (a->verdict == HS_VERIFY_ADMITTED));
	must(ends(a->code, sizeof a->code) && ends(a->sentence, sizeof a->sentence) &&
	     ends(a->remedy, sizeof a->remedy) && ends(a->about, sizeof a->about) &&
	     ends(a->scope, sizeof a->scope) && ends(a->key_id, sizeof a->key_id));
	must(strchr(a->sentence, '\033') == NULL && strchr(a->about, '\n') == NULL);
	if (admitted)
		must(strcmp(a->root, ROOT) == 0 && strcmp(a->agent, "claude") == 0 &&
		     a->code[0] == '\0');
	else
		must(a->root[0] == '\0' && a->scope[0] == '\0' && a->code[0] != '\0');
}

static void
around(struct hs_verify_bytes bytes)
{
	char session[17], why[64], memory[256];
	char *words[8];
	size_t n;

	(void)hs_verify_roots(bytes, why, sizeof why);
	must(hs_verify_list(bytes, bytes, session, why, sizeof why) == 0);
	(void)hs_verify_session(bytes, session);
	must(ends(session, sizeof session));
	n = hs_verify_words(
	    bytes.p, bytes.len, memory, sizeof memory, words, 8, why, sizeof why);
	must(n < 8 && (n == 0 || words[n] == NULL) && (n == 0) == (why[0] != '\0'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"svc.example.com", "web1.example.com"};
	static char roots[sizeof trusted + 4096], value[300], user[80], addr[80];
	static struct hs_verify_answer a;
	struct hs_verify_seen seen[1] = {{.session = ""}};
	struct hs_rd rd = hs_rd_init(data, size);
	struct hs_verify_ask ask = {.size = sizeof ask, .now = MADE + 700, .hosts = hosts};
	const char *words[1] = {value};
	struct hs_verify_bytes list, more;
	uint8_t how = 0;

	(void)hs_get_u8(&rd, &how);
	ask.what = how & 7;
	ask.proof = how >> 3 & 3;
	ask.certificate = next(&rd);
	ask.message = next(&rd);
	ask.signature = next(&rd);
	list = next(&rd);
	ask.revoked = next(&rd);
	more = next(&rd);
	copy(value, sizeof value, next(&rd));
	copy(user, sizeof user, next(&rd));
	copy(addr, sizeof addr, next(&rd));
	memcpy(roots, trusted, sizeof trusted);
	copy(roots + sizeof trusted - 1, sizeof roots - sizeof trusted, more);
	ask.roots = (struct hs_verify_bytes){roots, strlen(roots)};
	ask.ns = ask.what == HS_VERIFY_SIGNATURE ? "git" : "login@svc.example.com";
	ask.nhosts = 2;
	ask.lists = &list;
	ask.nlists = 1;
	ask.seen = seen;
	ask.nseen = 1;
	ask.user = user;
	ask.addr = addr;
	ask.words = words;
	ask.nwords = 1;
	ask.value = value;
	a.size = sizeof a;
	check(hs_verify(&ask, &a), &a);
	around(more);
	around(list);
	around((struct hs_verify_bytes){data, size});
	return 0;
}
