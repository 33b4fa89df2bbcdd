// SPDX-License-Identifier: ISC
//
// The sign guard and the data: what is neither login nor message, values of any length, and
// what OpenSSH's ssh and ssh-keygen asked (tests/vectors/seat). Its rules are
// test_guard.c's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>
#include "proto/sessionbind.h"
#include "tests/lib/asked.h"
#include "tests/lib/hostmint.h"

#define LOGIN(user, host) "user " user "\nhost " host "\naddr *\n"
#define WEB		  LOGIN("deploy", "web1.example.com")

static const char key_bytes[] = "\0\0\0\x0bssh-ed25519\0\0\0\x01k";
static const char other_bytes[] = "\0\0\0\x0bssh-ed25519\0\0\0\x01l";

#define BYTES(array)                                                                       \
	(struct hs_str)                                                                    \
	{                                                                                  \
		(const uint8_t *)(array), sizeof(array) - 1                                \
	}

static void
neither(void **state)
{
	struct hs_str name = hs_str_c("web1.example.com");
	struct hs_guard_bind bind = {.session = hs_str_c("s"), .names = &name, .nnames = 1};
	struct hs_scope *s = asked_scope(WEB "\nns *\n");
	const struct hs_scope *scopes[1] = {s};
	struct hs_guard_input in = {.scopes = scopes,
	    .nscopes = 1,
	    .key = BYTES(key_bytes),
	    .binds = &bind,
	    .nbinds = 1};
	struct asked_login l = asked_login(bind.session, "deploy", in.key, NULL);
	struct hs_buf b = {0};
	struct hs_guarded d;

	(void)state;
	asked_put_login(&b, &l);
	for (size_t n = 0; n < b.len; n++) {
		in.data = (struct hs_str){b.p, n};
		assert_false(asked_judge(&in, &d));
		assert_int_equal(d.err.code, HS_NO_SIGN);
		assert_int_equal(d.what, HS_SIGNS_NEITHER);
		assert_true(d.user.len == 0 && d.ns.len == 0 && !d.bound);
	}
	assert_non_null(strstr(d.remedy, "OpenSSH"));
	in.data = hs_buf_str(&b);
	assert_true(asked_judge(&in, &d));
	in.key = BYTES(other_bytes); // not the one in the data
	assert_false(asked_judge(&in, &d));
	assert_int_equal(d.err.code, HS_NO_SIGN);
	assert_non_null(strstr(d.err.text, "another key"));
	bind.forwarding = true; // comes after
	assert_false(asked_judge(&in, &d));
	assert_int_equal(d.err.code, HS_NO_SIGN);
	memset(&in, 0, sizeof in);
	assert_false(asked_judge(&in, &d));
	assert_int_equal(d.err.code, HS_NO_SIGN);
	hs_buf_free(&b);
	hs_scope_free(&s);
}

// A user and a namespace of any length leave sentences that are whole.
static void
long_values(void **state)
{
	struct hs_guard_input in = {.key = BYTES(key_bytes)};
	const struct hs_scope *scopes[1];
	struct hs_scope *s = asked_scope(WEB "\nns git\n");
	static char text[5000];

	(void)state;
	scopes[0] = s;
	in.scopes = scopes;
	in.nscopes = 1;
	for (size_t n = 1; n < sizeof text; n += n < 400 ? 1 : 997) {
		struct asked_login l;
		struct asked_message m;
		struct hs_buf b = {0};
		struct hs_guarded d;

		memset(text, 'a', n);
		text[n] = '\0';
		l = asked_login(hs_str_c("s"), text, in.key, NULL);
		asked_put_login(&b, &l);
		in.data = hs_buf_str(&b);
		assert_false(asked_judge(&in, &d));
		assert_int_equal(d.err.code, HS_NO_USER);
		hs_buf_reset(&b);
		m = asked_message(text);
		asked_put_message(&b, &m);
		in.data = hs_buf_str(&b);
		assert_false(asked_judge(&in, &d));
		assert_int_equal(d.err.code, HS_NO_OTHER);
		hs_buf_free(&b);
	}
	hs_scope_free(&s);
}

// ---- what OpenSSH asked

struct recorded {
	struct hs_buf key, data, bodies[2];
	struct hs_guard_bind binds[2];
	struct hs_str names[1];
	struct hs_guard_input in;
};

