// SPDX-License-Identifier: ISC
//
// sshd's %C: which of its ends is the client's, and what is none (rule10).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "proto/connection.h"

static void
the_client(void **state)
{
	static const struct {
		const char *text, *client;
	} v[] = {{"127.0.0.1 22 192.0.2.14 50022", "192.0.2.14"},
	    {"2001:db8::1 22 2001:db8::5 1", "2001:db8::5"},
	    {"fe80::1%eth0 22 fe80::2%eth0 65535", "fe80::2"},
	    {"::ffff:10.0.0.1 22 ::ffff:10.0.0.9 2", "::ffff:10.0.0.9"},
	    {"UNKNOWN 65535 UNKNOWN 65535", ""}, {"10.0.0.1 0 10.0.0.2 0", "10.0.0.2"}};
	struct hs_str client;

	(void)state;
	for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
		assert_int_equal(hs_connection_client(hs_str_c(v[i].text), &client), HS_OK);
		if (!hs_str_is(client, v[i].client))
			fail_msg("%s: %.*s", v[i].text, (int)client.len, client.p);
	}
}

static void
rule10_others(void **state)
{
	static const char *const bad[] = {"", " ", "192.0.2.14", "g 1 h 2",
	    "127.0.0.1 22 192.0.2.14", "127.0.0.1 22 192.0.2.14 ",
	    "127.0.0.1 22 192.0.2.14 5 ", "127.0.0.1 22 192.0.2.14 5 6",
	    " 127.0.0.1 22 192.0.2.14 5", "127.0.0.1  22 192.0.2.14 5",
	    "127.0.0.1 22 192.0.2.14 -1", "127.0.0.1 22 192.0.2.14 65536",
	    "127.0.0.1 022 192.0.2.14 5", "127.0.0.1 22 host.example 5",
	    "127.0.0.1 22 %eth0 5", "127.0.0.1\t22 192.0.2.14 5", "unknown 1 unknown 1",
	    "127.0.0.1 22 fe80::1%\033 5", "%C"};
	struct hs_str client;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (hs_connection_client(hs_str_c(bad[i]), &client) == HS_OK)
			fail_msg("a connection: %s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_client),
	    cmocka_unit_test(rule10_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
