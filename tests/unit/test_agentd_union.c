// SPDX-License-Identifier: ISC
//
// rule1, rule3: over sequences of opens, requests, escalations that are granted or not,
// closes, reloads of policies and steps of time, all at random, no certificate ever lies
// outside the grants of its holder. Judged by the chain check and by the scopes of what was
// touched, not by the policy's code. The daemon's parts are the real ones, in this process;
// only the touch is minted. Prints its seed; HS_SEED repeats a run.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/asking.h"
#include "agentd/issue.h"
#include "agentd/judge.h"
#include "proto/chain.h"
#include "proto/names.h"
#include "tests/lib/anyscope.h"
#include "tests/lib/world.h"

#define STEPS	 6000
#define OPEN_TTL 20

// What was touched, as this test remembers it.
struct touched {
	uint64_t serial, end, uses, given;
	char session[HS_SESSION_ID_LEN + 1];
	bool silent;
	struct hs_scope *scope;
	struct touched *next;
};

static struct hs_daemon d;
static struct hs_policyfile policy;
static struct touched *touches;
static struct hs_roots roots;
static struct hs_server_conf server;
static struct hs_mint root;
static struct hs_now now;
static unsigned issued, silent, granted, sessions;

static bool
chance(size_t n)
{
	return anyscope_below(n) == 0;
}

// ---- the judge that is not the daemon

static struct touched *
find(uint64_t serial)
{
	struct touched *t = touches;

	while (t != NULL && t->serial != serial)
		t = t->next;
	return t;
}

// Whatever the certificate permits, its grant's scope permits too.
static void
probe(const struct hs_scope *inner, const struct hs_scope *outer)
{
	for (int i = 0; i < 20; i++) {
		struct anyscope_request r;

		anyscope_request(&r);
		if (hs_scope_permits(inner, &r.req, NULL) == HS_OK)
			assert_int_equal(hs_scope_permits(outer, &r.req, NULL), HS_OK);
	}
}

static void
check(const struct hs_issue *i, bool silently)
{
	const struct hs_chain_input in = {.cert = hs_buf_str(&i->certificate),
	    .roots = &roots,
	    .server = &server,
	    .now = now.wall};
	struct hs_verdict v;
	struct touched *t;

	if (hs_chain_check(&in, &v) != HS_OK)
		fail_msg("%s: %s", i->id, hs_err_sentence(&v.err));
	t = find(v.delegation.grant.cert.serial);
	assert_non_null(t);
	assert_string_equal(t->session, d.session.id);
	assert_true(d.session.open);
	assert_true(hs_scope_under(v.delegation.scope, t->scope));
	probe(v.delegation.scope, t->scope);
	assert_true(v.end <= t->end && now.wall < t->end);
	assert_true(v.delegation.cert.valid_before <= t->end);
	assert_true(!silently || t->silent);
	if (t->uses != HS_USES_ANY) {
		t->given += hs_scope_max_uses(v.delegation.scope);
		assert_true(t->given <= t->uses);
	}
	if (!t->silent) {
		assert_int_equal(t->uses, 1);
		assert_int_equal(t->given, 1);
	}
	hs_verdict_free(&v);
	issued++;
	silent += silently;
}

static void
remember(const struct hs_held *h, bool opened)
{
	struct touched *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->serial = h->grant.cert.serial;
	t->end = h->grant.payload.end;
	t->silent = opened;
	memcpy(t->session, d.session.id, sizeof t->session);
	assert_int_equal(hs_scope_parse(h->grant.payload.scope, &t->scope, NULL), HS_OK);
	t->uses = hs_scope_max_uses(t->scope);
	t->next = touches;
	touches = t;
	granted++;
}

// ---- the touch

static void
drop(struct hs_touch *t)
{
	hs_scope_free(&t->scope);
	hs_wanted_free(&t->wanted);
	hs_enrolled_free(&t->roots);
	hs_buf_free(&t->shown);
	for (size_t i = 0; i < HS_ROOTS_MAX; i++)
		hs_buf_free(&t->bodies[i]);
	hs_keys_wipe(&t->key);
	hs_held_free(&t->held);
	d.touches = NULL;
	free(t);
}

static struct hs_touch *
fresh(void)
{
	struct hs_touch *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->d = &d;
	t->pin_fd = -1;
	d.touches = t;
	return t;
}

