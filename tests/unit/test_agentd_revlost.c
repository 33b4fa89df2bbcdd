// SPDX-License-Identifier: ISC
//
// Goal of this test: sessions of earlier daemons of which something on disk is lost or
// damaged are still revoked, as a whole rather than less, or it is said that they cannot be
// (rules 5 and 9). What is whole is test_agentd_revoke.c's.
#include "tests/lib/revoking.h"
#include <stdlib.h>
#include <sys/stat.h>
#include "agentd/revocation_internal.h"

static void
path_of(const char *session, const char *folder, const char *suffix,
    char path[static PATH_MAX + 64])
{
	(void)snprintf(path, PATH_MAX + 64, "%s/%s/%s%s", world_set.state_dir, folder,
	    session, suffix);
}

// The daemon ends and another begins.
static void
restart(void)
{
	struct hs_err err = {0};
	struct hs_keys key;
	uint64_t torn;

	hs_daemon_session_close(&w.d, "closed", "it ended", &key);
	hs_keys_wipe(&key);
	while (!hs_revocation_idle(w.d.revocation))
		world_turn(&w);
	hs_revocation_detach(w.d.revocation);
	for (int i = 0; i < 10 || w.d.revocation->busy; i++)
		world_turn(&w);
	hs_revocation_free(&w.d.revocation);
	assert_int_equal(
	    hs_revocation_open(world_set.state_dir, &w.d.revocation, &torn, &err), HS_OK);
	assert_int_equal(hs_revocation_attach(w.d.revocation, &w.loop, 300), HS_OK);
}

// Then it is not known what it issued, but that it may have.
static void
rule5_a_session_whose_index_is_lost(void **unused)
{
	char path[PATH_MAX + 64], session[HS_SESSION_ID_LEN + 1];
	uint64_t until;

	(void)unused;
	for (int spoilt = 0; spoilt < 2; spoilt++) {
		begin(POLICY);
		open_session();
		memcpy(session, w.d.session.id, sizeof session);
		until = w.d.session.held[0]->end;
		path_of(session, "sessions", ".index", path);
		if (spoilt)
			assert_true(keygen_write(path, hs_str_c("boot x\nnonsense\n")));
		else
			assert_int_equal(unlink(path), 0);
		restart();
		assert_int_equal(revokes(w.client, HS_REVOKE_SESSION, session), 1);
		assert_true(got[0].whole && got[0].until == until);
		assert_true(is_listed(session, 1));
		end();
	}
}

// Where one that cannot be read could be the root's, it is.
static void
rule5_by_root_where_the_index_is_damaged(void **unused)
{
	static const struct {
		const char *line; // in place of the grant's
		bool whole;
	} tries[] = {
	    {"grant 1 4000000000 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		false},
	    {"grant 1 4000000000 SHA256:AAAA", true}, {"grant x", true}, {"", true}};
	char path[PATH_MAX + 64], session[HS_SESSION_ID_LEN + 1],
	    root[HS_FINGERPRINT_LEN + 1];
	struct hs_buf data = {0};

	(void)unused;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		begin(POLICY);
		open_session();
		memcpy(session, w.d.session.id, sizeof session);
		memcpy(root, w.d.session.held[0]->fingerprint, sizeof root);
		path_of(session, "sessions", ".index", path);
		restart();
		hs_buf_reset(&data);
		assert_true(keygen_read(path, &data));
		hs_put_u8(&data, 0);
		{
			char *boot = strchr((char *)data.p, '\n');
			struct hs_buf again = {0};

			assert_non_null(boot);
			*boot = '\0';
			hs_put_fmt(&again, "%s\n%s\nend\n", (char *)data.p, tries[i].line);
			assert_true(keygen_write(path, hs_buf_str(&again)));
			hs_buf_free(&again);
		}
		if (tries[i].whole) {
			assert_int_equal(revokes(w.client, HS_REVOKE_ROOT, root), 1);
			assert_true(got[0].whole && is_listed(session, 1));
		} else {
			send_revoke(w.client, HS_REVOKE_ROOT, root);
			world_refused(&w, w.client, HS_EXT_REVOKE, HS_NO_SUCH);
		}
		end();
	}
	hs_buf_free(&data);
}

// A session whose key is gone can be put on no list. It is remembered, what else was named
// is revoked, and whoever asked is told.
static void
rule9_a_session_whose_key_is_gone(void **unused)
{
	static const char *const also[] = {"", ".index"};
	char path[PATH_MAX + 64], first[HS_SESSION_ID_LEN + 1],
	    second[HS_SESSION_ID_LEN + 1];
	struct hs_revlog_of of;
	uint64_t until;

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		begin(POLICY);
		open_session();
		memcpy(first, w.d.session.id, sizeof first);
		until = w.d.session.held[0]->end;
		path_of(first, "sessions", ".key", path);
		restart();
		assert_int_equal(unlink(path), 0);
		path_of(first, "sessions", also[i], path);
		if (i > 0)
			assert_int_equal(unlink(path), 0);
		restart();
		open_session();
		memcpy(second, w.d.session.id, sizeof second);
		for (int again = 0; again < 2; again++) {
			send_revoke(w.client, HS_REVOKE_ALL, "");
			world_refused(&w, w.client, HS_EXT_REVOKE, HS_NO_LIST);
			assert_true(is_listed(second, 1) && !is_listed(first, 1));
			assert_false(w.d.session.open);
		}
		assert_int_equal(hs_revocation_of(w.d.revocation, first, &of), HS_OK);
		assert_true(of.whole);
		free(of.r);
		// which is said of that one alone
		assert_int_equal(revokes(w.client, HS_REVOKE_SESSION, second), 1);
		send_revoke(w.client, HS_REVOKE_SESSION, first);
		world_refused(&w, w.client, HS_EXT_REVOKE, HS_NO_LIST);
		restart();
		send_revoke(w.client, HS_REVOKE_SESSION, first);
		world_refused(&w, w.client, HS_EXT_REVOKE, HS_NO_LIST);
		assert_true(until > 0);
		end();
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule5_a_session_whose_index_is_lost),
	    cmocka_unit_test(rule5_by_root_where_the_index_is_damaged),
	    cmocka_unit_test(rule9_a_session_whose_key_is_gone)};
	int role = world_program(argc, argv);

	if (role >= 0)
		return role;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name(
	    "revoke-lost", tests, world_prepare, world_clear);
}
