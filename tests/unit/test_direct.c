// SPDX-License-Identifier: ISC
//
// Direct certificates: read back, cut and lengthened, and which scopes a stock server can
// enforce.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "proto/names.h"
#include "tests/lib/chains.h"
#include "tests/lib/page.h"
#include "tests/lib/tamper.h"

static void
put_direct(struct hs_buf *b)
{
	struct hs_direct_spec s = chains_direct(CHAINS_DIRECT);

	chains_put_direct(b, &s, &chains.root, 0x05);
}

static void
direct_read_back(void **state)
{
	struct hs_err err = {0};
	struct hs_buf b = {0};
	struct hs_sk_sig sk;
	struct hs_direct d;
	struct hs_delegation no;

	(void)state;
	put_direct(&b);
	assert_int_equal(hs_direct_parse(hs_buf_str(&b), false, &d, &err), HS_OK);
	assert_int_equal(hs_cert_verify(&d.cert, &sk), HS_OK);
	assert_int_equal(sk.flags, 0x05);
	assert_int_equal(d.cert.nprincipals, 2);
	assert_true(hs_str_is(d.cert.principals[1], "web"));
	assert_int_equal(d.cert.critical.n, 2);
	hs_direct_free(&d);
	assert_int_equal(hs_delegation_parse(hs_buf_str(&b), &no, &err), HS_NO_CERT_FORM);
	hs_delegation_free(&no);
	hs_buf_free(&b);
}

static void
direct_scopes(void **state)
{
#define HEAD  "max-ttl 900\nmax-uses *\n\n"
#define LOGIN "host *\nuser deploy\n"
	static const struct {
		const char *scope;
		int want;
	} rows[] = {{HEAD "addr *\ncmd *\n" LOGIN, HS_OK},
	    {HEAD "addr *\ncmd uptime\n" LOGIN, HS_OK},
	    {HEAD "addr *\ncmd subsystem:sftp\n" LOGIN, HS_OK},
	    {HEAD "addr *\ncmd subsystem:sftp-write\n" LOGIN, HS_OK},
	    {HEAD "addr 10.0.0.0/8\naddr 2001:db8::/32\ncmd *\n" LOGIN, HS_OK},
	    {HEAD "addr *\ncmd *\nhost *\npermit agent-forwarding\npermit pty\npermit "
		  "user-rc\npermit x11-forwarding\nuser deploy\n",
		HS_OK},
	    {HEAD "addr *\ncmd *\nhost *\npermit *\nuser deploy\n", HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd *\nhost *\npermit port-forwarding\nuser deploy\n",
		HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd find ...\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd internal-sftp\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd internal-sftp -R -d /\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd /usr/lib/openssh/sftp-server\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd internal-sftpd\n" LOGIN, HS_OK},
	    {HEAD "addr *\ncmd echo internal-sftp\n" LOGIN, HS_OK},
	    {HEAD "addr *\ncmd echo 'x\\' ' ; evil #'\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd id\ncmd uptime\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\n" LOGIN, HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd *\nhost *.example.com\nuser deploy\n", HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd *\nhost *\nuser *\n", HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd *\nhost *\nns git\nuser deploy\n", HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncap read:x\ncmd *\nhost *\nuser deploy\n", HS_NO_UNENFORCEABLE},
	    {HEAD "ns git\n", HS_NO_UNENFORCEABLE},
	    {HEAD "addr *\ncmd id\n" LOGIN "\naddr *\ncmd uptime\n" LOGIN,
		HS_NO_UNENFORCEABLE},
	    {"max-ttl 900\nmax-uses *\ndepth 1\n\naddr *\ncmd *\n" LOGIN, HS_ERR_SCOPE},
	    {"depth 1\nmax-ttl 900\nmax-uses *\n\naddr *\ncmd *\n" LOGIN,
		HS_NO_UNENFORCEABLE},
	    {"max-ttl 900\nmax-uses *\non-end drain\n\naddr *\ncmd *\n" LOGIN,
		HS_NO_UNENFORCEABLE},
	    {"max-ttl 900\nmax-uses 1\n\naddr *\ncmd *\n" LOGIN, HS_NO_UNENFORCEABLE}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hs_direct_spec s = chains_direct(rows[i].scope);
		struct hs_buf b = {0};
		struct hs_err err = {0};
		struct hs_direct d;

		if (hs_direct_put_body(&b, &s) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].scope);
		if (rows[i].want == HS_OK) {
			assert_int_equal(
			    hs_direct_parse(hs_buf_str(&b), true, &d, &err), HS_OK);
			hs_direct_free(&d);
		}
		hs_buf_free(&b);
	}
}

// As in a delegation: what is local is not said.
static void
direct_origin(void **state)
{
	static const char *const names[] = {NULL, "forwarded", "opaque"};
	struct hs_direct_spec s = chains_direct(CHAINS_DIRECT);
	struct hs_buf b = {0};
	struct hs_err err = {0};
	struct hs_direct d;

	(void)state;
	for (unsigned o = HS_ORIGIN_LOCAL; o <= HS_ORIGIN_OPAQUE; o++) {
		const struct hs_option *x;

		s.origin = (enum hs_origin)o;
		chains_put_direct(&b, &s, &chains.root, 0x05);
		assert_int_equal(hs_direct_parse(hs_buf_str(&b), false, &d, &err), HS_OK);
		assert_int_equal(d.origin, o);
		x = hs_options_find(&d.cert.extensions, HS_OPT_ORIGIN);
		assert_true(names[o] == NULL ? x == NULL : hs_str_is(x->data, names[o]));
		hs_direct_free(&d);
		if (o == HS_ORIGIN_FORWARDED) { // in its data, or its name: another form
			uint8_t *at = memmem(b.p, b.len, names[o], strlen(names[o]));

			assert_non_null(at);
			at[0] = 'F';
			assert_int_equal(hs_direct_parse(hs_buf_str(&b), false, &d, &err),
			    HS_NO_CERT_FORM);
			hs_direct_free(&d);
		}
		hs_buf_reset(&b);
	}
	s.origin = (enum hs_origin)(HS_ORIGIN_OPAQUE + 1);
	assert_int_equal(hs_direct_put_body(&b, &s), HS_ERR_USAGE);
	hs_buf_free(&b);
}

// Cut anywhere, or one byte longer: never taken.
static void
rule10_truncated_and_trailing(void **state)
{
	struct hs_buf b = {0};
	struct hs_err err = {0};
	struct hs_direct d;

	(void)state;
	put_direct(&b);
	for (size_t n = 0; n < b.len; n++) {
		assert_int_not_equal(
		    hs_direct_parse((struct hs_str){b.p, n}, false, &d, &err), HS_OK);
		hs_direct_free(&d);
	}
	hs_put_u8(&b, 0);
	assert_int_equal(hs_direct_parse(hs_buf_str(&b), false, &d, &err), HS_NO_CERT_FORM);
	hs_direct_free(&d);
	hs_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(direct_read_back),
	    cmocka_unit_test(direct_scopes),
	    cmocka_unit_test(direct_origin),
	    cmocka_unit_test(rule10_truncated_and_trailing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("direct", tests, chains_make, NULL);
}
