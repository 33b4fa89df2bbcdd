// SPDX-License-Identifier: ISC
//
// Direct certificates in the daemon: what a touch makes of an asking for one, what it
// leaves of a session, and what is not handed out. Logins with them are the e2e tests'.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agentd/life.h"
#include "agentd/revocation.h"
#include "agentd/touch.h"
#include "proto/names.h"
#include "tests/lib/world.h"

#define HEAD   "max-ttl 60\nmax-uses *\n\naddr *\ncmd id\n"
#define DIRECT HEAD "host *\nuser deploy\n"
#define CHAIN  HEAD "host web1\nuser deploy\n"

static const char policy[] = "Unplug close\nAgent claude\n    Scope *\n";
static struct world w;
static int watcher;
static char code[4];
static struct hs_rd body;

static void
begin(const char *how)
{
	world_helper(how);
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
}

static void
end(void)
{
	world_end(&w);
	close(watcher);
}

static void
asked(void)
{
	world_request_direct(&w, w.client, DIRECT, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
}

static void
refused(enum hs_code want)
{
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, want);
	world_until(&w, -1);
}

// Of the open session, in the state folder?
static bool
is_there(const char *folder, const char *suffix)
{
	char path[PATH_MAX + 64];

	(void)snprintf(path, sizeof path, "%s/%s/%s%s", w.d.set->state_dir, folder,
	    w.d.session.id, suffix);
	return access(path, F_OK) == 0;
}

static void
given(struct hs_direct *d, struct hs_agent_issued *m)
{
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_issued_get(&body, m), HS_OK);
	assert_int_equal(hs_direct_parse(m->certificate, false, d, NULL), HS_OK);
	assert_int_equal(hs_direct_check_signature(d, NULL), HS_OK);
}

static void
one_touch_one_certificate(void **unused)
{
	struct hs_agent_issued m;
	struct hs_direct d;

	(void)unused;
	begin("sign");
	asked();
	given(&d, &m);
	assert_true(hs_key_eq(&d.cert.key, &world_agent.key));
	assert_true(hs_str_is(d.payload.holder, HS_HOLDER_MAIN));
	assert_true(hs_str_is(hs_scope_text(d.scope), DIRECT));
	assert_true(m.end == d.cert.valid_before && w.d.session.count == 1);
	hs_direct_free(&d);
	// a session without a grant: nothing is endorsed, so there is no list
	assert_true(w.d.session.open && !w.d.session.endorsed);
	assert_true(is_there("sessions", ".index"));
	assert_true(!is_there("sessions", ".key") && !is_there("lists", ".list"));
	world_until(&w, -1);
	end();
}

// The direct one covers nothing; the grant that comes endorses the session's key.
static void
rule1_it_is_no_grant(void **unused)
{
	struct hs_agent_issued m;
	struct hs_delegation c;
	struct hs_direct d;

	(void)unused;
	begin("sign");
	asked();
	given(&d, &m);
	hs_direct_free(&d);
	world_until(&w, -1);
	world_request(&w, w.client, DIRECT, "claude", "to look");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	assert_int_equal(hs_agent_issued_get(&body, &m), HS_OK);
	assert_int_equal(hs_delegation_parse(m.certificate, &c, NULL), HS_OK);
	hs_delegation_free(&c);
	assert_true(w.d.session.endorsed && w.d.session.count == 2);
	assert_true(is_there("sessions", ".key") && is_there("lists", ".list"));
	world_until(&w, -1);
	end();
}

static void
rule1_a_lie_gives_nothing(void **unused)
{
	(void)unused;
	begin("lie");
	asked();
	refused(HS_SK_LIED);
	assert_false(w.d.session.open);
	end();
}

static void
what_cannot_be_enforced(void **unused)
{
	(void)unused;
	begin("sign");
	world_request_direct(&w, w.client, CHAIN, "claude", "to look");
	world_refused(&w, w.client, HS_EXT_REQUEST, HS_NO_UNENFORCEABLE);
	assert_null(w.d.touches);
	end();
}

// What was shown waits, and the policy says Trust chain meanwhile.
static void
the_policy_is_asked_again(void **unused)
{
	static const char chain[] =
	    "Agent claude\n    Scope *\nScope web\n    Trust chain\n    "
	    "MaxTTL 1h\n    MaxUses *\n    User deploy\n    Host "
	    "*\n    Addr *\n    Cmd id\n";

	(void)unused;
	world_helper("wait");
	world_set.show_ms = 1000000;
	world_policy(policy);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	asked();
	world_policy(chain);
	assert_int_equal(hs_daemon_reload(&w.d, &w.got, NULL), HS_OK);
	hs_touch_queue(w.d.touches);
	refused(HS_NO_POLICY);
	assert_false(w.d.session.open);
	end();
}

// The same scope for the same key, but a chain: another asking.
static void
not_joined_with_a_chain(void **unused)
{
	char other[4];
	int sock;

	(void)unused;
	begin("wait");
	sock = world_dial();
	asked();
	world_request(&w, sock, DIRECT, "claude", "to look");
	world_asked(&w, sock, HS_EXT_REQUEST, other);
	assert_string_not_equal(code, other);
	end();
	close(sock);
}

static void
rule4_recorded_before_released(void **unused)
{
	(void)unused;
	begin("wait");
	asked();
	world_until(&w, ARMED);
	atomic_store(&world_log_broken, 1);
	world_touch();
	world_pending(w.client, code, 30);
	world_refused(&w, w.client, HS_EXT_PENDING, HS_NO_RECORD);
	atomic_store(&world_log_broken, 0);
	assert_false(w.d.session.open);
	end();
}

