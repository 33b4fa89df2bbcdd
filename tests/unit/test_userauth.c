// SPDX-License-Identifier: ISC
//
// What clients ask an agent to sign: what OpenSSH's ssh and ssh-keygen did ask
// (tests/vectors/seat), the examples of docs/PROTOCOL.seat, and each field cut, changed or
// of another form. Nothing is both a login and a message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/text.h"
#include "proto/userauth.h"
#include "tests/lib/asked.h"
#include "tests/lib/hostmint.h"
#include "tests/lib/page.h"

static struct hs_userauth login;
static struct hs_userauth_message message;
static struct hostmint agent, server;
static uint8_t session_bytes[32];
static const struct hs_str session = {session_bytes, sizeof session_bytes};

static int
make(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof session_bytes; i++)
		session_bytes[i] = (uint8_t)(0xa0 + i);
	hostmint_seed(&server, 0);
	hostmint_seed(&agent, 0x20);
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	hostmint_free(&server);
	hostmint_free(&agent);
	return 0;
}

// The two readers and the one that tells apart agree.
static enum hs_userauth_kind
which(struct hs_str data, struct hs_str key)
{
	static const struct hs_userauth no_login;
	static const struct hs_userauth_message no_message;
	struct hs_userauth l;
	struct hs_userauth_message m;
	struct hs_err err = {0}, why = {0};
	enum hs_userauth_kind kind = hs_userauth_which(data, key, &login, &message, &err);
	int as_login = hs_userauth_parse(data, key, &l, &why);
	int as_message;

	assert_int_equal(why.code, as_login);
	assert_true(as_login == HS_OK || why.text[0] != '\0');
	as_message = hs_userauth_parse_message(data, &m, NULL);
	assert_int_equal(as_login == HS_OK, kind == HS_SIGNS_LOGIN);
	assert_int_equal(as_message == HS_OK, kind == HS_SIGNS_MESSAGE);
	assert_memory_equal(&l, &login, sizeof l);
	assert_memory_equal(&m, &message, sizeof m);
	if (kind != HS_SIGNS_LOGIN)
		assert_memory_equal(&login, &no_login, sizeof login);
	if (kind != HS_SIGNS_MESSAGE)
		assert_memory_equal(&message, &no_message, sizeof message);
	assert_int_equal(err.text[0] != '\0', kind == HS_SIGNS_NEITHER);
	assert_true(hs_text_shown(hs_str_c(err.text), NULL));
	assert_int_equal(
	    hs_userauth_which(data, key, &l, &m, NULL), kind); // no sentence wanted
	return kind;
}

// ---- what OpenSSH asked

static void
openssh_logins(void **state)
{
	static const char *const names[] = {"login-ed25519", "login-p256", "login-p384",
	    "login-p521", "login-rsa2048", "login-rsa3072", "login-cert-ed25519",
	    "login-cert-p256", "login-cert-p384", "login-cert-p521", "login-cert-rsa2048",
	    "login-unbound", "login-forwarding", "login-by-cert", "login-by-cert-unbound"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct hs_buf key = {0}, data = {0}, bind = {0};
		struct hs_str host_key, bound;
		struct hs_rd r;

		assert_true(hostmint_said(names[i], "key", 0, &key));
		assert_true(hostmint_said(names[i], "data", 0, &data));
		assert_true(hostmint_said(names[i], "bind", 0, &bind));
		r = hs_rd_of(hs_buf_str(&bind));
		assert_int_equal(hs_get_string(&r, &host_key), HS_OK);
		assert_int_equal(hs_get_string(&r, &bound), HS_OK);
		assert_int_equal(
		    which(hs_buf_str(&data), hs_buf_str(&key)), HS_SIGNS_LOGIN);
		assert_true(hs_str_eq(login.session, bound));
		assert_int_not_equal(login.user.len, 0);
		assert_true(hs_str_eq(login.key, hs_buf_str(&key)));
		assert_int_equal(login.hostbound, strstr(names[i], "unbound") == NULL);
		assert_true(hs_str_eq(
		    login.host_key, login.hostbound ? host_key : (struct hs_str){0}));
		assert_int_equal(
		    hs_userauth_is_cert(login.key), strstr(names[i], "by-cert") != NULL);
		assert_true(hs_str_is(login.algorithm,
		    hs_userauth_is_cert(login.key) ? "ssh-ed25519-cert-v01@openssh.com"
						   : "ssh-ed25519"));
		hs_buf_free(&key);
		hs_buf_free(&data);
		hs_buf_free(&bind);
	}
}

