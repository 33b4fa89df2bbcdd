// SPDX-License-Identifier: ISC
//
// Goal of this test: a list that is written at once, as with a session's first grant, while
// a pass writes an older one of that session: what is acknowledged then stands in the one
// that is left (rule5). Revoking on a slow disk is test_agentd_revheld.c's.
#include "tests/lib/revoking.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include "agentd/revocation_internal.h"

static atomic_bool held; // the pool's syncs
static atomic_int waits;
static pthread_t loop_thread;

static int
sync_it(int fd, long call)
{
	atomic_fetch_add(&waits, 1);
	while (atomic_load(&held) && !pthread_equal(pthread_self(), loop_thread))
		(void)usleep(500);
	atomic_fetch_sub(&waits, 1);
	return (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_it(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_it(fd, SYS_fdatasync);
}

static void
on_saved(void *arg, int rc, const struct hs_err *why)
{
	int *saved = arg;

	(void)why;
	assert_int_equal(rc, HS_OK);
	*saved += 1;
}

static void
take(struct hs_revocation_saving *s, const char *session, uint64_t serial)
{
	struct hs_revoked r = {.time = 1, .lo = serial, .hi = serial, .end = 4000000000};

	memcpy(r.session, session, sizeof r.session);
	assert_int_equal(hs_revocation_take(w.d.revocation, &r, 1, &s->mark), HS_OK);
}

static void
save(struct hs_revocation_saving *s, const char *session)
{
	hs_revocation_list(w.d.revocation, session);
	hs_revocation_save(w.d.revocation, s);
}

static void
rule5_an_older_list_does_not_stay(void **unused)
{
	int saved = 0;
	struct hs_revocation_saving first = {.done = on_saved, .arg = &saved};
	struct hs_revocation_saving second = first;
	char session[HS_SESSION_ID_LEN + 1];
	struct hs_err err = {0};

	(void)unused;
	loop_thread = pthread_self();
	begin(POLICY);
	open_session();
	memcpy(session, w.d.session.id, sizeof session);
	atomic_store(&held, true);
	take(&first, session, 1);
	save(&first, session);
	while (!w.d.revocation->busy || atomic_load(&waits) == 0)
		world_turn(&w);
	take(&second, session, 2);
	assert_int_equal(
	    hs_revocation_list_now(w.d.revocation,
		hs_revocation_find(w.d.revocation, session), (uint64_t)time(NULL), &err),
	    HS_OK);
	assert_true(is_listed(session, 1) && is_listed(session, 2));
	save(&second, session);
	atomic_store(&held, false);
	while (saved < 2)
		world_turn(&w);
	assert_true(is_listed(session, 1) && is_listed(session, 2));
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule5_an_older_list_does_not_stay)};
	int role = world_program(argc, argv);

	if (role >= 0)
		return role;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(
	    "revoke crossed", tests, world_prepare, world_clear);
}
