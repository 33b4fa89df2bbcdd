// SPDX-License-Identifier: ISC
//
// What handseald and `handseal enroll` say to the helper, said by hand: makes requests,
// right or wrong in one thing, and reads answers. For end-to-end tests only.
//
// helperctl enroll [type=ed25519|ecdsa] [device=NAME] [timeout=S] [user=TEXT]
// [verify=1] [pin=1]
// writes a request. So does
// helperctl sign [timeout=S] [verify=1] [pin=1] [shown=TEXT] [wrong=FAULT] [device=NAME]
// [root-verify=1] [key=ANSWER]...
// for a grant by each key that an answer to enroll made, on the device named before it.
// FAULT: digest, other-key, login, no-certificate, no-key, differ.
//
// helperctl read ANSWER [REQUEST]
// prints an answer, one field a line, its signature checked against the request.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/helper.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/prog.h"

#define SCOPE                                                                              \
	"max-ttl 900\nmax-uses *\n\naddr *\ncmd uptime\nhost web1.example.com\nuser "      \
	"deploy\n"

static uint32_t
number(const char *s)
{
	uint64_t n = 0;

	prog_need(hs_text_u64(hs_str_c(s), UINT32_MAX, &n) == HS_OK, "a number");
	return (uint32_t)n;
}

static void
enroll(int argc, char **argv)
{
	static struct hs_helper_request m;
	struct hs_buf b = {0};

	m.op = HS_HELPER_ENROLL;
	m.enroll = (struct hs_helper_enroll){.timeout = 20, .key_type = HS_KT_SK_ED25519};
	randombytes_buf(m.enroll.challenge, sizeof m.enroll.challenge);
	for (int i = 0; i < argc; i++) {
		const char *v;

		if ((v = prog_value(argv[i], "type")) != NULL)
			m.enroll.key_type =
			    strcmp(v, "ecdsa") == 0 ? HS_KT_SK_ECDSA : HS_KT_SK_ED25519;
		else if ((v = prog_value(argv[i], "device")) != NULL)
			m.enroll.device = hs_str_c(v);
		else if ((v = prog_value(argv[i], "timeout")) != NULL)
			m.enroll.timeout = number(v);
		else if ((v = prog_value(argv[i], "user")) != NULL)
			m.enroll.user = hs_str_c(v);
		else if ((v = prog_value(argv[i], "verify")) != NULL)
			m.enroll.verify = (uint8_t)number(v);
		else if ((v = prog_value(argv[i], "pin")) != NULL)
			m.enroll.pin = (uint8_t)number(v);
		else
			prog_die(argv[i]);
	}
	hs_helper_request_put(&b, &m);
	prog_print(&b);
}

// ---- sign

struct wish {
	struct hs_helper_request m;
	const char *wrong;
	uint8_t verify; // of the keys that follow
	struct hs_mint session, stranger;
	struct hs_buf answers[HS_ROOTS_MAX], bodies[HS_ROOTS_MAX];
};

static bool
is_wrong(const struct wish *w, const char *fault)
{
	return w->wrong != NULL && strcmp(w->wrong, fault) == 0;
}

static void
put_login(struct hs_buf *b, const struct wish *w, const struct hs_key *root)
{
	const struct hs_str principal = hs_str_c("deploy");
	const struct hs_cert_spec s = {.key = &w->session.key,
	    .ca = root,
	    .serial = 1,
	    .key_id = hs_str_c("login"),
	    .principals = &principal,
	    .nprincipals = 1,
	    .valid_after = 1,
	    .valid_before = UINT64_MAX};

	hs_cert_put_body(b, &s);
}

static void
put_body(struct hs_buf *b, const struct wish *w, size_t at, const struct hs_key *root)
{
	struct hs_grant_spec s = {.session_key = &w->session.key,
	    .root = is_wrong(w, "other-key") ? &w->stranger.key : root,
	    .serial = is_wrong(w, "differ") ? at + 1 : 1,
	    .valid_after = 1795485540,
	    .payload = {.scope = hs_str_c(SCOPE),
		.holder = hs_str_c(HS_HOLDER_MAIN),
		.end = 1795500000,
		.log_seq = 1}};

	(void)crypto_hash_sha256(s.payload.shown, w->m.sign.shown.p, w->m.sign.shown.len);
	if (is_wrong(w, "digest"))
		s.payload.shown[0] ^= 1;
	if (is_wrong(w, "login"))
		put_login(b, w, root);
	else if (is_wrong(w, "no-certificate"))
		hs_put_raw(b, "a digest of something, it says..", 32);
	else
		prog_need(hs_grant_put_body(b, &s) == HS_OK, "a grant");
	prog_need(hs_buf_err(b) == HS_OK, "a body");
}

static void
add_key(struct wish *w, const char *path, const char *device)
{
	struct hs_helper_sign *s = &w->m.sign;
	struct hs_helper_answer a;
	struct hs_key key;

	prog_need(s->n < HS_ROOTS_MAX, "too many keys");
	prog_read(path, &w->answers[s->n]);
	prog_need(hs_helper_answer_parse(hs_buf_str(&w->answers[s->n]), &a) == HS_OK &&
		      a.code == HS_OK && a.op == HS_HELPER_ENROLL &&
		      hs_key_parse(a.enrolled.key, &key) == HS_OK,
	    path);
	put_body(&w->bodies[s->n], w, s->n, &key);
	s->v[s->n] = (struct hs_helper_candidate){.device = hs_str_c(device),
	    .key = a.enrolled.key,
	    .handle = a.enrolled.handle,
	    .body = hs_buf_str(&w->bodies[s->n]),
	    .verify = w->verify};
	s->n++;
}

