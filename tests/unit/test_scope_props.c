// SPDX-License-Identifier: ISC
//
// Properties of scopes over generated ones: canonical text, the relation's laws, and the
// one that everything rests on: where a is under b, b permits what a permits. Prints its
// seed; HS_SEED repeats a run. Single cases are in the other test_scope_*.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/scope.h"

#define ROUNDS	 2000
#define REQUESTS 16 // of a pair, of the kinds in turn
#define POOL	 12

static const char *const names[HS_KEY_COUNT] = {
    "addr", "cap", "cmd", "host", "ns", "open", "permit", "user"};

// Values that cover each other in many ways, and such as only look as if they did.
static const char *const pools[HS_KEY_COUNT][POOL] = {
    {"*", "0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "::/0", "2001:db8::/32",
	"2001:db8::1/128", "10.1.2.2/31"},
    {"*:*", "read:*", "*:a/**", "read:a/**", "read:a/b/**", "read:a/b", "write:a/b",
	"read:a", "*:a/b", "read:ab"},
    {"*", "ls ...", "ls -l ...", "ls", "ls -l", "ls '...'", "'subsystem:sftp'",
	"subsystem:sftp", "subsystem:sftp-write", "'*'", "id 'a b'", "ls ''"},
    {"*", "*.x", "*.b.x", "a.x", "a.b.x", "x", "y", "ax", "*.ax"},
    {"*", "git", "file", "gi"},
    {"*", "db:1", "db:10", "[2001:db8::1]:1", "10.1.2.3:1"},
    {"*", "pty", "port-forwarding", "agent-forwarding", "user-rc", "x11-forwarding"},
    {"*", "u", "v", "u$", "uu"},
};

static const char *const users[] = {"u", "v", "u$", "w"};
static const char *const hosts[] = {"a.x", "a.b.x", "b.x", "x", "y", "a.ax", "A.x"};
static const char *const addrs[] = {
    "10.1.2.3", "10.9.9.9", "11.0.0.1", "2001:db8::1", "2001:db9::1", "::ffff:10.1.2.3"};
static const char *const words[][3] = {{"ls"}, {"ls", "-l"}, {"ls", "-l", "z"},
    {"ls", "..."}, {"subsystem:sftp"}, {"*"}, {"id", "a b"}, {"id"}, {"ls", ""},
    {"reboot"}};
static const char *const opens[] = {"db:1", "db:10", "[2001:db8::1]:1", "db:100"};
static const char *const spaces[] = {"git", "file", "gitx"};
static const char *const caps[] = {
    "read:a", "read:a/b", "read:a/b/c", "write:a/b", "read:ab", "write:z"};

#define PICK(list) (list)[below(sizeof(list) / sizeof(list)[0])]

static uint64_t state;

// splitmix64
static size_t
below(size_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (size_t)((z ^ (z >> 31)) % n);
}

static const char *
any_value(unsigned key)
{
	size_t n = 0;

	while (n < POOL && pools[key][n] != NULL)
		n++;
	return pools[key][below(5) == 0 ? 0 : below(n)]; // the widest comes first
}

static void
put_head(struct hs_buf *b)
{
	static const char *const uses[] = {"*", "1", "7"};

	hs_put_fmt(b, "max-uses %s\n", PICK(uses));
	hs_put_fmt(b, "depth %zu\nmax-ttl %zu\n", below(3), 1 + below(3));
	if (below(2) == 0)
		hs_put_fmt(b, "on-end %s\n", below(4) == 0 ? "kill" : "drain");
}

static void
put_values(struct hs_buf *b, unsigned key, size_t n)
{
	while (n-- > 0)
		hs_put_fmt(b, "%s %s\n", names[key], any_value(key));
}

static void
put_statement(struct hs_buf *b)
{
	bool login = below(5) > 0;

	hs_put_u8(b, '\n');
	for (unsigned key = 0; login && key < HS_KEY_COUNT; key++) {
		bool needed =
		    key == HS_KEY_ADDR || key == HS_KEY_HOST || key == HS_KEY_USER;

		put_values(b, key, needed ? 1 + below(3) : below(3));
	}
	if (login)
		hs_put_fmt(b, "permit port-forwarding\n"); // so that open makes sense
	if (login && below(2) == 0)
		hs_put_fmt(b, "permit pty\n"); // and that there are shells
	put_values(b, HS_KEY_NS, (login ? 0 : 1) + below(2));
	put_values(b, HS_KEY_CAP, below(3));
}

static struct hs_scope *
parse(struct hs_buf *text)
{
	struct hs_scope *s = NULL;
	struct hs_err err;

	if (hs_scope_parse(hs_buf_str(text), &s, &err) != HS_OK)
		fail_msg("%.*s: %u:%u: %s", (int)text->len, text->p, err.line, err.column,
		    err.text);
	hs_buf_free(text);
	return s;
}

static struct hs_scope *
any_scope(void)
{
	struct hs_buf b = {0};

	put_head(&b);
	for (size_t i = 1 + below(3); i > 0; i--)
		put_statement(&b);
	return parse(&b);
}

