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

static struct service s;

static int
begin(void **state)
{
	(void)state;
	service_right(&s);
	s.ask.lists_needed = HS_VERIFY_LISTS_NONE;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	service_free(&s);
	return 0;
}

#define ADMITTED()    assert_string_equal(service_code(&s), "")
#define REFUSED(code) assert_string_equal(service_code(&s), code)

static void
roots(void **state)
{
	struct hs_buf many = {0};

	(void)state;
	service_trusts(&s, SERVICE_OPTIONS, &chains.other_root.key);
	REFUSED("root-unknown");
	assert_non_null(strstr(service_asked(&s)->remedy, "handseal roots --pub"));
	assert_non_null(strstr(service_asked(&s)->about, "claude"));
	service_trusts(&s, "nonsense", &chains.root.key);
	REFUSED("root-unknown");
	s.ask.roots = (struct hs_verify_bytes){0};
	REFUSED("root-unknown");
	service_trusts(&s, "require-uv," SERVICE_OPTIONS, &chains.root.key);
	REFUSED("no-verification");
	service_trusts(&s, SERVICE_OPTIONS, &chains.root.key);
	s.ask.require_pin = 1;
	REFUSED("no-verification");
	s.ask.require_pin = 0;
	for (unsigned i = 0; i <= HS_ROOTS_MAX; i++) {
		struct hs_key k = chains.root.key;

		k.pub[0] = (uint8_t)i;
		hs_key_put_line(&many, &k);
		hs_put_u8(&many, '\n');
	}
	s.ask.roots = service_bytes(&many);
	REFUSED("too-long");
	hs_buf_free(&many);
}

static void
times(void **state)
{
	(void)state;
	s.ask.now = CHAINS_MADE + 1500;
	REFUSED("expired");
	s.ask.now = CHAINS_MADE + 539;
	REFUSED("not-yet-valid");
	s.ask.now = 0;
	REFUSED("not-yet-valid");
	s.ask.now = UINT64_MAX;
	REFUSED("expired");
	s.ask.now = SERVICE_NOW;
	s.ask.max_grant = 14399;
	REFUSED("too-long-lived");
	s.ask.max_grant = 14400;
	s.ask.max_delegation = 899;
	REFUSED("too-long-lived");
	s.ask.max_delegation = 900;
	ADMITTED();
}

// Signed by the root itself: only where its line says so; stock servers know no challenge.
static void
direct(void **state)
{
	struct hs_direct_spec d = chains_direct(CHAINS_DIRECT);

	(void)state;
	hs_buf_reset(&s.certificate);
	chains_put_direct(&s.certificate, &d, &chains.root, 0x05);
	s.ask.certificate = service_bytes(&s.certificate);
	s.ask.what = HS_VERIFY_LOGIN;
	s.ask.user = "deploy";
	s.ask.addr = "192.0.2.7";
	s.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	REFUSED("root-not-direct");
	service_trusts(&s, "direct,users=\"deploy\"", &chains.root.key);
	ADMITTED();
	assert_true(service_asked(&s)->direct && service_asked(&s)->verified);
	assert_string_equal(service_asked(&s)->session, "");
	assert_true(service_asked(&s)->made == CHAINS_MADE);
	assert_string_equal(service_asked(&s)->origin, "local");
	s.ask.proof = HS_VERIFY_SIGNED;
	REFUSED("outside-scope");
	s.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	d.origin = HS_ORIGIN_FORWARDED;
	hs_buf_reset(&s.certificate);
	chains_put_direct(&s.certificate, &d, &chains.root, 0x05);
	s.ask.certificate = service_bytes(&s.certificate);
	ADMITTED();
	assert_string_equal(service_asked(&s)->origin, "forwarded");
}

static void
not_ours(void **state)
{
	struct hs_buf key = {0};

	(void)state;
	s.ask.proof = HS_VERIFY_PROVEN_ELSEWHERE;
	hs_key_put(&key, &chains.agent.key);
	s.ask.certificate = service_bytes(&key);
	REFUSED("not-ours");
	assert_int_equal(service_asked(&s)->verdict, HS_VERIFY_NOT_OURS);
	assert_string_equal(service_asked(&s)->about, "");
	hs_buf_free(&key);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {T(roots), T(times), T(direct), T(not_ours)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("service, trust", tests, lists_make, NULL);
}
