// SPDX-License-Identifier: ISC
//
// Goal of this test: hs_verify trusts the roots that the service names, as far as their
// lines and its own settings go, at the time that it gives (rule2, rule9). What is asked
// and how it is proven is in test_client_service.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/lib/service.h"

static void
roots(void **state)
{
	struct hs_buf many = {0};

	(void)state;
	service_trusts(SERVICE_OPTIONS, &chains.other_root.key);
	REFUSED("root-unknown");
	assert_non_null(strstr(service_asked()->remedy, "handseal roots --pub"));
	assert_non_null(strstr(service_asked()->about, "claude"));
	service_trusts("nonsense", &chains.root.key);
	REFUSED("root-unknown");
	service.ask.roots = (struct hs_verify_bytes){0};
	REFUSED("root-unknown");
	service_trusts("require-uv," SERVICE_OPTIONS, &chains.root.key);
	REFUSED("no-verification");
	service_trusts(SERVICE_OPTIONS, &chains.root.key);
	service.ask.require_pin = 1;
	REFUSED("no-verification");
	service.ask.require_pin = 0;
	for (unsigned i = 0; i <= HS_ROOTS_MAX; i++) {
		struct hs_key k = chains.root.key;

		k.pub[0] = (uint8_t)i;
		hs_key_put_line(&many, &k);
		hs_put_u8(&many, '\n');
	}
	service.ask.roots = service_bytes(&many);
	REFUSED("too-long");
	hs_buf_free(&many);
}

static void
times(void **state)
{
	(void)state;
	service.ask.now = CHAINS_MADE + 1500;
	REFUSED("expired");
	service.ask.now = CHAINS_MADE + 539;
	REFUSED("not-yet-valid");
	service.ask.now = 0;
	REFUSED("not-yet-valid");
	service.ask.now = UINT64_MAX;
	REFUSED("expired");
	service.ask.now = SERVICE_NOW;
	service.ask.max_grant = 14399;
	REFUSED("too-long-lived");
	service.ask.max_grant = 14400;
	service.ask.max_delegation = 899;
	REFUSED("too-long-lived");
	service.ask.max_delegation = 900;
	ADMITTED();
}

// Signed by the root itself: only where its line says so; stock servers know no challenge.
static void
direct(void **state)
{
	struct hs_direct_spec d = chains_direct(CHAINS_DIRECT);

	(void)state;
	hs_buf_reset(&service.certificate);
	chains_put_direct(&service.certificate, &d, &chains.root, 0x05);
	service.ask.certificate = service_bytes(&service.certificate);
	service.ask.what = HS_VERIFY_LOGIN;
	service.ask.user = "deploy";
	service.ask.addr = "192.0.2.7";
	service.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	REFUSED("root-not-direct");
	service_trusts("direct,users=\"deploy\"", &chains.root.key);
	ADMITTED();
	assert_true(service_asked()->direct && service_asked()->verified);
	assert_string_equal(service_asked()->session, "");
	assert_true(service_asked()->made == CHAINS_MADE);
	assert_string_equal(service_asked()->origin, "local");
	service.ask.proof = HS_VERIFY_SIGNED;
	REFUSED("outside-scope");
	service.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	d.origin = HS_ORIGIN_FORWARDED;
	hs_buf_reset(&service.certificate);
	chains_put_direct(&service.certificate, &d, &chains.root, 0x05);
	service.ask.certificate = service_bytes(&service.certificate);
	ADMITTED();
	assert_string_equal(service_asked()->origin, "forwarded");
}

static void
not_ours(void **state)
{
	struct hs_buf key = {0};

	(void)state;
	service.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	hs_key_put(&key, &chains.agent.key);
	service.ask.certificate = service_bytes(&key);
	REFUSED("not-ours");
	assert_int_equal(service_asked()->verdict, HS_VERIFY_NOT_OURS);
	assert_string_equal(service_asked()->about, "");
	hs_buf_free(&key);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, service_begin, service_end)
	const struct CMUnitTest tests[] = {T(roots), T(times), T(direct), T(not_ours)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("service, trust", tests, lists_make, NULL);
}