// An agent that lists a certificate and its key is asked to sign with the key.
static void
openssh_with_both(void **state)
{
	struct hs_buf key = {0}, data = {0};

	(void)state;
	assert_true(hostmint_said("login-by-both", "key", 0, &key));
	assert_true(hostmint_said("login-by-both", "data", 0, &data));
	assert_false(hs_userauth_is_cert(hs_buf_str(&key)));
	assert_int_equal(which(hs_buf_str(&data), hs_buf_str(&key)), HS_SIGNS_NEITHER);
	hs_buf_free(&key);
	hs_buf_free(&data);
}

static void
openssh_messages(void **state)
{
	static const char *const hashes[] = {"sha256", "sha512"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hs_buf key = {0}, data = {0};
		uint8_t digest[64];
		const char *text = "signed by an agent\n";
		char name[32];

		snprintf(name, sizeof name, "sign-%s", hashes[i]);
		assert_true(hostmint_said(name, "key", 0, &key));
		assert_true(hostmint_said(name, "data", 0, &data));
		assert_int_equal(
		    which(hs_buf_str(&data), hs_buf_str(&key)), HS_SIGNS_MESSAGE);
		assert_true(hs_str_is(message.ns, "git"));
		assert_true(hs_str_is(message.hash, hashes[i]));
		(void)(i == 0 ? crypto_hash_sha256 : crypto_hash_sha512)(
		    digest, (const uint8_t *)text, strlen(text));
		assert_int_equal(message.digest.len, i == 0 ? 32 : 64);
		assert_memory_equal(message.digest.p, digest, message.digest.len);
		hs_buf_free(&key);
		hs_buf_free(&data);
	}
}

// ---- the page's examples, and everything that is one byte from them

static void
put_examples(struct hs_buf out[static 3])
{
	struct hs_str key = hs_buf_str(&agent.blob), host = hs_buf_str(&server.blob);
	struct asked_login plain = asked_login(session, "deploy", key, NULL);
	struct asked_login bound = asked_login(session, "deploy", key, &host);

	asked_put_login(&out[0], &plain);
	asked_put_login(&out[1], &bound);
	hs_sshsig_put_signed(&out[2], "git", hs_str_c("message"));
}

static void
examples(void **state)
{
	static const char *const names[] = {"login", "login-hostbound", "message"};
	struct hs_str key = hs_buf_str(&agent.blob);
	struct hs_buf b[3] = {0};

	(void)state;
	put_examples(b);
	for (size_t i = 0; i < 3; i++) {
		hs_page_is("PROTOCOL.seat", names[i], &b[i]);
		assert_int_equal(which(hs_buf_str(&b[i]), key),
		    i == 2 ? HS_SIGNS_MESSAGE : HS_SIGNS_LOGIN);
		hs_buf_free(&b[i]);
	}
}

// The fields that any bytes do for: session and user; namespace and digest; the host key.
static bool
is_free(size_t example, size_t at, size_t len)
{
	size_t user = 4 + 32 + 1 + 4, key = 4 + 11 + 4 + 32;

	if (example == 2)
		return (at >= 10 && at < 13) || at >= len - 64;
	return (at >= 4 && at < 36) || (at >= user && at < user + 6) ||
	       (example == 1 && at >= len - key);
}

