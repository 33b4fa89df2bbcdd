// SPDX-License-Identifier: ISC
//
// Key revocation lists: byte for byte as OpenSSH's PROTOCOL.krl has them. That OpenSSH
// agrees is shown in tests/e2e/unplug.t.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "proto/krl.h"
#include "tests/lib/chains.h"

static void
a_list_of_keys(void **state)
{
	static const uint8_t head[] = {'S', 'S', 'H', 'K', 'R', 'L', '\n', 0, 0, 0, 0, 1, 0,
	    0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	    0, 0, 0, 2, 'h', 'i'};
	const struct hs_key keys[] = {chains.session.key, chains.root.key};
	struct hs_buf b = {0}, want = {0}, blob = {0};

	(void)state;
	hs_krl_put(&b, 7, 9, "hi", keys, 0);
	assert_int_equal(b.len, sizeof head);
	assert_memory_equal(b.p, head, sizeof head);
	hs_buf_reset(&b);
	hs_krl_put(&b, 7, 9, "hi", keys, 2);
	hs_put_raw(&want, head, sizeof head);
	hs_put_u8(&want, 2);
	for (size_t i = 0; i < 2; i++) {
		struct hs_buf one = {0};

		hs_key_put(&one, &keys[i]);
		hs_put_str(&blob, hs_buf_str(&one));
		hs_buf_free(&one);
	}
	hs_put_str(&want, hs_buf_str(&blob));
	assert_true(hs_str_eq(hs_buf_str(&b), hs_buf_str(&want)));
	hs_buf_free(&b);
	hs_buf_free(&want);
	hs_buf_free(&blob);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_of_keys)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("krl", tests, chains_make, NULL);
}