// A value under v, by chance v itself.
static struct hs_str
narrower_value(enum hs_scope_key key, struct hs_str v)
{
	for (int i = 0; i < 6; i++) {
		struct hs_str w = hs_str_c(any_value(key));

		if (hs_scope_value_under(key, w, v))
			return w;
	}
	return v;
}

static void
put_narrower_statement(struct hs_buf *b, const struct hs_scope *s, size_t st)
{
	hs_put_u8(b, '\n');
	for (unsigned k = 0; k < HS_KEY_COUNT; k++) {
		enum hs_scope_key key = (enum hs_scope_key)k;
		size_t n = hs_scope_values(s, st, key), all = below(n + 1);

		for (size_t i = 0; i < n; i++) {
			struct hs_str v = hs_scope_value(s, st, key, i);

			// of each key the first stays, or what needs it would be a mistake
			if (i > all && key != HS_KEY_PERMIT)
				continue;
			if (key != HS_KEY_PERMIT)
				v = narrower_value(key, v);
			hs_put_fmt(b, "%s %.*s\n", names[k], (int)v.len, v.p);
		}
	}
}

// A scope that is under s: parts of its statements with narrower values.
static struct hs_scope *
narrower(const struct hs_scope *s)
{
	uint64_t uses = hs_scope_max_uses(s);
	struct hs_buf b = {0};

	hs_put_fmt(&b, "max-ttl %zu\n", 1 + below((size_t)hs_scope_max_ttl(s)));
	if (uses == HS_USES_ANY)
		hs_put_fmt(&b, "max-uses *\n");
	else
		hs_put_fmt(&b, "max-uses %zu\n", 1 + below((size_t)uses));
	hs_put_fmt(&b, "depth %zu\n", below(hs_scope_depth(s) + 1));
	if (hs_scope_drains(s) && below(2) == 0)
		hs_put_fmt(&b, "on-end drain\n");
	for (size_t i = 1 + below(3); i > 0; i--)
		put_narrower_statement(&b, s, below(hs_scope_statements(s)));
	return parse(&b);
}

struct any_request {
	struct hs_request req;
	struct hs_str host, words[3];
};

static void
any_request(struct any_request *r, enum hs_request_kind kind)
{
	const char *const *w = PICK(words);

	r->host = hs_str_c(PICK(hosts));
	r->req = (struct hs_request){.kind = kind,
	    .user = hs_str_c(PICK(users)),
	    .hosts = &r->host,
	    .nhosts = below(8) > 0,
	    .addr = hs_str_c(PICK(addrs)),
	    .words = r->words,
	    .write = below(2) == 0,
	    .permit = (enum hs_permit)below(HS_PERMIT_COUNT)};
	while (r->req.nwords < 3 && w[r->req.nwords] != NULL) {
		r->words[r->req.nwords] = hs_str_c(w[r->req.nwords]);
		r->req.nwords++;
	}
	r->req.value = hs_str_c(r->req.kind == HS_REQ_OPEN ? PICK(opens)
				: r->req.kind == HS_REQ_NS ? PICK(spaces)
							   : PICK(caps));
	if (r->req.kind == HS_REQ_LOGIN && below(4) == 0)
		r->req.addr.len = 0;
}

// One of a kind that s permits, if a few throws find it.
static bool
request_near(struct any_request *r, enum hs_request_kind kind, const struct hs_scope *s)
{
	for (int i = 0; i < 400; i++) {
		any_request(r, kind);
		if (hs_scope_permits(s, &r->req, NULL) == HS_OK)
			return true;
	}
	return false;
}

static void
show(const char *what, const struct hs_scope *s)
{
	struct hs_str t = hs_scope_text(s);

	print_error("# %s:\n%.*s", what, (int)t.len, t.p);
}

static bool
same_text(const struct hs_scope *a, const struct hs_scope *b)
{
	return hs_str_eq(hs_scope_text(a), hs_scope_text(b));
}

// Canonical text read again is itself; so is the same scope written backwards, each line
// twice.
static void
canonical_text_is_a_fixed_point(void **unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		struct hs_scope *s = any_scope(), *again = NULL;
		struct hs_buf b = {0};
		struct hs_err err;

		assert_int_equal(
		    hs_scope_parse_canonical(hs_scope_text(s), &again, &err), HS_OK);
		assert_true(same_text(s, again));
		hs_scope_free(&again);
		if (hs_scope_drains(s))
			hs_put_fmt(&b, "on-end drain\n");
		hs_put_fmt(&b, "max-ttl %" PRIu64 "s\ndepth %u\nmax-uses ",
		    hs_scope_max_ttl(s), (unsigned)hs_scope_depth(s));
		if (hs_scope_max_uses(s) == HS_USES_ANY)
			hs_put_fmt(&b, "*\n");
		else
			hs_put_fmt(&b, "%" PRIu64 "\n", hs_scope_max_uses(s));
		for (size_t st = hs_scope_statements(s); st-- > 0;) {
			hs_put_fmt(&b, "\n\n");
			for (unsigned k = HS_KEY_COUNT; k-- > 0;)
				for (size_t i = 2 * hs_scope_values(s, st, k); i-- > 0;) {
					struct hs_str v = hs_scope_value(s, st, k, i / 2);

					hs_put_fmt(
					    &b, "%s %.*s\n", names[k], (int)v.len, v.p);
				}
		}
		again = parse(&b);
		assert_true(same_text(s, again));
		hs_scope_free(&again);
		hs_scope_free(&s);
	}
}