static void
cut_lengthened_and_changed(void **state)
{
	struct hs_str key = hs_buf_str(&agent.blob);
	struct hs_buf b[3] = {0};

	(void)state;
	put_examples(b);
	for (size_t i = 0; i < 3; i++) {
		for (size_t n = 0; n < b[i].len; n++)
			assert_int_equal(
			    which((struct hs_str){b[i].p, n}, key), HS_SIGNS_NEITHER);
		for (size_t bit = 0; bit < 8 * b[i].len; bit++) {
			enum hs_userauth_kind want = !is_free(i, bit / 8, b[i].len)
							 ? HS_SIGNS_NEITHER
						     : i == 2 ? HS_SIGNS_MESSAGE
							      : HS_SIGNS_LOGIN;

			b[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(which(hs_buf_str(&b[i]), key), want);
			b[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		hs_put_u8(&b[i], 0);
		assert_int_equal(which(hs_buf_str(&b[i]), key), HS_SIGNS_NEITHER);
		hs_buf_free(&b[i]);
	}
}

// ---- fields

static int
reads(const struct asked_login *l)
{
	struct hs_buf b = {0};
	struct hs_userauth out;
	int rc;

	asked_put_login(&b, l);
	rc = hs_userauth_parse(
	    hs_buf_str(&b), hs_buf_str(&agent.blob), &out, &(struct hs_err){0});
	(void)which(hs_buf_str(&b), hs_buf_str(&agent.blob));
	hs_buf_free(&b);
	return rc;
}

#define CHANGED(field, value, want)                                                        \
	do {                                                                               \
		struct asked_login l_ = right;                                             \
		l_.field = value;                                                          \
		assert_int_equal(reads(&l_), want);                                        \
	} while (0)

static void
login_fields(void **state)
{
	struct hs_str key = hs_buf_str(&agent.blob), host = hs_buf_str(&server.blob);
	struct hs_str empty = {0};
	uint8_t long_session[HS_SSH_SESSION_MAX + 1] = {0};
	struct asked_login right;

	(void)state;
	for (int bound = 0; bound < 2; bound++) {
		right = asked_login(session, "deploy", key, bound ? &host : NULL);
		assert_int_equal(reads(&right), HS_OK);
		for (unsigned v = 0; v < 256; v++) {
			CHANGED(message, (uint8_t)v, v == 50 ? HS_OK : HS_ERR_FORMAT);
			CHANGED(signs, (uint8_t)v, v == 1 ? HS_OK : HS_ERR_FORMAT);
		}
		CHANGED(session, empty, HS_ERR_FORMAT);
		for (size_t n = 1; n <= sizeof long_session; n++)
			CHANGED(session, ((struct hs_str){long_session, n}),
			    n <= HS_SSH_SESSION_MAX ? HS_OK : HS_ERR_TOO_LONG);
		CHANGED(user, empty, HS_ERR_FORMAT);
		CHANGED(user, hs_str_c("\n\xff"), HS_OK); // for the scope to refuse
		CHANGED(service, hs_str_c("ssh-userauth"), HS_ERR_FORMAT);
		CHANGED(service, hs_str_c("ssh-connectio"), HS_ERR_FORMAT);
		CHANGED(service, hs_str_c("ssh-connection2"), HS_ERR_FORMAT);
		CHANGED(service, empty, HS_ERR_FORMAT);
		CHANGED(method, empty, bound ? HS_ERR_TRAILING : HS_ERR_FORMAT);
		CHANGED(
		    method, hs_str_c("hostbased"), bound ? HS_ERR_TRAILING : HS_ERR_FORMAT);
		CHANGED(method, hs_str_c("publickey-hostbound-v01@openssh.com"),
		    bound ? HS_ERR_TRAILING : HS_ERR_FORMAT);
		CHANGED(method, hs_str_c(ASKED_PLAIN), bound ? HS_ERR_TRAILING : HS_OK);
		CHANGED(method, hs_str_c(ASKED_HOSTBOUND), bound ? HS_OK : HS_ERR_SHORT);
		CHANGED(algorithm, empty, HS_ERR_KEY_TYPE);
		CHANGED(algorithm, hs_str_c("rsa-sha2-512"), HS_ERR_KEY_TYPE);
		CHANGED(algorithm, hs_str_c("ssh-ed25519-cert-v01@openssh.com"),
		    HS_ERR_KEY_TYPE);
		CHANGED(key, host, HS_ERR_KEY_TYPE);
		CHANGED(key, empty, HS_ERR_KEY_TYPE);
		CHANGED(more, hs_str_c("x"), HS_ERR_TRAILING);
		CHANGED(host_key, &empty, bound ? HS_ERR_FORMAT : HS_ERR_TRAILING);
		CHANGED(host_key, &key, bound ? HS_OK : HS_ERR_TRAILING);
	}
}

static void
host_key_length(void **state)
{
	struct hs_buf big = {0};
	struct hs_str host;
	struct asked_login l =
	    asked_login(session, "deploy", hs_buf_str(&agent.blob), &host);

	(void)state;
	assert_non_null(hs_put_space(&big, HS_HOSTKEY_MAX + 1));
	host = hs_buf_str(&big);
	assert_int_equal(reads(&l), HS_ERR_TOO_LONG);
	host.len--;
	assert_int_equal(reads(&l), HS_OK);
	hs_buf_free(&big);
}

// The key that is asked may itself be any bytes; its type is what has to stand there.
static void
odd_keys(void **state)
{
	static const struct {
		const char *key;
		size_t len;
		const char *algorithm;
		enum hs_userauth_kind want;
		bool cert;
	} rows[] = {{"", 0, "", HS_SIGNS_NEITHER, false},
	    {"\0\0\0\0", 4, "", HS_SIGNS_NEITHER, false},
	    {"\0\0\0\2x", 5, "x", HS_SIGNS_NEITHER, false},
	    {"\0\0\0\1x", 5, "x", HS_SIGNS_LOGIN, false},
	    {"\0\0\0\1x", 5, "y", HS_SIGNS_NEITHER, false},
	    {"\0\0\0\1xyz", 7, "x", HS_SIGNS_LOGIN, false},
	    {"\0\0\0\x14-cert-v01@openssh.com", 24, "-cert-v01@openssh.co", HS_SIGNS_LOGIN,
		false},
	    {"\0\0\0\x15-cert-v01@openssh.com", 25, "-cert-v01@openssh.com", HS_SIGNS_LOGIN,
		false},
	    {"\0\0\0\x16x-cert-v01@openssh.com", 26, "x-cert-v01@openssh.com",
		HS_SIGNS_LOGIN, true}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_str key = {(const uint8_t *)rows[i].key, rows[i].len};
		struct asked_login l = asked_login(session, "deploy", key, NULL);
		struct hs_buf b = {0};

		l.algorithm = hs_str_c(rows[i].algorithm);
		asked_put_login(&b, &l);
		assert_int_equal(which(hs_buf_str(&b), key), rows[i].want);
		assert_int_equal(hs_userauth_is_cert(key), rows[i].cert);
		hs_buf_free(&b);
	}
}

static enum hs_userauth_kind
reads_message(const struct asked_message *m)
{
	struct hs_buf b = {0};
	enum hs_userauth_kind kind;

	asked_put_message(&b, m);
	kind = which(hs_buf_str(&b), hs_buf_str(&agent.blob));
	hs_buf_free(&b);
	return kind;
}

static void
message_fields(void **state)
{
	static const struct {
		const char *hash;
		size_t len;
	} hashes[] = {{"sha256", 32}, {"sha512", 64}, {"sha1", 20}, {"sha384", 48}, {"", 0},
	    {"SHA512", 64}, {"sha512x", 64}, {"sha51", 64}};
	struct asked_message right = asked_message("git"), m = right;
	uint8_t digest[70] = {0};

	(void)state;
	assert_int_equal(reads_message(&m), HS_SIGNS_MESSAGE);
	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
		for (size_t n = 0; n <= sizeof digest; n++) {
			m.hash = hs_str_c(hashes[i].hash);
			m.digest = (struct hs_str){digest, n};
			assert_int_equal(reads_message(&m), i < 2 && n == hashes[i].len
								? HS_SIGNS_MESSAGE
								: HS_SIGNS_NEITHER);
		}
	m = right;
	m.ns = (struct hs_str){0};
	assert_int_equal(reads_message(&m), HS_SIGNS_NEITHER);
	m.ns = hs_str_c("\n*\xff"); // for the scope to refuse
	assert_int_equal(reads_message(&m), HS_SIGNS_MESSAGE);
	m.reserved = hs_str_c("x");
	assert_int_equal(reads_message(&m), HS_SIGNS_NEITHER);
	m = right;
	m.more = hs_str_c("x");
	assert_int_equal(reads_message(&m), HS_SIGNS_NEITHER);
	m = right;
	m.magic = hs_str_c("SSHSI");
	assert_int_equal(reads_message(&m), HS_SIGNS_NEITHER);
	m.magic = hs_str_c("sshsig");
	assert_int_equal(reads_message(&m), HS_SIGNS_NEITHER);
	m.magic = hs_str_c("");
	assert_int_equal(reads_message(&m), HS_SIGNS_NEITHER);
}

// What other keys of SSH sign: a certificate, a key exchange, a session; and a signed blob
// itself, a login without its session, nothing.
static void
neither(void **state)
{
	struct hs_str key = hs_buf_str(&agent.blob);
	struct hs_buf b = {0}, bodies[3] = {0};
	uint8_t hash[64] = {0x53};

	(void)state;
	hostmint_public("user-cert", &b);
	assert_int_equal(which(hs_buf_str(&b), key), HS_SIGNS_NEITHER);
	assert_int_equal(which((struct hs_str){b.p, b.len - 87}, key), HS_SIGNS_NEITHER);
	assert_int_equal(which((struct hs_str){0}, key), HS_SIGNS_NEITHER);
	for (size_t n = 0; n <= sizeof hash; n++)
		assert_int_equal(which((struct hs_str){hash, n}, key), HS_SIGNS_NEITHER);
	put_examples(bodies);
	assert_int_equal(which((struct hs_str){bodies[0].p + 36, bodies[0].len - 36}, key),
	    HS_SIGNS_NEITHER);
	hs_buf_reset(&b);
	hs_put_raw(&b, "SSHSIG\0\0\0\1", 10);
	hs_put_str(&b, key);
	hs_put_raw(&b, bodies[2].p + 6, bodies[2].len - 6);
	assert_int_equal(which(hs_buf_str(&b), key), HS_SIGNS_NEITHER);
	for (size_t i = 0; i < 3; i++)
		hs_buf_free(&bodies[i]);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(openssh_logins),
	    cmocka_unit_test(openssh_with_both), cmocka_unit_test(openssh_messages),
	    cmocka_unit_test(examples), cmocka_unit_test(cut_lengthened_and_changed),
	    cmocka_unit_test(login_fields), cmocka_unit_test(host_key_length),
	    cmocka_unit_test(odd_keys), cmocka_unit_test(message_fields),
	    cmocka_unit_test(neither)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, make, unmake);
}