// ---- rule 5: the touch's record holds the certificate whole, so the index has it before

// Of every session, in the state that a daemon after this one would find.
struct noted {
	unsigned n;
	struct hs_indexed last;
};

static int
take_noted(void *arg, const struct hs_indexed *i)
{
	struct noted *x = arg;

	if (i->what == HS_INDEXED_DIRECT) {
		x->n++;
		x->last = *i;
	}
	return HS_OK;
}

static struct noted
noted(enum hs_revindex_state want)
{
	struct noted x = {.n = 0};
	const struct hs_revocation_session *s;
	enum hs_revindex_state state;
	size_t i = 0;

	while ((s = hs_revocation_next(w.d.revocation, 0, &i)) != NULL) {
		assert_int_equal(
		    hs_revocation_read(w.d.revocation, s->id, take_noted, &x, &state, NULL),
		    HS_OK);
		assert_int_equal(state, want);
		assert_true(s->has.direct);
	}
	return x;
}

// Up to where its record is under way.
static uint64_t
touched(void)
{
	begin("wait");
	asked();
	world_until(&w, ARMED);
	atomic_store(&world_log_held, 1);
	world_touch();
	world_until(&w, JUDGED);
	assert_non_null(w.d.touches->held);
	return w.d.touches->held->cert->serial;
}

static void
rule5_noted_before_it_is_recorded(void **unused)
{
	char path[HS_DEVICE_PATH_MAX];
	uint64_t serial = touched();
	struct noted x = noted(HS_REVINDEX_WHOLE);

	(void)unused;
	assert_true(x.n == 1 && x.last.cert_serial == serial && x.last.serial == 1);
	assert_false(w.d.session.open);
	// nothing comes of it but the record
	(void)snprintf(path, sizeof path, "%s", w.d.touches->held->device);
	hs_daemon_device(&w.d, path, false);
	atomic_store(&world_log_held, 0);
	refused(HS_NO_GONE);
	assert_false(w.d.session.open);
	assert_non_null(strstr(world_record("\"event\":\"touch\""), "\"direct\":\""));
	x = noted(HS_REVINDEX_WHOLE);
	assert_true(x.n == 1 && x.last.cert_serial == serial);
	end();
}

static void
rule5_noted_where_no_record_could_be_made(void **unused)
{
	uint64_t serial = touched();

	(void)unused;
	atomic_store(&world_log_broken, 1);
	atomic_store(&world_log_held, 0);
	refused(HS_NO_RECORD);
	atomic_store(&world_log_broken, 0);
	assert_true(noted(HS_REVINDEX_WHOLE).last.cert_serial == serial);
	end();
}

// What cannot be noted is not in the log either.
static void
rule5_not_recorded_where_it_cannot_be_noted(void **unused)
{
	char path[PATH_MAX + 32];

	(void)unused;
	begin("wait");
	asked();
	world_until(&w, ARMED);
	(void)snprintf(path, sizeof path, "%s/sessions", w.d.set->state_dir);
	assert_int_equal(rmdir(path), 0);
	world_touch();
	refused(HS_ERR_IO);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(w.d.session.open);
	assert_string_equal(world_record("\"direct\":\""), "");
	assert_non_null(strstr(world_record("\"event\":\"touch-failed\""), "io-failed"));
	assert_int_equal(noted(HS_REVINDEX_WHOLE).n, 0);
	end();
}

// Who revokes it before it is handed out has it taken back: it is not handed out any more.
static void
rule5_revoked_before_it_is_released(void **unused)
{
	struct hs_revoked r = {.whole = true, .time = 1, .end = UINT64_MAX};
	uint64_t mark;

	(void)unused;
	(void)touched();
	hs_session_id(&w.d.touches->key.pub, r.session);
	assert_int_equal(hs_revocation_take(w.d.revocation, &r, 1, &mark), HS_OK);
	atomic_store(&world_log_held, 0);
	refused(HS_NO_GONE);
	assert_false(w.d.session.open);
	end();
}

// Given out under the number that the index has, once.
static void
rule5_one_number(void **unused)
{
	struct hs_agent_issued m;
	struct hs_direct d;
	uint64_t serial = touched();
	struct noted x;

	(void)unused;
	atomic_store(&world_log_held, 0);
	given(&d, &m);
	x = noted(HS_REVINDEX_WHOLE);
	assert_true(x.n == 1 && x.last.cert_serial == serial && d.cert.serial == serial);
	assert_true(w.d.session.last_serial == x.last.serial);
	hs_direct_free(&d);
	world_until(&w, -1);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_touch_one_certificate),
	    cmocka_unit_test(rule1_it_is_no_grant),
	    cmocka_unit_test(rule1_a_lie_gives_nothing),
	    cmocka_unit_test(what_cannot_be_enforced),
	    cmocka_unit_test(the_policy_is_asked_again),
	    cmocka_unit_test(not_joined_with_a_chain),
	    cmocka_unit_test(rule4_recorded_before_released),
	    cmocka_unit_test(rule5_noted_before_it_is_recorded),
	    cmocka_unit_test(rule5_noted_where_no_record_could_be_made),
	    cmocka_unit_test(rule5_not_recorded_where_it_cannot_be_noted),
	    cmocka_unit_test(rule5_revoked_before_it_is_released),
	    cmocka_unit_test(rule5_one_number)};
	int status = world_program(argc, argv);

	if (status >= 0)
		return status;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, world_prepare, world_clear);
}