static void
laws_of_the_relation(void **unused)
{
	size_t chains = 0, equal = 0, below_too = 0;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		struct hs_scope *c = any_scope();
		struct hs_scope *b = below(4) > 0 ? narrower(c) : any_scope();
		struct hs_scope *a = below(4) > 0 ? narrower(b) : any_scope();
		bool ab = hs_scope_under(a, b), bc = hs_scope_under(b, c);

		assert_true(hs_scope_under(a, a) && !hs_scope_below(a, a));
		if (ab && bc) {
			chains++;
			assert_true(hs_scope_under(a, c));
		}
		if (ab && hs_scope_under(b, a)) {
			equal++;
			assert_true(same_text(a, b));
		}
		if (hs_scope_below(a, b)) {
			below_too++;
			assert_true(ab && hs_scope_depth(a) < hs_scope_depth(b));
		} else {
			assert_true(!ab || hs_scope_depth(a) == hs_scope_depth(b));
		}
		hs_scope_free(&a);
		hs_scope_free(&b);
		hs_scope_free(&c);
	}
	print_message("# of %d: %zu chains, %zu equal, %zu below\n", ROUNDS, chains, equal,
	    below_too);
	assert_true(chains > ROUNDS / 4 && equal > ROUNDS / 100 && below_too > ROUNDS / 20);
}

// rule 3, the property on which it rests.
static void
rule3_under_never_permits_more(void **unused)
{
	size_t pairs = 0, proper = 0, yes[HS_REQ_CAP + 1] = {0};

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		struct hs_scope *b = any_scope();
		struct hs_scope *a = below(4) > 0 ? narrower(b) : any_scope();
		struct any_request r;

		pairs += hs_scope_under(a, b);
		proper += hs_scope_under(a, b) && !same_text(a, b);
		for (unsigned i = 0; hs_scope_under(a, b) && i < REQUESTS; i++) {
			if (!request_near(
				&r, (enum hs_request_kind)(i % (HS_REQ_CAP + 1)), a))
				continue;
			yes[r.req.kind]++;
			if (hs_scope_permits(b, &r.req, NULL) != HS_OK) {
				show("a", a);
				show("b", b);
				fail_msg("kind %d is permitted by a only", r.req.kind);
			}
		}
		hs_scope_free(&a);
		hs_scope_free(&b);
	}
	print_message("# of %d: %zu pairs under, %zu not equal\n", ROUNDS, pairs, proper);
	assert_true(pairs > ROUNDS / 2 && proper > ROUNDS / 3);
	for (unsigned kind = 0; kind <= HS_REQ_CAP; kind++) {
		print_message("# kind %u: %zu times permitted\n", kind, yes[kind]);
		assert_true(yes[kind] > ROUNDS / 20);
	}
}

// What is filtered for a login is under the whole, and permits the same of that login.
static void
filter_never_widens(void **unused)
{
	size_t kept = 0, permitted = 0;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		struct hs_scope *s = any_scope(), *part = NULL;
		struct any_request r;
		struct hs_err err;
		int login;

		for (int i = 0; i < 8; i++) {
			enum hs_request_kind kind;
			int whole;

			kind = (enum hs_request_kind)below(HS_REQ_NS); // of a login
			if (i % 2 == 0 || !request_near(&r, kind, s))
				any_request(&r, kind);
			whole = hs_scope_permits(s, &r.req, NULL);
			login = hs_scope_filter(s, &r.req, &part, &err);
			assert_int_equal(login == HS_OK, part != NULL);
			if (part == NULL) {
				assert_int_equal(whole, login);
				continue;
			}
			kept++;
			permitted += whole == HS_OK;
			assert_true(hs_scope_under(part, s));
			assert_int_equal(hs_scope_permits(part, &r.req, NULL), whole);
			hs_scope_free(&part);
		}
		hs_scope_free(&s);
	}
	print_message("# %zu kept, %zu permitted\n", kept, permitted);
	assert_true(kept > ROUNDS && permitted > ROUNDS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(canonical_text_is_a_fixed_point),
	    cmocka_unit_test(laws_of_the_relation),
	    cmocka_unit_test(rule3_under_never_permits_more),
	    cmocka_unit_test(filter_never_widens)};
	const char *seed = getenv("HS_SEED");

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (sodium_init() < 0)
		return 1;
	state = seed != NULL
		    ? strtoull(seed, NULL, 0)
		    : ((uint64_t)randombytes_random() << 32 | randombytes_random());
	print_message("# HS_SEED=%" PRIu64 "\n", state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
