// SPDX-License-Identifier: ISC
//
// Makes roots, sessions, grants and certificates for end-to-end tests without a daemon or a
// key: the root's "security key" is a secret in a file, which may sign with any flags. For
// tests only.
//
//   forgecert root ed25519|ecdsa FILE    FILE (secret), FILE.pub
//   forgecert session FILE               FILE (for ssh -i), FILE.seed, FILE.pub
//   forgecert cert|grant|direct OUT KEY=VALUE...
//   forgecert grant-of CERT OUT          the grant inside a certificate
//   forgecert faults                     what wrong= takes, and the code that it is refused
//   with
//
// KEY=VALUE: root=FILE session=FILE key=PUB scope=FILE ceiling=FILE (default: scope), times
// in seconds from now after= before= grant-after= grant-end=, flags=N agent=NAME serial=N
// ancestor=N (of its lineage) origin=NAME wrong=FAULT. And lies about whole parts: by=FILE
// a session that signs in place of the one that is named, embed=CERT what stands in place
// of its grant, swap=CERT the same behind the signing, append=N bytes behind the whole.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sodium.h>
#include "proto/grant.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/prog.h"
#include "tests/lib/tamper.h"

struct wish {
	const char *root, *session, *key, *scope, *ceiling, *agent, *origin, *wrong, *by,
	    *embed, *swap;
	int64_t after, before, grant_after, grant_end, flags, serial, ancestor, append;
};

static void
write_pub(const char *path, const struct hs_key *k)
{
	struct hs_buf b = {0};

	hs_key_put_line(&b, k);
	hs_put_u8(&b, '\n');
	prog_write(path, ".pub", hs_buf_str(&b), 0644);
	hs_buf_free(&b);
}

static void
make_root(const char *type, const char *path)
{
	bool ecdsa = strcmp(type, "ecdsa") == 0;
	struct hs_mint r;

	prog_need(ecdsa || strcmp(type, "ed25519") == 0, "root ed25519 or ecdsa");
	prog_need(
	    hs_mint_make(&r, ecdsa ? HS_KT_SK_ECDSA : HS_KT_SK_ED25519) == HS_OK, "no key");
	prog_write(path, "", (struct hs_str){r.secret, sizeof r.secret}, 0600);
	write_pub(path, &r.key);
}

static void
make_session(const char *path)
{
	struct hs_buf text = {0};
	struct hs_mint s;

	prog_need(hs_mint_make(&s, HS_KT_ED25519) == HS_OK, "no key");
	prog_need(hs_mint_put_openssh(&text, &s) == HS_OK, "no key file");
	prog_write(path, ".seed", (struct hs_str){s.secret, sizeof s.secret}, 0600);
	prog_write(path, "", hs_buf_str(&text), 0600);
	write_pub(path, &s.key);
	hs_buf_free(&text);
}

// ---- certificates

static struct hs_scope *
load_scope(const char *path)
{
	struct hs_scope *scope = NULL;
	struct hs_buf b = {0};
	struct hs_err err = {0};

	prog_read(path, &b);
	if (hs_scope_parse(hs_buf_str(&b), &scope, &err) != HS_OK)
		fprintf(stderr, "%s:%u:%u: %s\n", path, err.line, err.column,
		    hs_err_sentence(&err));
	prog_need(scope != NULL, path);
	hs_buf_free(&b);
	return scope;
}

// Replaces body by one with the fault, where the fault is for this kind of body.
static void
spoil(struct hs_buf *body, const struct wish *w, bool grant)
{
	struct hs_buf out = {0};

	if (w->wrong == NULL || (strncmp(w->wrong, "grant-", 6) == 0) != grant)
		return;
	prog_need(hs_tamper(w->wrong, hs_buf_str(body), &out) == HS_OK, w->wrong);
	hs_buf_free(body);
	*body = out;
}

static uint64_t
from_now(int64_t offset)
{
	return (uint64_t)((int64_t)time(NULL) + offset);
}