// As arming does, and a person who touches, with PIN or not, or whose key lies.
static bool
touch(struct hs_touch *t)
{
	struct hs_helper_answer a = {.op = HS_HELPER_SIGN, .code = HS_OK};
	struct hs_compose_body g = {.scope = t->scope,
	    .holder = HS_HOLDER_MAIN,
	    .shown = hs_buf_str(&t->shown),
	    .valid_after = now.wall - HS_CLOCK_SLACK,
	    .log_seq = 1,
	    .log_head = t->log_head,
	    .policy = policy.policy->digest,
	    .verify = t->verify,
	    .armed = 30};
	struct hs_buf request = {0}, body = {0}, answer = {0};
	uint8_t nonce[32] = {0};
	size_t at;

	if (!t->opening)
		hs_asking_reckon(t, &now);
	if (!d.session.open)
		assert_int_equal(hs_keys_make(&t->key, NULL), HS_OK);
	memcpy(t->session, d.session.id, sizeof t->session);
	memcpy(t->holder, HS_HOLDER_MAIN, sizeof HS_HOLDER_MAIN);
	g.subject = d.session.open ? &d.session.key.pub : &t->key.pub;
	g.end = t->end, g.nonce = nonce;
	randombytes_buf(&g.serial, sizeof g.serial);
	assert_int_equal(hs_compose_request(&g, &t->roots, t->bodies, &request), HS_OK);
	hs_put_raw(&body, t->bodies[0].p, t->bodies[0].len);
	at = body.len + 4;
	assert_int_equal(
	    hs_mint_sign(&root, &body, t->verify && !chance(6) ? 5 : 1, 1), HS_OK);
	if (chance(30))
		body.p[body.len - 1] ^= 1;
	a.signed_.device = hs_str_c("softkey:/key");
	a.signed_.signature = (struct hs_str){body.p + at, body.len - at};
	hs_helper_answer_put(&answer, &a);
	hs_asking_believe(t, hs_buf_str(&answer));
	hs_buf_free(&request);
	hs_buf_free(&body);
	hs_buf_free(&answer);
	return t->held != NULL;
}

// The grant counts from now on.
static struct hs_held *
attach(struct hs_touch *t)
{
	struct hs_held *h = t->held;

	t->held = NULL;
	if (!d.session.open) {
		hs_session_begin(&d.session, &t->key, h, &now);
		sessions++;
	} else if (hs_session_add(&d.session, h) != HS_OK) {
		return NULL;
	}
	remember(h, t->opening);
	return h;
}

// ---- what happens

static void
issue(struct hs_held *h, const struct hs_wanted *w, bool silently)
{
	struct hs_refusal why = {0};
	struct hs_issue i = {0};
	uint8_t nonce[32] = {0};

	if (hs_issue(&d.session, h, w, NULL, &now, nonce, &i, &why) == HS_OK) {
		if (silently && chance(10)) // its record could not be written
			hs_session_unkeep(&d.session, i.serial, i.grant_serial, i.uses);
		else
			check(&i, silently);
	}
	hs_issue_free(&i);
}

static void
open_session(void)
{
	struct hs_scope *s = anyscope();
	const struct hs_agent_open m = {
	    .scope = hs_scope_text(s), .ttl = 1 + anyscope_below(OPEN_TTL)};
	struct hs_touch *t = fresh();
	struct hs_refusal why = {0};

	if (!d.session.open && hs_asking_open(t, &m, &now, &why) == HS_OK && touch(t))
		(void)attach(t);
	drop(t);
	hs_scope_free(&s);
}

// At random, or what was touched for, whole or a part of it.
static struct hs_scope *
wish(void)
{
	const struct hs_session *s = &d.session;
	struct hs_buf b = {0};
	struct hs_scope *out = NULL;
	struct hs_str text;
	const uint8_t *blank;

	if (s->nheld == 0 || chance(3))
		return anyscope();
	text = hs_scope_text(s->held[anyscope_below(s->nheld)]->grant.scope);
	blank = memmem(text.p, text.len, "\n\n", 2);
	assert_non_null(blank);
	hs_put_fmt(
	    &b, "max-ttl %zu\nmax-uses %s\n", 1 + anyscope_below(3), chance(2) ? "1" : "*");
	hs_put_raw(&b, blank + 1, text.len - (size_t)(blank + 1 - text.p));
	if (chance(4))
		hs_put_fmt(&b, "\nns git\n");
	if (hs_scope_parse(hs_buf_str(&b), &out, NULL) != HS_OK)
		out = anyscope();
	hs_buf_free(&b);
	return out;
}

static void
escalate(struct hs_wanted *w, const struct hs_decided *decided)
{
	struct hs_touch *t = fresh();
	struct hs_refusal why = {0};
	struct hs_held *h;

	if (hs_asking_request(t, w, decided, &now, &why) == HS_OK && !chance(4) &&
	    touch(t) && (h = attach(t)) != NULL)
		issue(h, &t->wanted, false);
	drop(t);
}

static void
request(void)
{
	static const char *const agents[] = {"x", "y", "unknown"};
	struct hs_wanted w = {.key = world_agent.key, .scope = wish()};
	const struct hs_judge_ask ask = {.scope = w.scope,
	    .agent = w.agent,
	    .peer = &(const struct hs_peer){.pidfd = -1},
	    .reasoned = !chance(8),
	    .again = true};
	struct hs_decided decided = {0};

	(void)hs_str_copy(hs_str_c(agents[anyscope_below(3)]), w.agent, sizeof w.agent);
	if (hs_judge(&d, &ask, &now, &decided) == HS_DECIDE_ISSUE)
		issue(d.session.held[decided.grant], &w, true);
	else if (decided.what == HS_DECIDE_ASK)
		escalate(&w, &decided);
	hs_decided_free(&decided);
	hs_wanted_free(&w);
}

