// SPDX-License-Identifier: ISC
//
// The executable's hash in the records: from when it is known, and nothing waits for it.
// The pool has one thread here, and the log's sync can hold that up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agentd/touch.h"
#include "proto/names.h"
#include "proto/text.h"
#include "tests/lib/hashing.h"
#include "tests/lib/world.h"

#define SCOPE "max-ttl 60\nmax-uses *\n\naddr *\nhost web1\nuser deploy\n"
#define OTHER "max-ttl 60\nmax-uses *\n\naddr *\nhost web2\nuser deploy\n"

static const char policy[] = "Agent claude\n    Scope *\n";
static struct world w;
static int watcher, other, holder;
static char code[4], hash[80]; // "exe_sha256":"…
static struct hs_rd body;

static int
prepare(void **state)
{
	struct hs_buf b = {0};
	uint8_t sum[32];

	hashing_sha256("/proc/self/exe", sum);
	hs_put_fmt(&b, "\"exe_sha256\":\"");
	hs_text_put_hex(&b, (struct hs_str){sum, sizeof sum});
	if (hs_str_copy(hs_buf_str(&b), hash, sizeof hash) != HS_OK)
		return -1;
	hs_buf_free(&b);
	return world_prepare(state);
}

static void
settle(void)
{
	for (int i = 0; i < 30; i++)
		world_turn(&w);
}

static void
begin(void)
{
	world_helper("wait");
	world_set.show_ms = world_set.gap_ms = 0;
	world_policy(policy);
	world_begin(&w);
	watcher = world_dial();
	world_watch(&w, watcher);
	other = world_dial();
	holder = world_dial();
	settle();
}

static void
end(void)
{
	world_end(&w);
	close(watcher);
	close(other);
	close(holder);
}

// How many records of that event there are, and how many of them hold all of these too.
static void
records(const char *event, int all, const char *a, int some)
{
	char path[64], line[65536], name[64];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/audit.jsonl", world_dir);
	(void)snprintf(name, sizeof name, "\"event\":\"%s\"", event);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		if (strstr(line, name) == NULL)
			continue;
		all--;
		some -= strstr(line, a) != NULL;
	}
	fclose(f);
	assert_int_equal(all, 0);
	assert_int_equal(some, 0);
}

static void
measured(const struct hs_peer *p)
{
	for (int i = 0; !p->hashed && i < WORLD_DEADLINE_MS; i++)
		world_turn(&w);
	assert_true(p->hashed);
}

static void
from_when_it_is_known(void **unused)
{
	char start[64];

	(void)unused;
	begin();
	world_request(&w, w.client, SCOPE, "claude", "one");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	(void)snprintf(start, sizeof start, ",\"start\":%llu,",
	    (unsigned long long)w.d.touches->peer.start);
	measured(&w.d.touches->peer);
	records("ask", 1, "exe_sha256", 0); // it did not wait
	records("ask", 1, start, 1);
	if (w.d.touches->peer.cgroup[0] != '\0')
		records("ask", 1, ",\"cgroup\":\"/", 1);
	world_until(&w, ARMED);
	world_touch();
	world_pending(w.client, code, 30);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_PENDING, &body), HS_AGENT_DONE);
	records("touch", 1, hash, 1);
	records("issue", 1, hash, 1);
	records("issue", 1, start, 1);
	// another connection of a program that is known: from its first record on
	world_request(&w, other, OTHER, "claude", "two");
	world_asked(&w, other, HS_EXT_REQUEST, code);
	records("ask", 2, hash, 1);
	world_open(other, SCOPE, 600);
	world_refused(&w, other, HS_EXT_OPEN, HS_NO_SESSION_OPEN);
	records("refuse", 1, hash, 1);
	end();
}

static void
for_open_too(void **unused)
{
	(void)unused;
	begin();
	assert_false(w.d.conns->measured);
	world_send(w.client, HS_EXT_STATUS, NULL, NULL, -1);
	assert_int_equal(world_reply(&w, w.client, HS_EXT_STATUS, &body), HS_AGENT_DONE);
	for (struct hs_conn *c = w.d.conns; c != NULL; c = c->next)
		assert_false(c->measured); // who only looks is not
	world_open(w.client, SCOPE, 600);
	world_asked(&w, w.client, HS_EXT_OPEN, code);
	measured(&w.d.touches->peer);
	end();
}

// Holds up the pool by a record whose sync waits.
static void
hold(void)
{
	atomic_store(&world_log_held, 1);
	world_send(holder, HS_EXT_CLOSE, NULL, NULL, -1);
	settle();
}

static struct hs_conn *
conn_that_measures(void)
{
	struct hs_conn *c = w.d.conns;

	while (c != NULL && c->measuring == NULL)
		c = c->next;
	return c;
}

static void
whoever_asked_goes(void **unused)
{
	(void)unused;
	for (int goes_on = 0; goes_on < 2; goes_on++) {
		begin();
		hold();
		world_request(&w, w.client, SCOPE, "claude", "one");
		settle();
		assert_non_null(conn_that_measures());
		close(w.client);
		w.client = -1;
		settle();
		assert_null(conn_that_measures());
		if (goes_on)
			atomic_store(&world_log_held, 0);
		if (goes_on)
			world_until(&w, -1);
		else
			w.d.stopping = true; // the daemon ends meanwhile
		atomic_store(&world_log_held, 0);
		end();
	}
}

// What several connections of one process asked is all the same program's; what another
// process asked is not.
static void
whose_it_is(void **unused)
{
	struct hs_touch *a, *b;

	(void)unused;
	begin();
	hold();
	world_request(&w, w.client, SCOPE, "claude", "one");
	world_request(&w, other, OTHER, "claude", "two");
	settle();
	a = w.d.touches;
	assert_non_null(a);
	b = a->next;
	assert_non_null(b);
	b->peer.start++;
	atomic_store(&world_log_held, 0);
	measured(&a->peer);
	settle();
	assert_false(b->peer.hashed);
	end();
}

static void
no_hash_is_no_refusal(void **unused)
{
	(void)unused;
	begin();
	for (struct hs_conn *c = w.d.conns; c != NULL; c = c->next)
		hs_peer_close(&c->peer);
	world_request(&w, w.client, SCOPE, "claude", "one");
	world_asked(&w, w.client, HS_EXT_REQUEST, code);
	assert_null(conn_that_measures());
	assert_false(w.d.touches->peer.hashed);
	end();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(from_when_it_is_known),
	    cmocka_unit_test(for_open_too), cmocka_unit_test(whoever_asked_goes),
	    cmocka_unit_test(whose_it_is), cmocka_unit_test(no_hash_is_no_refusal)};
	int rc = world_program(argc, argv);

	if (rc >= 0)
		return rc;
	if (setenv("UV_THREADPOOL_SIZE", "1", 1) != 0)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, prepare, world_clear);
}
