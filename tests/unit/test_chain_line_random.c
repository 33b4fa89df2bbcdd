// SPDX-License-Identifier: ISC
//
// Goal of this test, over generated scopes: whatever the printed line lets a client do, the
// scope permits for that client's address (rule2, rule3). The line is read here as sshd
// reads it, apart from the code that wrote it. HS_SEED repeats a run.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "proto/chain.h"
#include "proto/text.h"

#define ROUNDS 4000

static uint64_t state_of_rng;

static unsigned
below(unsigned n)
{
	uint64_t z = state_of_rng += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ (z >> 31)) % n);
}

static const char *const addrs[] = {
    "*", "192.0.2.0/24", "192.0.2.7/32", "198.51.100.0/24", "0.0.0.0/0", "2001:db8::/32"};
static const char *const cmds[] = {"*", "id", "top ...", "subsystem:sftp"};
static const char *const permits[] = {
    "*", "agent-forwarding", "port-forwarding", "pty", "user-rc", "x11-forwarding"};
static const char *const opens[] = {"*", "a:1", "b:2", "[::1]:80", "192.0.2.1:65535"};
static const char *const clients[] = {
    "192.0.2.7", "192.0.2.8", "198.51.100.1", "203.0.113.1", "2001:db8::1", "2001:db9::1"};

static void
put_some(
    struct hs_buf *b, const char *key, const char *const *v, unsigned n, unsigned least)
{
	unsigned count = least + below(3);

	// `*` seldom: it ends what is to be tested
	for (unsigned i = 0; i < count; i++)
		hs_put_fmt(b, "%s %s\n", key, v[below(3) == 0 ? 0 : below(n)]);
}

static struct hs_scope *
make_scope(void)
{
	struct hs_scope *s = NULL;
	struct hs_buf b = {0};
	struct hs_err err = {0};

	hs_put_fmt(&b, "max-ttl 900\nmax-uses *\n");
	for (unsigned st = 1 + below(3); st > 0; st--) {
		bool ports = below(2) == 0;

		hs_put_fmt(&b, "\nuser deploy\nhost web\n");
		put_some(&b, "addr", addrs, 6, 1);
		put_some(&b, "cmd", cmds, 4, 0);
		put_some(&b, "permit", permits, 6, 0);
		if (ports) {
			hs_put_fmt(&b, "permit port-forwarding\n");
			put_some(&b, "open", opens, 5, 0);
		}
	}
	if (hs_scope_parse(hs_buf_str(&b), &s, &err) != HS_OK)
		fail_msg("%.*s%s", (int)b.len, (char *)b.p, hs_err_sentence(&err));
	hs_buf_free(&b);
	return s;
}

// ---- the line, as sshd reads it

struct read_line {
	bool from, command, ports, listen, flags[HS_PERMIT_COUNT];
	char blocks[32][64];
	unsigned nblocks;
	char places[32][64];
	unsigned nplaces;
};

static void
keep(char out[static 64], const char *p, size_t len)
{
	assert_true(len < 64);
	memcpy(out, p, len);
	out[len] = '\0';
}

static void
read_value(
    struct read_line *r, const char *name, size_t len, const char *value, size_t vlen)
{
	struct hs_str n = {(const uint8_t *)name, len};

	if (hs_str_is(n, "from")) {
		assert_false(r->from);
		r->from = true;
		while (vlen > 0) {
			size_t part = strcspn(value, ",\"");

			keep(r->blocks[r->nblocks++], value, part);
			value += part + (part < vlen);
			vlen -= part + (part < vlen);
		}
	} else if (hs_str_is(n, "permitopen")) {
		keep(r->places[r->nplaces++], value, vlen);
	} else if (hs_str_is(n, "permitlisten")) {
		// no lower-case text that a client sends can match it
		assert_int_equal(strspn(value, "NOWHERE"), 7);
		r->listen = true;
	} else if (hs_str_is(n, "command")) {
		assert_false(r->command);
		r->command = true;
	} else if (!hs_str_is(n, "principals")) {
		fail_msg("%.*s=", (int)len, name);
	}
}

static void
read_flag(struct read_line *r, const char *name, size_t len)
{
	struct hs_str n = {(const uint8_t *)name, len};

	for (unsigned p = 0; p < HS_PERMIT_COUNT; p++)
		if (hs_str_is(n, hs_permit_name((enum hs_permit)p))) {
			r->flags[p] = true;
			return;
		}
	if (!hs_str_is(n, "restrict") && !hs_str_is(n, "cert-authority"))
		fail_msg("%.*s", (int)len, name);
}