static void
reload(void)
{
	struct hs_policy *p = calloc(1, sizeof *p);
	struct hs_buf b = {0};

	assert_non_null(p);
	if (chance(2))
		hs_put_fmt(&b, "Deny host %s\n", chance(2) ? "a.x" : "y");
	hs_put_fmt(&b,
	    "MainSocket %s\nEscalate %s\nSession\n    MaxTTL %zus\n    Idle %s\n",
	    chance(6) ? "ask" : "grant", chance(8) ? "deny" : "ask",
	    1 + anyscope_below(OPEN_TTL), chance(3) ? "5s" : "none");
	if (chance(6))
		hs_put_fmt(&b, "    Verify pin\n");
	if (chance(3))
		hs_put_fmt(&b, "Scope a\n    MaxTTL 9\n    MaxUses *\n    Touch always\n"
			       "    User u\n    Host a.x\n    Addr *\n    Cmd ls\n");
	hs_put_fmt(&b, "Agent x\n    Scope *\nAgent unknown\n    Scope *\n");
	if (chance(8))
		hs_policy_none(p);
	else
		assert_int_equal(
		    hs_policy_parse(hs_buf_str(&b), false, p, NULL, NULL), HS_OK);
	hs_policy_free(policy.policy);
	free(policy.policy);
	policy.policy = p;
	hs_buf_free(&b);
}

// Either clock may go further than the other, and the wall clock back.
static void
step(void)
{
	uint64_t ms = anyscope_below(1500);

	now.boot_ms += ms;
	now.wall_ms += chance(50) ? 4000 : ms;
	if (chance(50))
		now.wall_ms -= 3000;
	now.wall = now.wall_ms / 1000;
	if (hs_session_over(&d.session, &now, policy.policy->idle * 1000))
		hs_session_end(&d.session);
}

static void
rule1_no_certificate_outside_its_holders_grants(void **state)
{
	(void)state;
	hs_clock_read(&now);
	now.wall_ms += 10000; // ahead of the true clock, which believing looks at
	now.boot_ms += 10000;
	reload();
	for (unsigned i = 0; i < STEPS; i++) {
		size_t what = anyscope_below(20);

		if (what == 0)
			hs_session_end(&d.session);
		else if (what == 1)
			reload();
		else if (what < 4 || (!d.session.open && !chance(4)))
			open_session();
		else if (what < 10)
			step();
		else
			request();
		if (hs_session_over(&d.session, &now, 0)) // as before each request
			hs_session_end(&d.session);
	}
	printf("# %u certificates, %u of them silently, under %u touches in %u sessions\n",
	    issued, silent, granted, sessions);
	assert_true(silent > STEPS / 100 && issued > silent + STEPS / 100 &&
		    sessions > STEPS / 200);
	hs_session_end(&d.session);
}

// ---- around it

static int
prepare(void **state)
{
	static char force[] = "SSH_ASKPASS_REQUIRE=force",
		    ask[] = "HANDSEAL_ASKPASS=/bin/true";
	char *const env[] = {force, ask, NULL};
	char path[PATH_MAX];
	struct hs_buf text = {0};
	int fd;

	if (world_prepare(state) != 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s/secret", world_dir);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &root, sizeof root) != (ssize_t)sizeof root)
		return -1;
	close(fd);
	assert_int_equal(hs_policyfile_init(&policy, "/none", "/none"), HS_OK);
	d.set = &world_set;
	d.policy = &policy;
	d.loop = uv_default_loop();
	d.prompt = hs_prompt_new(d.loop, env);
	assert_non_null(d.prompt);
	hs_put_fmt(&text, "users=\"*\" ");
	hs_key_put_line(&text, &root.key);
	hs_put_fmt(&text, " blue\n");
	assert_int_equal(hs_roots_parse(hs_buf_str(&text), &roots, NULL, NULL), HS_OK);
	assert_int_equal(
	    hs_server_conf_parse(hs_str_c("HostName a.x\n"), &server, NULL), HS_OK);
	hs_buf_free(&text);
	return roots.n == 1 ? 0 : -1;
}

static int
clear(void **state)
{
	struct touched *t;

	while ((t = touches) != NULL) {
		touches = t->next;
		hs_scope_free(&t->scope);
		free(t);
	}
	hs_roots_free(&roots);
	hs_prompt_free(&d.prompt);
	hs_policyfile_free(&policy);
	(void)uv_loop_close(d.loop);
	return world_clear(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule1_no_certificate_outside_its_holders_grants)};

	anyscope_seed();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, prepare, clear);
}
