// SPDX-License-Identifier: ISC
//
// Goal of this test: memory is short where lists are made up. Whoever revokes hears it, the
// daemon does not spin, it tries again, and the next revocation is remembered (rule5).
#include "tests/lib/revoking.h"
#include <stdlib.h>
#include "agentd/revocation_internal.h"

static bool is_short;
static int failed; // so often

// All that is asked for zeroed comes here; the pass's lists fail.
void *
calloc(size_t n, size_t size)
{
	static void *(*volatile take_from)(size_t) = malloc;
	void *p;

	if (is_short && size == sizeof(struct hs_revlist)) {
		failed++;
		return NULL;
	}
	p = size > 0 && n > SIZE_MAX / size ? NULL : take_from(n * size + 1);
	if (p != NULL)
		memset(p, 0, n * size);
	return p;
}

static void
on_saved(void *arg, int rc, const struct hs_err *why)
{
	int *got_rc = arg;

	(void)why;
	*got_rc = rc;
}

static int
take_back(const char *session, uint64_t serial)
{
	struct hs_revoked r = {.time = 1, .lo = serial, .hi = serial, .end = 4000000000};
	int rc = -1;
	struct hs_revocation_saving s = {.done = on_saved, .arg = &rc};

	memcpy(r.session, session, sizeof r.session);
	assert_int_equal(hs_revocation_take(w.d.revocation, &r, 1, &s.mark), HS_OK);
	hs_revocation_list(w.d.revocation, session);
	hs_revocation_save(w.d.revocation, &s);
	while (rc == -1)
		world_turn(&w);
	return rc;
}

static void
rule5_lists_cannot_be_made_up(void **unused)
{
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_buf said = {0};

	(void)unused;
	begin(POLICY);
	open_session();
	memcpy(session, w.d.session.id, sizeof session);
	while (w.d.revocation->busy || uv_timer_get_due_in(&w.d.revocation->timer) < 1000)
		world_turn(&w); // its first lists
	hs_revocation_find(w.d.revocation, session)->due = true;
	is_short = true;
	assert_int_equal(take_back(session, 1), HS_ERR_NOMEM);
	for (int i = 0; i < 50; i++)
		world_turn(&w);
	is_short = false;
	assert_int_equal(failed, 1);
	assert_in_range(uv_timer_get_due_in(&w.d.revocation->timer), 1, 10000);
	hs_revocation_put_troubles(w.d.revocation, 0, &said);
	assert_true(said.len > 0);
	assert_int_equal(take_back(session, 2), HS_OK);
	assert_true(is_listed(session, 1) && is_listed(session, 2));
	hs_buf_reset(&said);
	hs_revocation_put_troubles(w.d.revocation, 0, &said);
	assert_int_equal(said.len, 0);
	hs_buf_free(&said);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rule5_lists_cannot_be_made_up)};
	int role = world_program(argc, argv);

	if (role >= 0)
		return role;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(
	    "revoke short of memory", tests, world_prepare, world_clear);
}