static void
load(struct recorded *r, const char *name)
{
	memset(r, 0, sizeof *r);
	assert_true(hostmint_said(name, "key", 0, &r->key));
	assert_true(hostmint_said(name, "data", 0, &r->data));
	r->names[0] = hs_str_c("web1.example.com");
	while (r->in.nbinds < 2 &&
	       hostmint_said(name, "bind", r->in.nbinds, &r->bodies[r->in.nbinds])) {
		struct hs_guard_bind *b = &r->binds[r->in.nbinds];
		struct hs_sessionbind said;
		struct hs_hostkey k;

		assert_int_equal(
		    hs_sessionbind_parse(hs_buf_str(&r->bodies[r->in.nbinds]), &said),
		    HS_OK);
		assert_int_equal(hs_sessionbind_verify(&said, &k, NULL), HS_OK);
		hs_hostkey_free(&k);
		*b = (struct hs_guard_bind){
		    said.session, said.forwarding, said.host_key, r->names, 1};
		r->in.nbinds++;
	}
	r->in.key = hs_buf_str(&r->key);
	r->in.data = hs_buf_str(&r->data);
	r->in.binds = r->binds;
	r->in.nscopes = 1;
}

static void
unload(struct recorded *r)
{
	hs_buf_free(&r->key);
	hs_buf_free(&r->data);
	hs_buf_free(&r->bodies[0]);
	hs_buf_free(&r->bodies[1]);
}

static void
openssh_logins(void **state)
{
	static const char *const names[] = {"login-ed25519", "login-p256", "login-p384",
	    "login-p521", "login-rsa2048", "login-rsa3072", "login-cert-ed25519",
	    "login-cert-p256", "login-cert-p384", "login-cert-p521", "login-cert-rsa2048",
	    "login-unbound", "login-by-cert", "login-by-cert-unbound"};
	struct hs_scope *good = asked_scope(LOGIN("*", "web1.example.com") "\nns *\n");
	struct hs_scope *bad = asked_scope(LOGIN("*", "web2.example.com") "\nns *\n");

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct hs_scope *scopes[1] = {good};
		struct hs_guarded d;
		struct recorded r;

		load(&r, names[i]);
		r.in.scopes = scopes;
		r.in.require = true;
		assert_int_equal(r.in.nbinds, 1);
		assert_true(asked_judge(&r.in, &d));
		assert_true(d.bound && hs_str_is(d.host, "web1.example.com"));
		assert_int_equal(d.what, HS_SIGNS_LOGIN);
		scopes[0] = bad;
		assert_false(asked_judge(&r.in, &d));
		assert_int_equal(d.err.code, HS_NO_HOST);
		r.in.nbinds = 0;
		assert_false(asked_judge(&r.in, &d));
		assert_int_equal(d.err.code, HS_NO_BIND);
		r.in.require = false;
		assert_true(asked_judge(&r.in, &d));
		assert_true(!d.bound && d.host.len == 0);
		unload(&r);
	}
	hs_scope_free(&good);
	hs_scope_free(&bad);
}

static void
openssh_others(void **state)
{
	struct hs_scope *any = asked_scope(LOGIN("*", "*") "\nns git\n");
	const struct hs_scope *scopes[1] = {any};
	struct recorded r, other;
	struct hs_guarded d;

	(void)state;
	load(&r, "login-forwarding"); // its second connection, with the first one's login
	r.in.scopes = scopes;
	assert_int_equal(r.in.nbinds, 2);
	assert_false(asked_judge(&r.in, &d));
	assert_int_equal(d.err.code, HS_NO_FORWARD);
	r.in.nbinds = 1;
	assert_true(asked_judge(&r.in, &d));
	load(&other, "login-p256"); // one session's login on the other's connection
	other.in.scopes = scopes;
	other.in.binds = r.binds;
	assert_false(asked_judge(&other.in, &d));
	assert_int_equal(d.err.code, HS_NO_BIND);
	unload(&other);
	load(&other, "login-by-both");
	other.in.scopes = scopes;
	assert_false(asked_judge(&other.in, &d));
	assert_int_equal(d.err.code, HS_NO_SIGN);
	unload(&other);
	load(&other, "sign-sha512");
	other.in.scopes = scopes;
	assert_true(asked_judge(&other.in, &d));
	assert_true(d.what == HS_SIGNS_MESSAGE && hs_str_is(d.ns, "git"));
	unload(&other);
	unload(&r);
	hs_scope_free(&any);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(neither),
	    cmocka_unit_test(long_values), cmocka_unit_test(openssh_logins),
	    cmocka_unit_test(openssh_others)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