static void
put_grant(struct hs_buf *b, const struct wish *w, const struct hs_mint *r,
    const struct hs_mint *s)
{
	struct hs_scope *scope = load_scope(w->ceiling != NULL ? w->ceiling : w->scope);
	struct hs_grant_spec spec = {.session_key = &s->key,
	    .root = &r->key,
	    .serial = 0x1122334455667788,
	    .valid_after = from_now(w->grant_after)};

	spec.payload = (struct hs_grant_payload){.scope = hs_scope_text(scope),
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .end = from_now(w->grant_end),
	    .log_seq = 7};
	randombytes_buf(spec.nonce, sizeof spec.nonce);
	(void)crypto_hash_sha256(spec.payload.shown, (const uint8_t *)"shown", 5);
	(void)crypto_hash_sha256(spec.payload.policy, (const uint8_t *)"", 0);
	prog_need(hs_grant_put_body(b, &spec) == HS_OK, "the grant cannot be written");
	spoil(b, w, true);
	prog_need(hs_mint_sign(r, b, (uint8_t)w->flags, 42) == HS_OK, "signing failed");
	hs_scope_free(&scope);
}

// Signs body, and has the signature stand behind the same body with another grant in it.
static void
swap_grant(struct hs_buf *body, struct hs_delegation_spec *spec, const char *path,
    const struct hs_mint *by)
{
	size_t len = body->len;
	struct hs_buf other = {0}, swapped = {0};

	prog_need(hs_mint_sign(by, body, 0, 0) == HS_OK, "signing failed");
	prog_read_certificate(path, &other);
	spec->grant = hs_buf_str(&other);
	prog_need(hs_delegation_put_body(&swapped, spec) == HS_OK, "it cannot be swapped");
	hs_put_raw(&swapped, body->p + len, body->len - len);
	hs_buf_free(body);
	*body = swapped;
	hs_buf_free(&other);
}

static void
put_cert(struct hs_buf *b, const struct wish *w, const struct hs_mint *r,
    const struct hs_mint *s, const struct hs_mint *by)
{
	struct hs_scope *scope = load_scope(w->scope);
	struct hs_buf grant = {0};
	uint64_t ancestor = (uint64_t)w->ancestor;
	struct hs_delegation_spec spec = {.session_key = &s->key,
	    .serial = (uint64_t)w->serial,
	    .valid_after = from_now(w->after),
	    .valid_before = from_now(w->before),
	    .agent = hs_str_c(w->agent),
	    .scope = scope,
	    .lineage = &ancestor,
	    .nlineage = ancestor > 0};
	struct hs_key key;

	prog_need(w->origin == NULL ||
		      hs_origin_parse(hs_str_c(w->origin), &spec.origin) == HS_OK,
	    "origin= is forwarded or opaque");
	prog_read_pub(w->key, &key);
	if (w->embed != NULL)
		prog_read_certificate(w->embed, &grant);
	else
		put_grant(&grant, w, r, s);
	spec.agent_key = &key;
	spec.grant = hs_buf_str(&grant);
	randombytes_buf(spec.nonce, sizeof spec.nonce);
	prog_need(
	    hs_delegation_put_body(b, &spec) == HS_OK, "the certificate cannot be written");
	spoil(b, w, false);
	if (w->swap != NULL)
		swap_grant(b, &spec, w->swap, by);
	else
		prog_need(hs_mint_sign(by, b, 0, 0) == HS_OK, "signing failed");
	hs_buf_free(&grant);
	hs_scope_free(&scope);
}

static void
put_direct(struct hs_buf *b, const struct wish *w, const struct hs_mint *r)
{
	struct hs_scope *scope = load_scope(w->scope);
	struct hs_direct_spec spec = {.root = &r->key,
	    .serial = (uint64_t)w->serial,
	    .valid_after = from_now(w->after),
	    .agent = hs_str_c(w->agent)};
	struct hs_key key;

	prog_read_pub(w->key, &key);
	spec.agent_key = &key;
	spec.payload = (struct hs_grant_payload){.scope = hs_scope_text(scope),
	    .holder = hs_str_c(HS_HOLDER_MAIN),
	    .end = from_now(w->before),
	    .log_seq = 7};
	randombytes_buf(spec.nonce, sizeof spec.nonce);
	prog_need(hs_direct_put_body(b, &spec) == HS_OK,
	    "the direct certificate cannot be written");
	prog_need(hs_mint_sign(r, b, (uint8_t)w->flags, 42) == HS_OK, "signing failed");
	hs_scope_free(&scope);
}

