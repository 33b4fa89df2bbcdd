// SPDX-License-Identifier: ISC
//
// Makes a session's list of what is revoked for end-to-end tests, with the roots and
// sessions of forgecert and no daemon. For tests only.
//
//   forgelist OUT root=FILE session=FILE KEY=VALUE...
//
// KEY=VALUE: serials=N,N-M,... whole=1 version=N, issued= next= in seconds from now;
// flags=N of the root's signature; by=FILE a session's key that signs in place of the
// revoke-only key; ca=FILE a session whose serials it names.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/list.h"
#include "proto/names.h"
#include "tests/lib/prog.h"

#define SCOPE "max-ttl 3600\nmax-uses *\n\naddr *\ncmd *\nhost *\nuser *\n"

struct wish {
	const char *root, *session, *by, *ca, *serials, *whole, *version, *issued, *next,
	    *flags;
};

static uint64_t
number(const char *s, uint64_t otherwise)
{
	return s != NULL ? (uint64_t)strtoull(s, NULL, 10) : otherwise;
}

static uint64_t
from_now(const char *s)
{
	return (uint64_t)(time(NULL) + (s != NULL ? strtol(s, NULL, 10) : 0));
}

static void
put_grant(struct hs_buf *b, const struct wish *w, const struct hs_mint *root,
    const struct hs_mint *session)
{
	struct hs_grant_spec spec = {.session_key = &session->key,
	    .root = &root->key,
	    .serial = 77,
	    .valid_after = from_now("-7200")};

	spec.payload = (struct hs_grant_payload){.scope = hs_str_c(SCOPE),
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .end = from_now("-3600"), // a list holds whenever its grant was
	    .log_seq = 7};
	prog_need(hs_grant_put_body(b, &spec) == HS_OK, "the grant cannot be written");
	prog_need(
	    hs_mint_sign(root, b, (uint8_t)number(w->flags, 1), 42) == HS_OK, "signing");
}

static void
put_certificate(struct hs_buf *b, const struct wish *w, const struct hs_mint *root,
    const struct hs_mint *session, const struct hs_key *key)
{
	struct hs_buf grant = {0};
	struct hs_revoker_spec spec = {
	    .key = key, .session_key = &session->key, .valid_after = from_now("-7200")};

	put_grant(&grant, w, root, session);
	spec.grant = hs_buf_str(&grant);
	prog_need(
	    hs_revoker_put_body(b, &spec) == HS_OK, "the certificate cannot be written");
	prog_need(hs_mint_sign(session, b, 0, 0) == HS_OK, "signing");
	hs_buf_free(&grant);
}

static size_t
ranges(const char *s, struct hs_krl_range *r, size_t max)
{
	size_t n = 0;
	char *end;

	while (s != NULL && *s != '\0' && n < max) {
		r[n].lo = r[n].hi = strtoull(s, &end, 10);
		if (*end == '-')
			r[n].hi = strtoull(end + 1, &end, 10);
		s = *end == ',' ? end + 1 : end;
		n++;
	}
	return n;
}

static void
put_krl(struct hs_buf *b, const struct wish *w, const struct hs_key *session_key)
{
	struct hs_krl_range r[32];
	struct hs_mint other;
	const struct hs_key *ca = session_key;
	size_t n = ranges(w->serials, r, 32);

	if (w->ca != NULL) {
		prog_read_mint(w->ca, ".seed", &other);
		ca = &other.key;
	}
	hs_krl_begin(b, number(w->version, 1), from_now(w->issued), "forged");
	prog_need(hs_krl_put_serials(b, ca, r, n) == HS_OK, "serials=");
	if (w->whole != NULL)
		hs_krl_put_keys(b, session_key, 1);
}

static void
put_list(struct hs_buf *b, const struct wish *w)
{
	struct hs_mint root, session, revoker, by;
	struct hs_buf cert = {0}, krl = {0}, message = {0}, bytes = {0}, sig = {0};
	uint8_t raw[crypto_sign_BYTES], pk[32], sk[crypto_sign_SECRETKEYBYTES];

	prog_read_mint(w->root, "", &root);
	prog_read_mint(w->session, ".seed", &session);
	prog_need(hs_mint_make(&revoker, HS_KT_ED25519) == HS_OK, "no key");
	by = revoker;
	if (w->by != NULL)
		prog_read_mint(w->by, ".seed", &by);
	put_certificate(&cert, w, &root, &session, &revoker.key);
	put_krl(&krl, w, &session.key);
	hs_list_put_message(&message, from_now(w->next), hs_buf_str(&krl));
	hs_sshsig_put_signed(&bytes, HS_NS_KRL, hs_buf_str(&message));
	prog_need(crypto_sign_seed_keypair(pk, sk, by.secret) == 0 &&
		      crypto_sign_detached(raw, NULL, bytes.p, bytes.len, sk) == 0,
	    "signing");
	hs_put_cstring(&sig, "ssh-ed25519");
	hs_put_string(&sig, raw, sizeof raw);
	hs_list_put(b, hs_buf_str(&cert), hs_buf_str(&message), hs_buf_str(&sig));
	prog_need(hs_buf_err(b) == HS_OK, "memory");
	hs_buf_free(&cert);
	hs_buf_free(&krl);
	hs_buf_free(&message);
	hs_buf_free(&bytes);
	hs_buf_free(&sig);
}

static void
take(struct wish *w, const char *arg)
{
	const struct {
		const char *name;
		const char **text;
	} keys[] = {{"root=", &w->root}, {"session=", &w->session}, {"by=", &w->by},
	    {"ca=", &w->ca}, {"serials=", &w->serials}, {"whole=", &w->whole},
	    {"version=", &w->version}, {"issued=", &w->issued}, {"next=", &w->next},
	    {"flags=", &w->flags}};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (strncmp(arg, keys[i].name, strlen(keys[i].name)) == 0) {
			*keys[i].text = arg + strlen(keys[i].name);
			return;
		}
	prog_die(arg);
}

int
main(int argc, char **argv)
{
	struct wish w = {.next = "300"};
	struct hs_buf b = {0};

	prog_need(sodium_init() >= 0 && argc > 3, "OUT root=FILE session=FILE ...");
	for (int i = 2; i < argc; i++)
		take(&w, argv[i]);
	put_list(&b, &w);
	prog_write(argv[1], "", hs_buf_str(&b), 0644);
	hs_buf_free(&b);
	return 0;
}
