// SPDX-License-Identifier: ISC
//
// Scopes and requests at random. Contract in anyscope.h.
#include "tests/lib/anyscope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POOL 10

static const char *const names[HS_KEY_COUNT] = {
    "addr", "cap", "cmd", "host", "ns", "open", "permit", "user"};

static const char *const pools[HS_KEY_COUNT][POOL] = {
    {"*", "0.0.0.0/0", "10.0.0.0/8", "10.1.2.3/32", "::/0", "2001:db8::/32"},
    {"*:*", "read:*", "*:a/**", "read:a/**", "read:a/b/**", "read:a/b", "write:a/b",
	"*:a/b"},
    {"*", "ls ...", "ls -l ...", "ls", "ls -l", "ls '...'", "subsystem:sftp",
	"subsystem:sftp-write", "'*'", "id"},
    {"*", "*.x", "*.b.x", "a.x", "a.b.x", "y", "*.ax"},
    {"*", "git", "file"},
    {"*", "db:1", "db:10", "[2001:db8::1]:1"},
    {"*", "pty", "port-forwarding", "user-rc"},
    {"*", "u", "v", "root"},
};

static const char *const users[] = {"u", "v", "root"};
static const char *const hosts[] = {"a.x", "a.b.x", "b.x", "y", "a.ax"};
static const char *const addrs[] = {"10.1.2.3", "10.9.9.9", "11.0.0.1", "2001:db8::1"};
static const char *const words[][3] = {
    {"ls"}, {"ls", "-l"}, {"ls", "-l", "z"}, {"ls", "..."}, {"*"}, {"id"}};
static const char *const opens[] = {"db:1", "db:10", "[2001:db8::1]:1"};
static const char *const spaces[] = {"git", "file"};
static const char *const caps[] = {"read:a", "read:a/b", "read:a/b/c", "write:a/b"};

#define PICK(list) (list)[anyscope_below(sizeof(list) / sizeof(list)[0])]

static uint64_t state;

void
anyscope_seed(void)
{
	const char *text = getenv("HS_SEED");

	state = text != NULL ? strtoull(text, NULL, 0) : (uint64_t)time(NULL);
	printf("# HS_SEED=%" PRIu64 "\n", state);
}

// splitmix64
size_t
anyscope_below(size_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (size_t)((z ^ (z >> 31)) % n);
}

const char *
anyscope_value(enum hs_scope_key key)
{
	size_t n = 0;

	while (n < POOL && pools[key][n] != NULL)
		n++;
	return pools[key][anyscope_below(n)];
}

static void
put_values(struct hs_buf *b, enum hs_scope_key key, size_t n)
{
	while (n-- > 0)
		hs_put_fmt(b, "%s %s\n", names[key], anyscope_value(key));
}

static void
put_statement(struct hs_buf *b)
{
	bool login = anyscope_below(4) > 0;

	hs_put_u8(b, '\n');
	for (unsigned key = 0; login && key < HS_KEY_COUNT; key++) {
		bool needed =
		    key == HS_KEY_ADDR || key == HS_KEY_HOST || key == HS_KEY_USER;

		if (key == HS_KEY_NS || key == HS_KEY_CAP)
			continue;
		put_values(b, (enum hs_scope_key)key,
		    (needed ? 1 : anyscope_below(2)) + (anyscope_below(4) == 0));
	}
	if (login)
		hs_put_fmt(b, "permit port-forwarding\n"); // so that open makes sense
	put_values(b, HS_KEY_NS, login ? 0 : 1);
	put_values(b, HS_KEY_CAP, anyscope_below(2));
}

void
anyscope_put(struct hs_buf *b)
{
	static const char *const uses[] = {"*", "*", "1", "3"};

	hs_put_fmt(b, "max-uses %s\n", PICK(uses));
	hs_put_fmt(b, "depth %zu\nmax-ttl %zu\n", anyscope_below(2), 1 + anyscope_below(3));
	if (anyscope_below(3) == 0)
		hs_put_fmt(b, "on-end drain\n");
	for (size_t i = 1 + anyscope_below(3); i > 0; i--)
		put_statement(b);
}

struct hs_scope *
anyscope(void)
{
	struct hs_scope *s = NULL;
	struct hs_buf b = {0};
	struct hs_err err = {0};

	anyscope_put(&b);
	if (hs_scope_parse(hs_buf_str(&b), &s, &err) != HS_OK) {
		printf("# %.*s\n# %u:%u: %s\n", (int)b.len, (const char *)b.p, err.line,
		    err.column, err.text);
		abort();
	}
	hs_buf_free(&b);
	return s;
}

void
anyscope_request(struct anyscope_request *r)
{
	const char *const *w = words[anyscope_below(sizeof(words) / sizeof(words[0]))];

	memset(r, 0, sizeof(*r));
	r->host = hs_str_c(PICK(hosts));
	r->req.kind = (enum hs_request_kind)(1 + anyscope_below(HS_REQ_CAP));
	r->req.user = hs_str_c(PICK(users));
	r->req.hosts = &r->host;
	r->req.nhosts = 1;
	r->req.addr = hs_str_c(PICK(addrs));
	for (size_t i = 0; i < 3 && w[i] != NULL; i++)
		r->words[r->req.nwords++] = hs_str_c(w[i]);
	r->req.words = r->words;
	r->req.write = anyscope_below(2) == 0;
	r->req.permit = (enum hs_permit)anyscope_below(HS_PERMIT_COUNT);
	if (r->req.kind == HS_REQ_OPEN)
		r->req.value = hs_str_c(PICK(opens));
	else
		r->req.value =
		    hs_str_c(r->req.kind == HS_REQ_NS ? PICK(spaces) : PICK(caps));
}