static void
sign(int argc, char **argv)
{
	static struct wish w;
	const char *device = "", *v;
	struct hs_buf b = {0};

	w.m.op = HS_HELPER_SIGN;
	w.m.sign.timeout = 20;
	w.m.sign.shown = hs_str_c("open a session");
	prog_need(hs_mint_make(&w.session, HS_KT_ED25519) == HS_OK, "a key");
	prog_need(hs_mint_make(&w.stranger, HS_KT_SK_ED25519) == HS_OK, "a key");
	for (int i = 0; i < argc; i++) {
		if ((v = prog_value(argv[i], "timeout")) != NULL)
			w.m.sign.timeout = number(v);
		else if ((v = prog_value(argv[i], "verify")) != NULL)
			w.m.sign.verify = (uint8_t)number(v);
		else if ((v = prog_value(argv[i], "pin")) != NULL)
			w.m.sign.pin = (uint8_t)number(v);
		else if ((v = prog_value(argv[i], "root-verify")) != NULL)
			w.verify = (uint8_t)number(v);
		else if ((v = prog_value(argv[i], "shown")) != NULL)
			w.m.sign.shown = hs_str_c(v);
		else if ((v = prog_value(argv[i], "wrong")) != NULL)
			w.wrong = v;
		else if ((v = prog_value(argv[i], "device")) != NULL)
			device = v;
		else if ((v = prog_value(argv[i], "key")) != NULL)
			add_key(&w, v, device);
		else
			prog_die(argv[i]);
	}
	if (is_wrong(&w, "no-key"))
		w.m.sign.n = 0;
	hs_helper_request_put(&b, &w.m);
	prog_print(&b);
	for (size_t i = 0; i < HS_ROOTS_MAX; i++) {
		hs_buf_free(&w.answers[i]);
		hs_buf_free(&w.bodies[i]);
	}
}

// ---- read

static void
print_hex(const char *name, struct hs_str s)
{
	printf("%s ", name);
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
	printf("\n");
}

static void
print_text(const char *name, struct hs_str s)
{
	printf("%s %.*s\n", name, (int)s.len, s.len > 0 ? (const char *)s.p : "");
}

static void
print_enrolled(const struct hs_helper_enrolled *e)
{
	char fingerprint[HS_FINGERPRINT_LEN + 1];
	struct hs_key key;

	prog_need(hs_key_parse(e->key, &key) == HS_OK, "the key is none");
	hs_key_fingerprint(&key, fingerprint);
	printf("type %s\napplication %s\nfingerprint %s\n", hs_key_type_name(key.type),
	    key.application, fingerprint);
	printf("handle %zu bytes\n", e->handle.len);
	print_text("product", e->product);
	print_hex("aaguid", (struct hs_str){e->aaguid, sizeof e->aaguid});
	printf("flags 0x%02x\nauth_data %zu bytes\nattestation %zu bytes\n", e->flags,
	    e->auth_data.len, e->attestation_sig.len);
	printf("certificate %zu bytes\nsimulated %u\n", e->certificate.len, e->simulated);
}

static void
print_signed(const struct hs_helper_signed *s, const char *request)
{
	static struct hs_helper_request m;
	struct hs_buf b = {0};
	struct hs_sk_sig sk;
	struct hs_key key;
	int rc;

	printf("index %" PRIu32 "\n", s->index);
	print_text("device", s->device);
	if (request == NULL)
		return;
	prog_read(request, &b);
	prog_need(hs_helper_request_parse(hs_buf_str(&b), &m) == HS_OK &&
		      m.op == HS_HELPER_SIGN && s->index < m.sign.n,
	    request);
	prog_need(hs_key_parse(m.sign.v[s->index].key, &key) == HS_OK, "the key is none");
	rc = hs_sig_verify(&key, s->signature, m.sign.v[s->index].body, &sk);
	printf("verifies %s\nflags 0x%02x\ncounter %" PRIu32 "\n",
	    hs_code_name((enum hs_code)rc), sk.flags, sk.counter);
	hs_buf_free(&b);
}

static void
read_answer(const char *path, const char *request)
{
	struct hs_helper_answer a;
	struct hs_buf b = {0};
	int rc;

	prog_read(path, &b);
	rc = hs_helper_answer_parse(hs_buf_str(&b), &a);
	if (rc != HS_OK)
		prog_die(hs_code_sentence((enum hs_code)rc));
	printf("op %d\ncode %s\n", (int)a.op, hs_code_name(a.code));
	print_text("sentence", a.sentence);
	if (a.code == HS_OK && a.op == HS_HELPER_ENROLL)
		print_enrolled(&a.enrolled);
	else if (a.code != HS_OK)
		printf("retries %u\n", a.retries);
	else
		print_signed(&a.signed_, request);
	hs_buf_free(&b);
}

int
main(int argc, char **argv)
{
	prog_need(sodium_init() >= 0, "libsodium");
	if (argc >= 2 && strcmp(argv[1], "enroll") == 0)
		enroll(argc - 2, argv + 2);
	else if (argc >= 2 && strcmp(argv[1], "sign") == 0)
		sign(argc - 2, argv + 2);
	else if ((argc == 3 || argc == 4) && strcmp(argv[1], "read") == 0)
		read_answer(argv[2], argc == 4 ? argv[3] : NULL);
	else
		prog_die("enroll, sign, read: see the head of helperctl.c");
	return 0;
}