static void
write_cert(const char *path, struct hs_str blob)
{
	struct hs_rd rd = hs_rd_of(blob);
	struct hs_str type = {0};
	struct hs_buf line = {0};

	prog_need(hs_get_string(&rd, &type) == HS_OK, "the certificate has no type");
	hs_put_raw(&line, type.p, type.len);
	hs_put_u8(&line, ' ');
	hs_text_put_base64(&line, blob);
	hs_put_fmt(&line, " forged\n");
	prog_need(hs_buf_err(&line) == HS_OK, "memory");
	prog_write(path, "", hs_buf_str(&line), 0644);
	hs_buf_free(&line);
}

// ---- the command line

static int64_t
number(const char *s)
{
	bool minus = s[0] == '-';
	uint64_t n = 0;

	prog_need(hs_text_u64(hs_str_c(minus ? s + 1 : s), INT64_MAX, &n) == HS_OK, s);
	return minus ? -(int64_t)n : (int64_t)n;
}

static void
take(struct wish *w, const char *arg)
{
	const struct {
		const char *name;
		const char **text;
		int64_t *offset;
	} keys[] = {{"root=", &w->root, NULL}, {"session=", &w->session, NULL},
	    {"key=", &w->key, NULL}, {"scope=", &w->scope, NULL},
	    {"ceiling=", &w->ceiling, NULL}, {"agent=", &w->agent, NULL},
	    {"origin=", &w->origin, NULL}, {"wrong=", &w->wrong, NULL},
	    {"by=", &w->by, NULL}, {"embed=", &w->embed, NULL}, {"swap=", &w->swap, NULL},
	    {"append=", NULL, &w->append}, {"after=", NULL, &w->after},
	    {"before=", NULL, &w->before}, {"grant-after=", NULL, &w->grant_after},
	    {"grant-end=", NULL, &w->grant_end}, {"flags=", NULL, &w->flags},
	    {"serial=", NULL, &w->serial}, {"ancestor=", NULL, &w->ancestor}};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		size_t len = strlen(keys[i].name);

		if (strncmp(arg, keys[i].name, len) != 0)
			continue;
		if (keys[i].text != NULL)
			*keys[i].text = arg + len;
		else
			*keys[i].offset = number(arg + len);
		return;
	}
	prog_die(arg);
}

static void
forge(const char *what, const char *out, int argc, char **argv)
{
	struct wish w = {.agent = "claude",
	    .after = -60,
	    .before = 900,
	    .grant_after = -60,
	    .grant_end = 3600,
	    .flags = HS_SK_FLAG_UP,
	    .serial = 1};
	struct hs_mint root, session, by;
	struct hs_buf b = {0};

	for (int i = 0; i < argc; i++)
		take(&w, argv[i]);
	prog_read_mint(w.root, "", &root);
	if (strcmp(what, "direct") == 0) {
		put_direct(&b, &w, &root);
	} else {
		prog_read_mint(w.session, ".seed", &session);
		prog_read_mint(w.by != NULL ? w.by : w.session, ".seed", &by);
		if (strcmp(what, "grant") == 0)
			put_grant(&b, &w, &root, &session);
		else
			put_cert(&b, &w, &root, &session, &by);
	}
	for (int64_t i = 0; i < w.append; i++)
		hs_put_u8(&b, 0);
	write_cert(out, hs_buf_str(&b));
	hs_buf_free(&b);
}

static void
take_grant(const char *path, const char *out)
{
	struct hs_buf blob = {0};
	static struct hs_delegation d;

	prog_read_certificate(path, &blob);
	prog_need(hs_delegation_parse(hs_buf_str(&blob), &d, NULL) == HS_OK, path);
	write_cert(out, d.grant_blob);
	hs_delegation_free(&d);
	hs_buf_free(&blob);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	prog_need(sodium_init() >= 0, "libsodium");
	if (strcmp(what, "root") == 0 && argc == 4)
		make_root(argv[2], argv[3]);
	else if (strcmp(what, "session") == 0 && argc == 3)
		make_session(argv[2]);
	else if (strcmp(what, "grant-of") == 0 && argc == 4)
		take_grant(argv[2], argv[3]);
	else if (strcmp(what, "faults") == 0 && argc == 2)
		for (const char *const *n = hs_tamper_names(); *n != NULL; n++)
			printf("%s %s\n", *n, hs_tamper_code(*n));
	else if ((strcmp(what, "cert") == 0 || strcmp(what, "grant") == 0 ||
		     strcmp(what, "direct") == 0) &&
		 argc > 3)
		forge(what, argv[2], argc - 3, argv + 3);
	else
		prog_die("root, session, cert, grant, direct, grant-of or faults");
	return 0;
}