static void
read_options(struct read_line *r, const char *line)
{
	assert_memory_equal(line, "restrict,cert-authority,principals=\":handseal\"", 46);
	for (const char *c = line; *c != ' '; c += *c == ',') {
		size_t len = strcspn(c, ",= \"\n");

		assert_true(c[len] == '=' || c[len] == ',' || c[len] == ' ');
		if (c[len] == '=') {
			const char *value = c + len + 2;
			size_t vlen = strcspn(value, "\"");

			assert_true(value[-1] == '"' && value[vlen] == '"');
			read_value(r, c, len, value, vlen);
			c = value + vlen + 1;
		} else {
			read_flag(r, c, len);
			c += len;
		}
	}
}

// ---- what a client can do, against what the scope says

static bool
lets_in(const struct read_line *r, const char *client)
{
	char block[64];

	for (unsigned i = 0; i < r->nblocks; i++) {
		snprintf(block, sizeof block, "%s/%u", client,
		    strchr(client, ':') != NULL ? 128u : 32u);
		if (hs_scope_value_under(
			HS_KEY_ADDR, hs_str_c(block), hs_str_c(r->blocks[i])))
			return true;
	}
	return !r->from;
}

static void
holds(const struct hs_scope *s, struct hs_request req, const char *what, const char *line)
{
	const struct hs_str host = hs_str_c("web");

	req.user = hs_str_c("deploy");
	req.hosts = &host;
	req.nhosts = 1;
	if (hs_scope_permits(s, &req, NULL) != HS_OK)
		fail_msg("%s from %.*s:\n%.*s%s", what, (int)req.addr.len, req.addr.p,
		    (int)hs_scope_text(s).len, hs_scope_text(s).p, line);
}

static void
check_client(const struct hs_scope *s, const struct read_line *r, const char *client,
    const char *line)
{
	struct hs_request req = {.kind = HS_REQ_LOGIN, .addr = hs_str_c(client)};

	holds(s, req, "login", line);
	if (!r->command) {
		req.kind = HS_REQ_SHELL;
		holds(s, req, "shell", line);
	}
	for (unsigned p = 0; p < HS_PERMIT_COUNT; p++) {
		req.kind = HS_REQ_PERMIT;
		req.permit = (enum hs_permit)p;
		// of a terminal handseal-shell asks again
		if (r->flags[p] && (p != HS_PERMIT_PTY || !r->command))
			holds(s, req, hs_permit_name(req.permit), line);
	}
	for (unsigned i = 0; i < r->nplaces; i++) {
		req.kind = HS_REQ_OPEN;
		req.value = hs_str_c(
		    strcmp(r->places[i], "*:*") == 0 ? "anywhere.example:9" : r->places[i]);
		holds(s, req, "open", line);
	}
}

static void
check_line(const struct hs_scope *s, bool port_forwarding, const char *line)
{
	struct read_line r = {0};

	read_options(&r, line);
	// port forwarding without a list of places would lead anywhere
	assert_true(r.flags[HS_PERMIT_PORT] == (r.nplaces > 0));
	assert_true(r.flags[HS_PERMIT_PORT] == r.listen);
	assert_true(port_forwarding || !r.flags[HS_PERMIT_PORT]);
	for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++)
		if (lets_in(&r, clients[i]))
			check_client(s, &r, clients[i], line);
}

static void
rule3_no_more_than_the_scope(void **state)
{
	const char *seed = getenv("HS_SEED");
	struct hs_root root = {0};
	static struct hs_verdict v;

	(void)state;
	state_of_rng = seed != NULL ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
	print_message("# HS_SEED=%" PRIu64 "\n", state_of_rng);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct hs_server_conf server = {.port_forwarding = below(4) != 0};
		struct hs_buf b = {0};
		struct hs_err err = {0};

		v.root = &root;
		v.effective = make_scope();
		v.delegation.grant.cert.key = (struct hs_key){.publen = 32};
		v.delegation.cert.key_id = hs_str_c("id");
		if (hs_chain_put_line(&b, &v, &server, "/s", &err) != HS_OK)
			fail_msg("%s", hs_err_sentence(&err));
		hs_put_u8(&b, 0);
		check_line(v.effective, server.port_forwarding, (char *)b.p);
		hs_buf_free(&b);
		hs_scope_free(&v.effective);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rule3_no_more_than_the_scope),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
